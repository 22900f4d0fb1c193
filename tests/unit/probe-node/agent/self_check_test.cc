#include "probe-node/agent/self_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "tests/support/puppet_probes.h"

namespace probemesh::node {
namespace {

using testing::HasSubstr;
using Kind = v1::ProbeSpec;

class SelfCheckTest : public testing::Test {
 protected:
  const v1::ControlResult& Result(int index) { return check_.latest().controls(index); }
  static v1::Observation Addresses(const std::vector<std::string>& addresses) {
    v1::Observation observation;
    observation.set_outcome(v1::ANSWERED);
    for (const std::string& address : addresses) {
      observation.mutable_dns()->add_addresses(address);
    }
    return observation;
  }

  ManualEventLoop loop_;
  PuppetProbes probes_{loop_};
  TargetPolicy policy_{{}, loop_.clock(), [] { return std::vector<IpAddress>(); }};
  int rounds_ = 0;
  SelfCheck check_{loop_, probes_.engine(), policy_, [this] { ++rounds_; }};
};

TEST_F(SelfCheckTest, LooksAtEveryControlAtOnce) {
  check_.SetControls({"1.1.1.1:443", "[2606:4700::1]:80"});
  ASSERT_EQ(probes_.started().size(), 4);
  const v1::ProbeSpec& tcp = probes_.started()[0];
  EXPECT_EQ(tcp.role(), v1::CONTROL);
  EXPECT_EQ(tcp.address(), "1.1.1.1");
  EXPECT_EQ(tcp.port(), 443);
  EXPECT_EQ(FromProto(tcp.timeout()), absl::Seconds(1));
  EXPECT_EQ(check_.latest().controls_size(), 0);
  EXPECT_TRUE(probes_.End(Kind::kTcp, v1::ANSWERED));
  EXPECT_TRUE(probes_.End(Kind::kIcmp, v1::SILENT));
  EXPECT_EQ(rounds_, 0);
  EXPECT_TRUE(probes_.End(Kind::kTcp, v1::SILENT));
  EXPECT_TRUE(probes_.End(Kind::kIcmp, v1::ANSWERED));
  EXPECT_EQ(rounds_, 1);
  ASSERT_EQ(check_.latest().controls_size(), 2);
  EXPECT_EQ(Result(0).control(), "1.1.1.1:443");
  EXPECT_TRUE(Result(0).tcp_ok());
  EXPECT_TRUE(Result(0).icmp_known());
  EXPECT_FALSE(Result(0).icmp_ok());
  EXPECT_EQ(Result(0).error(), "");
  EXPECT_FALSE(Result(1).tcp_ok());
  EXPECT_TRUE(Result(1).icmp_ok());
  EXPECT_EQ(Result(1).error(), "connect: SILENT");
}

TEST_F(SelfCheckTest, NodeWithoutPingSocketsKnowsNothingAboutEcho) {
  probes_.Refuse(Kind::kIcmp, absl::FailedPreconditionError("no ping sockets"));
  check_.SetControls({"1.1.1.1:443"});
  probes_.End(Kind::kTcp, v1::ANSWERED);
  ASSERT_EQ(rounds_, 1);
  EXPECT_TRUE(Result(0).tcp_ok());
  EXPECT_FALSE(Result(0).icmp_known());
}

TEST_F(SelfCheckTest, RepeatsEveryTenSeconds) {
  check_.SetControls({"1.1.1.1:443"});
  probes_.End(Kind::kTcp, v1::ANSWERED);
  probes_.End(Kind::kIcmp, v1::ANSWERED);
  loop_.AdvanceBy(absl::Seconds(9));
  EXPECT_EQ(probes_.started().size(), 2);
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(probes_.started().size(), 4);
  EXPECT_EQ(rounds_, 1);
  EXPECT_TRUE(Result(0).tcp_ok());  // the last complete round still stands
  probes_.End(Kind::kTcp, v1::SILENT);
  probes_.End(Kind::kIcmp, v1::SILENT);
  EXPECT_EQ(rounds_, 2);
  EXPECT_FALSE(Result(0).tcp_ok());
  EXPECT_EQ(FromProto(check_.latest().check_time()), loop_.clock().Wall());
}

TEST_F(SelfCheckTest, AnswersOfAnEarlierRoundAreIgnored) {
  check_.SetControls({"1.1.1.1:443"});
  check_.SetControls({"9.9.9.9:443"});
  probes_.End(Kind::kTcp, v1::SILENT);   // of the first round
  probes_.End(Kind::kIcmp, v1::SILENT);  // of the first round
  EXPECT_EQ(rounds_, 0);
  probes_.End(Kind::kTcp, v1::ANSWERED);
  probes_.End(Kind::kIcmp, v1::ANSWERED);
  ASSERT_EQ(rounds_, 1);
  ASSERT_EQ(check_.latest().controls_size(), 1);
  EXPECT_TRUE(Result(0).tcp_ok());
}

TEST_F(SelfCheckTest, ControlsThatTheOwnerForbidsAreLeftOut) {
  check_.SetControls({"10.0.0.1:443", "1.1.1.1:443"});
  EXPECT_EQ(probes_.started().size(), 2);
  probes_.End(Kind::kTcp, v1::ANSWERED);
  probes_.End(Kind::kIcmp, v1::ANSWERED);
  ASSERT_EQ(check_.latest().controls_size(), 1);
  EXPECT_EQ(Result(0).control(), "1.1.1.1:443");
}

TEST_F(SelfCheckTest, NameIsResolvedAndKeptWhileItWorks) {
  check_.SetControls({"control.example:443"});
  ASSERT_EQ(probes_.started().size(), 1);
  EXPECT_EQ(probes_.started()[0].dns().name(), "control.example");
  EXPECT_EQ(probes_.started()[0].address(), "");
  probes_.End(Kind::kDns, Addresses({"1.1.1.1"}));
  ASSERT_EQ(probes_.started().size(), 3);
  EXPECT_EQ(probes_.started()[1].address(), "1.1.1.1");
  probes_.End(Kind::kTcp, v1::ANSWERED);
  probes_.End(Kind::kIcmp, v1::ANSWERED);
  EXPECT_TRUE(Result(0).tcp_ok());
  loop_.AdvanceBy(absl::Seconds(10));
  EXPECT_EQ(probes_.Running(Kind::kDns), 0);
  probes_.End(Kind::kTcp, v1::SILENT);
  probes_.End(Kind::kIcmp, v1::SILENT);
  loop_.AdvanceBy(absl::Seconds(10));
  EXPECT_EQ(probes_.Running(Kind::kDns), 1);
}

TEST_F(SelfCheckTest, NameWithoutAddressIsAFailureOfTheControl) {
  check_.SetControls({"control.example:443"});
  probes_.End(Kind::kDns, v1::BAD_ANSWER);
  EXPECT_EQ(probes_.started()[1].dns().type(), "AAAA");
  probes_.End(Kind::kDns, v1::SILENT);
  ASSERT_EQ(rounds_, 1);
  EXPECT_FALSE(Result(0).tcp_ok());
  EXPECT_FALSE(Result(0).icmp_known());
  EXPECT_THAT(Result(0).error(), HasSubstr("SILENT"));
}

TEST_F(SelfCheckTest, NonsenseAndTooManyControlsAreIgnored) {
  std::vector<std::string> controls = {"", "1.1.1.1", "1.1.1.1:99999", "[::1"};
  for (int i = 0; i < 40; ++i) controls.push_back(absl::StrCat("1.1.1.", i, ":443"));
  check_.SetControls(controls);
  EXPECT_EQ(probes_.Running(Kind::kTcp), SelfCheck::kMaxControls);
}

}  // namespace
}  // namespace probemesh::node
