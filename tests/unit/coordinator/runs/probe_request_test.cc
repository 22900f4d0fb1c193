#include "coordinator/runs/probe_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "common/base/proto_time.h"
#include "coordinator/runs/limits.h"

namespace probemesh::coordinator {
namespace {

v1::CreateProbeRunRequest Tcp(const std::string& host, uint32_t port) {
  v1::CreateProbeRunRequest request;
  request.set_host(host);
  request.mutable_spec()->set_port(port);
  request.mutable_spec()->mutable_tcp();
  return request;
}

TEST(ProbeRequestTest, FillsInWhatIsLeftOut) {
  const absl::StatusOr<ProbeRequest> tcp = CheckProbeRequest(Tcp("Example.com:8080", 0));
  ASSERT_TRUE(tcp.ok()) << tcp.status();
  EXPECT_EQ(tcp->host, "example.com");
  EXPECT_TRUE(tcp->is_name);
  EXPECT_EQ(tcp->spec.port(), 8080u);
  EXPECT_EQ(tcp->spec.role(), v1::SERVICE);
  EXPECT_EQ(FromProto(tcp->spec.timeout()), absl::Seconds(5));

  const absl::StatusOr<ProbeRequest> literal = CheckProbeRequest(Tcp("2001:DB8::1", 22));
  ASSERT_TRUE(literal.ok());
  EXPECT_EQ(literal->spec.address(), "2001:db8::1");
  EXPECT_EQ(literal->family, v1::IPV6);

  v1::CreateProbeRunRequest ping;
  ping.set_host("example.com");
  ping.mutable_spec()->mutable_icmp()->set_count(20);
  EXPECT_EQ(FromProto(CheckProbeRequest(ping)->spec.timeout()), absl::Seconds(22));
  ping.mutable_spec()->mutable_icmp()->set_count(4000000000u);
  EXPECT_EQ(FromProto(CheckProbeRequest(ping)->spec.timeout()), absl::Seconds(60));

  v1::CreateProbeRunRequest http;
  http.mutable_spec()->mutable_http()->set_url("https://example.com/x");
  EXPECT_EQ(CheckProbeRequest(http)->host, "example.com");
  EXPECT_EQ(CheckProbeRequest(http)->spec.port(), 443u);
}

// It goes to every vantage, through bounded queues, and comes back with every result.
TEST(ProbeRequestTest, TheSpecIsOfBearableSize) {
  v1::CreateProbeRunRequest request = Tcp("example.com", 443);
  request.mutable_spec()->mutable_tls()->set_ca_pem(std::string(kMaxProbeSpecOctets / 2, 'x'));
  EXPECT_TRUE(CheckProbeRequest(request).ok());
  request.mutable_spec()->mutable_tls()->set_ca_pem(std::string(kMaxProbeSpecOctets, 'x'));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckProbeRequest(request).status()));
}

TEST(ProbeRequestTest, SaysWhatIsWrong) {
  struct Case {
    const char* why;
    std::function<void(v1::CreateProbeRunRequest&)> spoil;
  };
  const Case cases[] = {
      {"which probe", [](auto& r) { r.mutable_spec()->clear_kind(); }},
      {"needs a port", [](auto& r) { r.mutable_spec()->set_port(0); }},
      {"1 to 65535", [](auto& r) { r.mutable_spec()->set_port(70000); }},
      {"name or address is needed", [](auto& r) { r.clear_host(); }},
      {"not a URL", [](auto& r) { r.set_host("https://example.com/"); }},
      {"leave it empty", [](auto& r) { r.mutable_spec()->set_address("192.0.2.9"); }},
      {"at most 60 s",
       [](auto& r) { *r.mutable_spec()->mutable_timeout() = ToProto(absl::Seconds(61)); }},
      {"at most 60 s",
       [](auto& r) { *r.mutable_spec()->mutable_timeout() = ToProto(-absl::Seconds(1)); }},
      {"at most 50", [](auto& r) { r.set_limit(51); }},
      {"is an IPv4 address", [](auto& r) { r.set_family(v1::IPV6); }},
      {"selector", [](auto& r) { r.set_from("a,,b"); }},
      {"absolute", [](auto& r) { r.mutable_spec()->mutable_http()->set_url("/x"); }},
  };
  for (const Case& bad : cases) {
    v1::CreateProbeRunRequest request = Tcp("192.0.2.10", 443);
    bad.spoil(request);
    const absl::Status status = CheckProbeRequest(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad.why;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(bad.why));
  }
}

}  // namespace
}  // namespace probemesh::coordinator
