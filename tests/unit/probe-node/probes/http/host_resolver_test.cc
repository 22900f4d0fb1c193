#include "probe-node/probes/http/host_resolver.h"

#include <gtest/gtest.h>

#include "probe-node/engine/icmp_governor.h"
#include "tests/support/dns_message.h"
#include "tests/support/fake_socket_ops.h"
#include "tests/support/manual_event_loop.h"
#include "tests/support/temp_file.h"

namespace probemesh::node {
namespace {

using Family = IpAddress::Family;

class HostResolverTest : public ::testing::Test {
 protected:
  HostResolverTest() {
    context_.hosts_file = hosts_.path();
    context_.resolv_conf = resolv_conf_.path();
    sockets_.set_network([this](const FakeSocketOps::Packet& query) {
      const auto response = answer_(DnsQueryType(query.payload));
      if (!response) return;
      ReceivedDatagram datagram;
      datagram.payload = AnswerDnsQuery(query.payload, *response);
      datagram.from = query.to;
      sockets_.Deliver(query.fd, absl::Milliseconds(20), datagram);
    });
  }

  HostResolver::Result Resolve(const std::string& host, Family preferred = Family::kV4) {
    std::optional<HostResolver::Result> result;
    HostResolver resolver(context_, host, preferred, loop_.clock().Monotonic() + absl::Seconds(2),
                          [&](HostResolver::Result got) { result = std::move(got); });
    resolver.Start();
    EXPECT_FALSE(result.has_value());
    loop_.AdvanceUntil([&] { return result.has_value(); }, absl::Seconds(5));
    EXPECT_TRUE(result.has_value());
    return result.value_or(HostResolver::Result());
  }

  const TempFile hosts_{"192.0.2.80 listed.example\n"};
  const TempFile resolv_conf_{"nameserver 192.0.2.53\n"};
  ManualEventLoop loop_;
  FakeSocketOps sockets_{loop_};
  SeededRandom random_{1};
  IcmpGovernor governor_{loop_.clock()};
  ProbeContext context_{loop_, sockets_, random_, governor_,
                        [](const IpAddress&, uint16_t) { return absl::OkStatus(); }};
  std::function<std::optional<DnsTestResponse>(uint16_t type)> answer_ = [](uint16_t) {
    return std::optional<DnsTestResponse>();
  };
};

TEST_F(HostResolverTest, LiteralsAndTheHostsFileNeedNoServer) {
  EXPECT_EQ(Resolve("2001:db8::1").address->ToString(), "2001:db8::1");
  EXPECT_EQ(Resolve("listed.example").address->ToString(), "192.0.2.80");
  EXPECT_EQ(Resolve("listed.example", Family::kV6).address->ToString(), "192.0.2.80");
  EXPECT_EQ(sockets_.packets().size(), 0u);
}

TEST_F(HostResolverTest, AsksForTheOtherFamilyWhenTheFirstHasNothing) {
  answer_ = [](uint16_t type) {
    DnsTestResponse response;
    if (type == 1) response.answers = {DnsTestRecord()};
    return response;
  };
  EXPECT_EQ(Resolve("other.example", Family::kV6).address->ToString(), "192.0.2.7");
  EXPECT_EQ(sockets_.packets().size(), 2u);
}

TEST_F(HostResolverTest, SaysWhyThereIsNoAddress) {
  answer_ = [](uint16_t) { return DnsTestResponse{.rcode = 3}; };
  const HostResolver::Result nowhere = Resolve("nowhere.example");
  EXPECT_FALSE(nowhere.address.has_value());
  EXPECT_EQ(nowhere.outcome, v1::BAD_ANSWER);
  answer_ = [](uint16_t) { return std::nullopt; };
  EXPECT_EQ(Resolve("silent.example").outcome, v1::SILENT);
  EXPECT_EQ(Resolve("no..name").outcome, v1::BAD_ANSWER);
}

}  // namespace
}  // namespace probemesh::node
