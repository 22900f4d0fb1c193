#include "coordinator/planner/answer.h"

#include <gtest/gtest.h>

#include "coordinator/planner/probe_specs.h"

namespace probemesh::coordinator {
namespace {

const IpAddress kAddress = IpAddress::V4({192, 0, 2, 1});

v1::Observation With(v1::Outcome outcome, v1::Stage stage = v1::STAGE_UNSPECIFIED) {
  v1::Observation observation;
  observation.set_outcome(outcome);
  observation.set_failed_stage(stage);
  return observation;
}

v1::Observation ErrorFrom(const std::string& offender, uint32_t type, v1::AddressFamily family) {
  v1::Observation observation = With(v1::ICMP_ERROR);
  v1::IcmpError& error = *observation.add_exchanges()->mutable_icmp_error();
  error.set_type(type);
  error.set_family(family);
  error.set_offender(offender);
  return observation;
}

TEST(AnswerTest, ReadsServiceProbes) {
  const v1::ProbeSpec tcp = TcpSpec(v1::SERVICE, kAddress, 443, absl::Seconds(1));
  v1::Target target;
  target.set_scheme(v1::Target::HTTPS);
  target.set_host("192.0.2.1");
  const v1::ProbeSpec http = HttpSpec(target, kAddress, absl::Seconds(1));
  EXPECT_EQ(ReadAnswer(tcp, With(v1::ANSWERED), v1::Target::TCP), Answer::kMet);
  EXPECT_EQ(ReadAnswer(tcp, With(v1::ANSWERED), v1::Target::HTTPS), Answer::kConnected);
  EXPECT_EQ(ReadAnswer(http, With(v1::ANSWERED), v1::Target::HTTPS), Answer::kMet);
  EXPECT_EQ(ReadAnswer(http, With(v1::BAD_ANSWER), v1::Target::HTTPS), Answer::kBroken);
  EXPECT_EQ(ReadAnswer(http, With(v1::RESET), v1::Target::HTTPS), Answer::kBroken);
  EXPECT_EQ(ReadAnswer(http, With(v1::SILENT, v1::CONNECT), v1::Target::HTTPS), Answer::kSilent);
  EXPECT_EQ(ReadAnswer(http, With(v1::SILENT, v1::RESPONSE), v1::Target::HTTPS), Answer::kHung);
  EXPECT_EQ(ReadAnswer(tcp, With(v1::REFUSED), v1::Target::TCP), Answer::kRefused);
  EXPECT_EQ(ReadAnswer(tcp, With(v1::ICMP_ERROR), v1::Target::TCP), Answer::kRejected);
  EXPECT_EQ(ReadAnswer(tcp, With(v1::LOCAL_ERROR), v1::Target::TCP), Answer::kNotLooked);
  EXPECT_EQ(ReadAnswer(tcp, With(v1::CANCELLED), v1::Target::TCP), Answer::kNotLooked);
  EXPECT_EQ(ReadAnswer(tcp, With(static_cast<v1::Outcome>(99)), v1::Target::TCP),
            Answer::kNotLooked);
}

TEST(AnswerTest, OnlyTheTargetsOwnPortUnreachableShowsLife) {
  const v1::ProbeSpec udp = ClosedPortSpec(kAddress, 0, absl::Seconds(1));
  EXPECT_TRUE(ShowsLife(udp, ErrorFrom("192.0.2.1", 3, v1::IPV4)));
  EXPECT_FALSE(ShowsLife(udp, ErrorFrom("198.51.100.1", 3, v1::IPV4)));
  EXPECT_FALSE(ShowsLife(udp, ErrorFrom("nonsense", 3, v1::IPV4)));
  EXPECT_TRUE(ShowsLife(TcpSpec(v1::CONTRAST, kAddress, 80, absl::Seconds(1)), With(v1::REFUSED)));
  EXPECT_FALSE(ShowsLife(udp, With(v1::SILENT)));
}

TEST(AnswerTest, TimeExceededAtFullTtlIsALoop) {
  EXPECT_TRUE(ShowsLoop(ErrorFrom("198.51.100.1", 11, v1::IPV4)));
  EXPECT_TRUE(ShowsLoop(ErrorFrom("2001:db8::1", 3, v1::IPV6)));
  EXPECT_FALSE(ShowsLoop(ErrorFrom("198.51.100.1", 3, v1::IPV4)));
  v1::Observation limited = ErrorFrom("198.51.100.1", 11, v1::IPV4);
  limited.mutable_exchanges(0)->set_ttl_sent(3);
  EXPECT_FALSE(ShowsLoop(limited));
}

TEST(AnswerTest, DistanceComesFromTheReplysTtl) {
  const auto distance = [](uint32_t ttl) {
    v1::Observation observation = With(v1::ANSWERED);
    observation.add_exchanges()->set_reply(v1::POSITIVE);
    observation.mutable_exchanges(0)->set_reply_ttl(ttl);
    return ReplyDistance(observation).value_or(0);
  };
  EXPECT_EQ(distance(64), 1u);
  EXPECT_EQ(distance(59), 6u);
  EXPECT_EQ(distance(120), 9u);
  EXPECT_EQ(distance(250), 6u);
  EXPECT_EQ(distance(0), 0u);
  EXPECT_EQ(distance(4000000000u), 0u);
  EXPECT_FALSE(ReplyDistance(With(v1::SILENT)).has_value());
}

TEST(AnswerTest, AddressesOfFailedLookupsDoNotCount) {
  v1::Observation observation = With(v1::BAD_ANSWER);
  observation.mutable_dns()->add_addresses("192.0.2.1");
  EXPECT_TRUE(AddressesIn(observation).empty());
  observation.set_outcome(v1::ANSWERED);
  observation.mutable_dns()->add_addresses("192.0.2.1");
  observation.mutable_dns()->add_addresses("::");
  observation.mutable_dns()->add_addresses("2001:db8::1");
  EXPECT_EQ(AddressesIn(observation).size(), 2u);
}

}  // namespace
}  // namespace probemesh::coordinator
