// The echo probe over the kernel's own loopback, where ping sockets are allowed.
#include <gtest/gtest.h>

#include "common/base/proto_time.h"
#include "probe-node/probes/icmp/icmp_probe.h"
#include "tests/support/probe_runner.h"

namespace probemesh::node {
namespace {

class IcmpLoopbackTest : public testing::TestWithParam<std::string> {};

TEST_P(IcmpLoopbackTest, AnswersEveryRequest) {
  v1::ProbeSpec spec;
  spec.set_address(GetParam());
  *spec.mutable_timeout() = ToProto(absl::Seconds(20));
  spec.mutable_icmp()->set_count(3);
  *spec.mutable_icmp()->mutable_interval() = ToProto(absl::Milliseconds(10));
  ProbeRunner runner;
  const absl::Status made = MakeIcmpProbe(spec, runner.context).status();
  if (absl::IsFailedPrecondition(made)) GTEST_SKIP() << made;
  const v1::Observation seen = runner.Run(MakeIcmpProbe, spec);
  if (seen.outcome() == v1::LOCAL_ERROR) GTEST_SKIP() << "no loopback of this family";
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(seen.icmp().received(), 3u);
  ASSERT_EQ(seen.exchanges_size(), 3);
  EXPECT_TRUE(seen.exchanges(0).has_reply_ttl());
  EXPECT_NE(seen.exchanges(0).flow().source_port(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Families, IcmpLoopbackTest, testing::Values("127.0.0.1", "::1"),
                         [](const auto& address) { return address.param == "::1" ? "V6" : "V4"; });

}  // namespace
}  // namespace probemesh::node
