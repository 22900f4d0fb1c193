// Errors of the vantage's own kernel.
#include "coordinator/diagnosis/own_link.h"

#include "tests/unit/coordinator/diagnosis/diagnosis_matchers.h"

namespace probemesh::coordinator {
namespace {

constexpr char kFar[] = "192.0.2.7";       // not in the target's network
constexpr char kBeside[] = "203.0.113.7";  // in it

Icmp NotFound(const std::string& offender) { return {3, 1, offender, absl::Milliseconds(3060)}; }

TEST(OwnLink, AVantageThatCannotFindItsGatewaySaysNothingOfTheHost) {
  BundleBuilder builder;
  builder.Vantage("a")
      .NameOk()
      .ConnectSilent(2)
      .ConnectIcmp(NotFound(kFar))
      .EchoIcmp(NotFound(kFar))
      .From(kFar);
  const J judgement = JudgementOf(builder);
  EXPECT_NE(judgement.verdict(), J::HOST_DOWN) << judgement.DebugString();
  EXPECT_LT(Mass(judgement, "TARGET"), 0.05);
  EXPECT_EQ(ReportOf(builder, "a").state(), v1::VantageReport::DISCARDED);
}

TEST(OwnLink, NorDoesOneWhoseControlsAnswer) {
  BundleBuilder builder;
  builder.Vantage("a").Fit().ConnectIcmp(NotFound(kFar)).From(kFar);
  EXPECT_NE(JudgementOf(builder).verdict(), J::HOST_DOWN);
  EXPECT_EQ(ReportOf(builder, "a").state(), v1::VantageReport::DISCARDED);
}

TEST(OwnLink, AllVantagesWithoutGatewayAreNoHostDown) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).NameOk().ConnectIcmp(NotFound(kFar)).From(kFar);
  }
  EXPECT_NE(JudgementOf(builder).verdict(), J::HOST_DOWN);
}

TEST(OwnLink, OthersAreStillHeard) {
  BundleBuilder builder;
  builder.Vantage("a").Fit().ConnectIcmp(NotFound(kFar)).From(kFar);
  for (const char* name : {"b", "c", "d"}) builder.Vantage(name).Healthy();
  EXPECT_EQ(ReportOf(builder, "a").state(), v1::VantageReport::DISCARDED);
  EXPECT_THAT(JudgementOf(builder), Says(J::HEALTHY, J::NONE));
}

TEST(OwnLink, OnTheTargetsNetworkTheVantageIsItselfTheLastHop) {
  BundleBuilder builder;
  builder.Vantage("a")
      .Fit()
      .ConnectIcmp(NotFound(kBeside))
      .EchoIcmp(NotFound(kBeside))
      .From(kBeside);
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::HOST_DOWN, J::TARGET));
  EXPECT_LE(judgement.confidence(), 0.6);
}

TEST(OwnLink, OnTheTargetsNetworkButWithoutControlsItMayBeTheVantagesLink) {
  BundleBuilder builder;
  builder.Vantage("a").NameOk().ConnectIcmp(NotFound(kBeside)).From(kBeside);
  EXPECT_NE(JudgementOf(builder).verdict(), J::HOST_DOWN);
}

TEST(OwnLink, ItsOwnFirewallIsNoFilterOnTheWay) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().ConnectIcmp({3, 13, kFar}).EchoOk().From(kFar);
  }
  const J judgement = JudgementOf(builder);
  EXPECT_NE(judgement.verdict(), J::FILTERED) << judgement.DebugString();
  EXPECT_EQ(ReportOf(builder, "a").state(), v1::VantageReport::DISCARDED);
}

TEST(OwnLink, AForeignAddressIsARouters) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().ConnectIcmp(NotFound(kE1)).From(kFar);
  }
  EXPECT_THAT(JudgementOf(builder), Says(J::HOST_DOWN, J::TARGET));
}

}  // namespace
}  // namespace probemesh::coordinator
