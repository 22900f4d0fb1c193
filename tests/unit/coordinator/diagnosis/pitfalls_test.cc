// The ways in which naive diagnosis goes wrong, each with its guard.
#include "absl/strings/str_cat.h"
#include "tests/unit/coordinator/diagnosis/diagnosis_matchers.h"

namespace probemesh::coordinator {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Property;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

Icmp Late(const std::string& offender) { return {3, 1, offender, absl::Milliseconds(3060)}; }

// Baselines outlive their diagnosis, so that one vantage that lies, or was once led astray, would
// move a fault of the network to the target for everybody.
TEST(Pitfall, OneVantageDoesNotMakeATransitRouterALastHop) {
  BundleBuilder builder;
  for (const char* name : {"a", "c"}) {
    builder.Baseline(WholeWay(name));
    builder.mutable_bundle()->mutable_baseline()->rbegin()->set_node(absl::StrCat("nodes/", name));
  }
  const J without = [&builder] {
    for (const char* name : {"a", "c"}) builder.Vantage(name).AllSilent().Walk(WayOf(name, 4));
    return JudgementOf(builder);
  }();
  EXPECT_LT(Mass(without, "TARGET"), 0.5);
  for (int walk = 0; walk < 3; ++walk) {
    builder.Baseline({"10.99.0.1", kP1, "T"});
    builder.mutable_bundle()->mutable_baseline()->rbegin()->set_node("nodes/z");
  }
  const J judgement = JudgementOf(builder);
  EXPECT_EQ(judgement.verdict(), without.verdict()) << judgement.DebugString();
  EXPECT_LT(Mass(judgement, "TARGET"), 0.5);
}

TEST(Pitfall, AQuorumOfFailuresIsNotAServerDown) {
  BundleBuilder builder;
  for (const char* name : {"a", "c"}) builder.Vantage(name).AllSilent().Walk(WayOf(name, 3));
  builder.Vantage("e", "c").AllSilent().Walk(WayOf("c", 3));
  builder.Vantage("b").Healthy();
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::PATH_FAILURE, J::NETWORK));
  EXPECT_LT(Mass(judgement, "TARGET"), 0.01);
}

TEST(Pitfall, SilenceFromAllWithoutAnyWalkIsNoVerdict) {
  BundleBuilder builder;
  for (const std::string& name : Names()) builder.Vantage(name).AllSilent();
  EXPECT_THAT(JudgementOf(builder), Says(J::INCONCLUSIVE, J::UNKNOWN));
}

TEST(Pitfall, TwoLastRespondersOfUnknownStandingAreNoVerdict) {
  BundleBuilder builder;
  for (const std::string& name : Names()) builder.Vantage(name).AllSilent().Walk(WayOf(name, 3));
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::INCONCLUSIVE, J::UNKNOWN));
  EXPECT_EQ(judgement.cause(), "stop_unknown");
  EXPECT_THAT(judgement.would_resolve(), Contains(HasSubstr("--neighbor")));
}

TEST(Pitfall, ImmediateHostUnreachableIsNotHostDown) {
  BundleBuilder builder;
  for (const char* name : {"a", "c"}) {
    builder.Vantage(name).Fit().ConnectIcmp({3, 1, kP1}).EchoIcmp({3, 1, kP1});
  }
  for (const char* name : {"b", "d"}) builder.Vantage(name).Healthy();
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::PATH_FAILURE, J::NETWORK));
  EXPECT_EQ(judgement.cause(), "unreachable_route");
}

TEST(Pitfall, ImmediateHostUnreachableFromAllIsNotHostDownEither) {
  BundleBuilder builder;
  for (const std::string& name : Names()) builder.Vantage(name).Fit().ConnectIcmp({3, 1, kE1});
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement.verdict(), AnyOf(J::PATH_FAILURE, J::FILTERED, J::INCONCLUSIVE));
  EXPECT_LT(Mass(judgement, "TARGET"), 0.05);
}

TEST(Pitfall, LateJoinersOfTheWaitDoNotContradictIt) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().ConnectIcmp(Late(kE1), 1);
    builder.Vantage(name).ConnectIcmp({3, 1, kE1, absl::Milliseconds(400)}, 2).Walk(WayOf(name, 4));
  }
  EXPECT_THAT(JudgementOf(builder), Says(J::HOST_DOWN, J::TARGET));
}

// Others' packets keep the last hop asking for the host all the time, so that its wait ends any
// time after our first packet.
TEST(Pitfall, AWaitThatSomebodyElseBeganIsStillAWait) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().ConnectIcmp({3, 1, kE1, absl::Milliseconds(720)}, 2);
    builder.Vantage(name).EchoIcmp({3, 1, kE1, absl::Milliseconds(720)}).Walk(WayOf(name, 4));
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::HOST_DOWN, J::TARGET));
  EXPECT_EQ(judgement.secondary_size(), 0);
}

// The router's budget was spent when the first SYN came; the one that the kernel sent 3 s later was
// refused at once.
TEST(Pitfall, APromptAnswerToARepeatedSynIsNoWait) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().ConnectIcmp({3, 1, kE1, absl::Milliseconds(3015)}, 1);
    builder.Vantage(name).EchoIcmp({3, 1, kE1, absl::Milliseconds(15)}).Walk(WayOf(name, 4));
  }
  EXPECT_LT(Mass(JudgementOf(builder), "TARGET"), 0.05);
}

TEST(Pitfall, UnreachableThatIsNeitherPromptNorLateProvesNothing) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().ConnectIcmp({3, 1, kE1, absl::Milliseconds(1500)});
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::INCONCLUSIVE, J::UNKNOWN));
}

TEST(Pitfall, LateUnreachableWhileOthersReachTheHostIsARouterProblem) {
  BundleBuilder builder;
  for (const char* name : {"a", "c"}) builder.Vantage(name).Fit().ConnectIcmp(Late(kP1));
  for (const char* name : {"b", "d"}) builder.Vantage(name).Healthy();
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::PATH_FAILURE, J::NETWORK));
  EXPECT_EQ(judgement.cause(), "next_hop_unreachable");
}

TEST(Pitfall, AVantageThatFailsItsControlsDoesNotTestify) {
  BundleBuilder builder;
  for (const char* name : {"a", "c", "d"}) builder.Vantage(name).Healthy();
  builder.Vantage("b").NameOk().Control(false).ControlEcho(false).ConnectSilent().EchoSilent();
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::HEALTHY, J::NONE));
  EXPECT_EQ(ReportOf(builder, "b").state(), v1::VantageReport::DISCARDED);
  EXPECT_THAT(judgement.secondary(),
              ElementsAre(Property(&v1::SecondaryFault::verdict, J::VANTAGE_FAULT)));
}

TEST(Pitfall, ManyBrokenVantagesDoNotTakeTheControlWithThem) {
  BundleBuilder builder;
  for (const char* name : {"a", "b"}) {
    builder.Vantage(name).NameOk().Control(false).ConnectSilent().EchoSilent();
  }
  builder.Vantage("c").Healthy();
  EXPECT_THAT(JudgementOf(builder), Says(J::HEALTHY, J::NONE));
}

TEST(Pitfall, ADeadControlIsDropped) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).NameOk().Control(false).Connects().HttpOk();
  }
  EXPECT_THAT(JudgementOf(builder), Says(J::HEALTHY, J::NONE));
  for (const std::string& name : Names()) {
    EXPECT_EQ(ReportOf(builder, name).state(), v1::VantageReport::OK);
  }
}

TEST(Pitfall, NothingAnswersNotEvenTheControls) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).NameOk().Control(false).ConnectSilent().EchoSilent();
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement.verdict(), AnyOf(J::INCONCLUSIVE, J::VANTAGE_FAULT));
  EXPECT_LT(Mass(judgement, "TARGET"), 0.5);
}

TEST(Pitfall, AMutedEchoIsNoEvidence) {
  BundleBuilder builder;
  for (const std::string& name : Names()) builder.Vantage(name).Control(true).NameOk();
  for (const char* name : {"a", "c", "d"}) {
    builder.Vantage(name).ControlEcho(true).Connects().HttpOk().EchoOk();
  }
  builder.Vantage("b").ControlEcho(false).Connects().HttpOk().EchoSilent();
  EXPECT_THAT(JudgementOf(builder), Says(J::HEALTHY, J::NONE));
}

TEST(Pitfall, ClonesOfOneVantageWeighOne) {
  BundleBuilder builder;
  for (int i = 0; i < 8; ++i) {
    builder.Vantage("a" + std::to_string(i), "one network").Fit().ConnectRefused().EchoOk();
  }
  const J judgement = JudgementOf(builder);
  EXPECT_EQ(judgement.verdict(), J::SERVICE_DOWN);
  EXPECT_LE(judgement.confidence(), 0.6);
  EXPECT_EQ(judgement.confidence_label(), J::LOW);
}

TEST(Pitfall, CorrelatedFailuresOfOneNetworkAreNotTheTarget) {
  BundleBuilder builder;
  for (const char* name : {"b1", "b2", "b3"}) {
    builder.Vantage(name, "AS2").AllSilent().Walk(WayOf("b", 4));
  }
  builder.Vantage("c", "AS3").Healthy().Walk(WholeWay("c"));
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement.verdict(), AnyOf(J::PATH_FAILURE, J::FILTERED, J::INCONCLUSIVE));
  EXPECT_LT(Mass(judgement, "TARGET"), 0.01);
}

TEST(Pitfall, AResetWithoutAnyOtherSignOfTheHostIsNotHigh) {
  BundleBuilder builder;
  for (const std::string& name : Names()) builder.Vantage(name).Fit().ConnectRefused().EchoSilent();
  EXPECT_LE(JudgementOf(builder).confidence(), 0.7);
}

TEST(Pitfall, AResetInTheNameOfAHostThatIsGoneIsForged) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().ConnectRefused().OtherPort(v1::REFUSED).EchoIcmp(Late(kE1));
  }
  const J judgement = JudgementOf(builder);
  EXPECT_EQ(judgement.cause(), "reset_by_middlebox");
  EXPECT_EQ(judgement.verdict(), J::FILTERED);
}

TEST(Pitfall, AResetFromNearerThanTheHostIsForged) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    std::vector<std::string> reset = WayOf(name, 4);
    reset.resize(5);
    reset[4] = "R";
    builder.Vantage(name).Fit().ConnectRefused().EchoOk().Walk(reset);
    builder.Vantage(name).Walk(WholeWay(name), v1::TraceProbe::ICMP);
  }
  EXPECT_THAT(JudgementOf(builder), Says(J::FILTERED, J::POLICY));
}

TEST(Pitfall, ASynProxyDoesNotBringTheHostToLife) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().Connects().HttpEnds(v1::HUNG, v1::TLS_HANDSHAKE);
    builder.Vantage(name).EchoIcmp(Late(kE1));
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::HOST_DOWN, J::TARGET));
  EXPECT_EQ(judgement.cause(), "host_unreachable_behind_proxy");
}

TEST(Pitfall, ErrnoIsNotEvidence) {
  BundleBuilder builder;
  for (const char* name : {"a", "b", "c"}) builder.Vantage(name).Healthy();
  builder.Vantage("d").NameOk().Control(true).ConnectLocalError("ENETUNREACH");
  EXPECT_THAT(JudgementOf(builder), Says(J::HEALTHY, J::NONE));
  EXPECT_EQ(ReportOf(builder, "d").state(), v1::VantageReport::DISCARDED);
  EXPECT_THAT(ReportOf(builder, "d").reason(), HasSubstr("ENETUNREACH"));
}

TEST(Pitfall, AWalkOfSpentBudgetIsNoCut) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).AllSilent().Walk({"10.0.0.1", "?", "?", "?", "?", "?"});
  }
  EXPECT_THAT(JudgementOf(builder), Says(J::INCONCLUSIVE, J::UNKNOWN));
}

TEST(Pitfall, SilentAndRateLimitedRoutersBesideOneThatSpeaks) {
  BundleBuilder builder;
  builder.Vantage("a").Fit().ConnectSilent(6).EchoSilent().ConnectIcmp({3, 13, kE1}, 1);
  for (const char* name : {"b", "c", "d"}) {
    builder.Vantage(name).Fit().ConnectSilent(6).EchoSilent().ConnectIcmp({3, 13, kE2}, 1);
  }
  EXPECT_THAT(JudgementOf(builder), Says(J::FILTERED, J::POLICY));
}

TEST(Pitfall, ANameThatFailsAtOnePlaceOnlyIsThatPlacesResolver) {
  BundleBuilder builder;
  for (const char* name : {"a", "c", "d"}) builder.Vantage(name).Healthy();
  builder.Vantage("b").NameSilent().Control(true);
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::HEALTHY, J::NONE));
  EXPECT_EQ(ReportOf(builder, "b").state(), v1::VantageReport::DISCARDED);
  EXPECT_THAT(judgement.secondary(),
              ElementsAre(Property(&v1::SecondaryFault::verdict, J::NAME_FAILURE)));
}

TEST(Pitfall, AVantageWithABrokenResolverStillSeesTheService) {
  BundleBuilder builder;
  for (const char* name : {"a", "c", "d"}) builder.Vantage(name).Healthy();
  builder.Vantage("b").NameSilent().Control(true).Connects().HttpOk();
  EXPECT_THAT(JudgementOf(builder), Says(J::HEALTHY, J::NONE));
  EXPECT_EQ(ReportOf(builder, "b").state(), v1::VantageReport::OK);
}

TEST(Pitfall, AClockThatIsWrongAtOnePlace) {
  BundleBuilder builder;
  for (const char* name : {"a", "c", "d"}) builder.Vantage(name).Healthy();
  builder.Vantage("b").Fit().Connects().HttpExpiredCertificate();
  EXPECT_THAT(JudgementOf(builder), Says(J::HEALTHY, J::NONE));
  EXPECT_THAT(ReportOf(builder, "b").reason(), HasSubstr("clock"));
}

TEST(Pitfall, MissingPingSocketsMeanNothing) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).NameOk().Control(true).Connects().HttpOk().EchoUnsupported();
  }
  EXPECT_THAT(JudgementOf(builder), Says(J::HEALTHY, J::NONE));
}

TEST(Pitfall, AHostIsUpWithoutPing) {
  BundleBuilder builder;
  builder.ForHost();
  for (const std::string& name : Names()) {
    builder.Vantage(name).Control(true).EchoUnsupported().OtherPort(v1::REFUSED);
  }
  EXPECT_THAT(JudgementOf(builder), Says(J::HEALTHY, J::NONE));
}

TEST(Pitfall, AHostThatIsGoneIsSeenWithoutPing) {
  BundleBuilder builder;
  builder.ForHost();
  for (const std::string& name : Names()) {
    builder.Vantage(name).Control(true).EchoUnsupported().OtherPortIcmp(Late(kE1));
  }
  EXPECT_THAT(JudgementOf(builder), Says(J::HOST_DOWN, J::TARGET));
}

TEST(Pitfall, UnverifiedVantagesAreNotHigh) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Baseline(WholeWay(name));
    builder.Vantage(name).NameOk().ConnectSilent().EchoSilent().Walk(WayOf(name, 3));
  }
  const J judgement = JudgementOf(builder);
  EXPECT_EQ(judgement.verdict(), J::PREFIX_UNREACHABLE);
  EXPECT_LE(judgement.confidence(), 0.75);
}

TEST(Pitfall, TwoFaultsAtOnce) {
  BundleBuilder builder;
  for (const char* name : {"a", "b", "c", "d", "f"}) {
    builder.Vantage(name).Fit().ConnectIcmp(Late(kE1)).EchoIcmp(Late(kE1));
  }
  builder.Vantage("g").AllSilent().Walk({"10.9.0.1", "10.9.9.1", "*", "*", "*"});
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::HOST_DOWN, J::TARGET));
}

TEST(Pitfall, HostDownBesideABrokenVantage) {
  BundleBuilder builder;
  for (const char* name : {"a", "c", "d"}) {
    builder.Vantage(name).Fit().ConnectIcmp(Late(kE1)).EchoIcmp(Late(kE1));
  }
  builder.Vantage("b").NameOk().Control(false).ConnectSilent().EchoSilent();
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::HOST_DOWN, J::TARGET));
  EXPECT_THAT(judgement.secondary(),
              ElementsAre(Property(&v1::SecondaryFault::verdict, J::VANTAGE_FAULT)));
}

TEST(Pitfall, OneFamilyWorksAndTheOtherDoesNot) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Healthy();
    builder.Vantage6(name).ConnectSilent().EchoSilent();
  }
  const J judgement = JudgementOf(builder);
  EXPECT_EQ(judgement.verdict(), J::DEGRADED);
  EXPECT_EQ(judgement.cause(), "family_failure");
  EXPECT_THAT(judgement.scope().families(), ElementsAre(v1::IPV6));
  EXPECT_THAT(judgement.summary(), HasSubstr("IPv4 works, IPv6 does not"));
}

TEST(Pitfall, AFamilyThatFailsForSomeIsNotSaidToFailNorSurerThanItsCause) {
  BundleBuilder builder;
  for (const std::string& name : Names()) builder.Vantage(name).Healthy();
  for (const char* name : {"a", "c"}) {
    builder.Vantage6(name).Control(true, "2001:db8::1").ConnectSilent().EchoSilent();
  }
  for (const char* name : {"b", "d"}) builder.Vantage6(name).Connects().HttpOk().EchoOk();
  const J judgement = JudgementOf(builder);
  EXPECT_EQ(judgement.cause(), "family_failure");
  EXPECT_THAT(judgement.summary(), StartsWith("IPv4 works, IPv6 does not everywhere. "));
  ASSERT_EQ(judgement.fault_domain(), J::UNKNOWN);
  EXPECT_THAT(judgement.summary(), EndsWith("confidence HIGH (0.95)."));

  for (const char* name : {"a", "c"}) builder.Vantage6(name).Walk(WayOf(name, 3));
  const J placed = JudgementOf(builder);
  ASSERT_EQ(placed.fault_domain(), J::NETWORK);
  EXPECT_LE(placed.confidence(), Mass(placed, "NETWORK"));
}

TEST(Pitfall, WhatBothFamiliesSawIsSaidOnceAndTheRestNamesItsFamily) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().ConnectRefused().EchoOk();
    builder.Vantage6(name).ConnectRefused().EchoSilent();
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::SERVICE_DOWN, J::TARGET));
  std::vector<std::string> texts;
  for (const v1::EvidenceItem& item : judgement.evidence()) texts.push_back(item.text());
  EXPECT_THAT(texts, UnorderedElementsAre("a, b, c, d: connections are refused (TCP reset)",
                                          "a, b, c, d: the host answers pings (IPv4)",
                                          "a, b, c, d: the host does not answer pings (IPv6)"));
}

TEST(Pitfall, TheOtherFamilysFailureIsNotCalledTheOnlyOne) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().ConnectRefused().EchoOk();
    builder.Vantage6(name).ConnectSilent().EchoOk();
  }
  const J judgement = JudgementOf(builder);
  ASSERT_EQ(judgement.secondary_size(), 1);
  EXPECT_THAT(judgement.secondary(0).summary(), StartsWith("over IPv"));
}

TEST(Pitfall, ARefusalMayBeAFirewallsAndNobodyCanTell) {
  BundleBuilder builder;
  for (const std::string& name : Names()) builder.Vantage(name).Fit().ConnectRefused().EchoOk();
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::SERVICE_DOWN, J::TARGET));
  EXPECT_LT(judgement.confidence(), 0.95);
  ASSERT_GE(judgement.ambiguity_size(), 1);
  EXPECT_EQ(judgement.ambiguity(0).cause(), "reset_by_middlebox");
}

TEST(Pitfall, ASilentNeighbourDoesNotBringTheHostBack) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().ConnectIcmp(Late(kE1)).EchoIcmp(Late(kE1)).Neighbor(false);
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::HOST_DOWN, J::TARGET));
  EXPECT_LE(judgement.confidence(), 0.85) << "it may be the LAN, and the neighbour may be mute";
  EXPECT_THAT(judgement.ambiguity(),
              ElementsAre(Property(&v1::Alternative::verdict, J::SITE_DOWN)));
}

TEST(Pitfall, AHoleOnTheWayToAServiceThatIsDownAsWell) {
  BundleBuilder builder;
  for (const char* name : {"a", "c"}) builder.Vantage(name).AllSilent().Walk(WayOf(name, 3));
  for (const char* name : {"b", "d"}) builder.Vantage(name).Fit().ConnectRefused().EchoOk();
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::PATH_FAILURE, J::NETWORK));
  EXPECT_THAT(judgement.secondary(),
              ElementsAre(Property(&v1::SecondaryFault::verdict, J::SERVICE_DOWN)));
}

TEST(Pitfall, WhoeverIsRefusedHasHadAnAnswer) {
  BundleBuilder builder;
  for (const char* name : {"a", "c"}) builder.Vantage(name).AllSilent().Walk(WayOf(name, 3));
  for (const char* name : {"b", "d"}) builder.Vantage(name).Fit().ConnectRefused().EchoOk(0);
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::INCONCLUSIVE, J::UNKNOWN));
  EXPECT_THAT(judgement.summary(), Not(HasSubstr("nothing answers")));
}

TEST(Pitfall, OneVantageIsTheOnlyOne) {
  BundleBuilder builder;
  builder.Vantage("a").Healthy();
  EXPECT_THAT(JudgementOf(builder).summary(), HasSubstr("works from the only fit vantage"));
  BundleBuilder refused;
  refused.Vantage("a").Fit().ConnectRefused().EchoOk();
  EXPECT_THAT(JudgementOf(refused).summary(), HasSubstr("seen from the only fit vantage"));
}

TEST(Pitfall, AVantageWithoutTheOtherFamilyIsNoFailureOfIt) {
  BundleBuilder builder;
  for (const std::string& name : Names()) builder.Vantage(name).Healthy();
  for (const char* name : {"a", "b"}) builder.Vantage6(name).Connects().HttpOk();
  for (const char* name : {"c", "d"}) builder.Vantage6(name).ConnectLocalError("ENETUNREACH");
  EXPECT_THAT(JudgementOf(builder), Says(J::HEALTHY, J::NONE));
}

TEST(Pitfall, BrokenIpv6OfOneVantageIsNotTheTargets) {
  BundleBuilder builder;
  for (const std::string& name : Names()) builder.Vantage(name).Healthy();
  for (const char* name : {"a", "c", "d"}) builder.Vantage6(name).Connects().HttpOk();
  builder.Vantage6("b").ConnectSilent().EchoSilent();
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::HEALTHY, J::NONE));
  EXPECT_THAT(judgement.secondary(),
              ElementsAre(Property(&v1::SecondaryFault::verdict, J::VANTAGE_FAULT)));
  builder.Vantage6("b").Control(true, "2001:db8::1");
  EXPECT_EQ(JudgementOf(builder).verdict(), J::DEGRADED);
}

TEST(Pitfall, AFilterOfPingsIsNotAboutTheService) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Baseline(WholeWay(name));
    builder.Vantage(name).Fit().ConnectSilent().EchoIcmp({3, 13, kE1}).Walk(WayOf(name, 5));
  }
  EXPECT_THAT(JudgementOf(builder), Says(J::TARGET_SILENT, J::UNKNOWN));
}

TEST(Pitfall, ConnectionsThatComeAndGoAreLossNotTheTarget) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().Connects(3).ConnectSilent(3);
    builder.Vantage(name).HttpEnds(v1::SILENT, v1::CONNECT).EchoOk();
  }
  EXPECT_THAT(JudgementOf(builder), Says(J::DEGRADED, J::NETWORK));
}

// Without a baseline: who carries packets to a control is not the last hop of the target.
TEST(Pitfall, StopsAtRoutersThatLeadElsewhereAreBeforeTheSite) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).AllSilent().Walk(WayOf(name, 3));
    builder.Vantage(name).ControlWalk({"10.0.0.1", name == "a" ? kM1 : kM2, "T"});
  }
  EXPECT_THAT(JudgementOf(builder), Says(J::PREFIX_UNREACHABLE, J::NETWORK));
}

TEST(Pitfall, OneRouterWithAnAddressForEachSideIsStillThePath) {
  BundleBuilder builder;
  builder.Vantage("b").AllSilent().Walk({"10.2.0.1", "10.22.1.1", "*", "*", "*", "*", "*"});
  builder.Vantage("d").AllSilent().Walk({"10.4.0.1", "10.22.2.1", "*", "*", "*", "*", "*"});
  for (const char* name : {"a", "c"}) builder.Vantage(name).Healthy().Walk(WholeWay(name));
  EXPECT_THAT(JudgementOf(builder), Says(J::PATH_FAILURE, J::NETWORK));
}

TEST(Pitfall, ARouterThatHasSpentItsErrorsStillHasNoRoute) {
  BundleBuilder builder;
  for (const char* name : {"a", "c"}) builder.Vantage(name).AllSilent().Walk(WayOf(name, 3));
  for (const char* name : {"b", "d"}) {
    builder.Vantage(name).Fit().ConnectIcmp({3, 0, kP2}).EchoSilent();
  }
  EXPECT_THAT(JudgementOf(builder).verdict(), AnyOf(J::PREFIX_UNREACHABLE, J::INCONCLUSIVE));
  for (const char* name : {"a", "c"}) builder.Baseline(WholeWay(name));
  EXPECT_THAT(JudgementOf(builder), Says(J::PREFIX_UNREACHABLE, J::NETWORK));
}

TEST(Pitfall, OnlyIpv6) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage6(name).NameOk().Control(true, "2001:db8::1").EchoSilent();
    builder.Vantage6(name).ConnectIcmp({1, 3, "2001:db8:5::1", absl::Milliseconds(3060)});
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::HOST_DOWN, J::TARGET));
  EXPECT_THAT(judgement.scope().families(), ElementsAre(v1::IPV6));
  EXPECT_THAT(judgement.locus().addresses(), ElementsAre("2001:db8:5::1", BundleBuilder::kTarget6));
}

TEST(Pitfall, BothFamiliesFailAlike) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().ConnectRefused().EchoOk();
    builder.Vantage6(name).ConnectRefused().EchoOk();
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::SERVICE_DOWN, J::TARGET));
  EXPECT_THAT(judgement.scope().families(), ElementsAre(v1::IPV4, v1::IPV6));
}

TEST(Pitfall, ASingleVantageNeverSaysMoreThanSixtyPercent) {
  BundleBuilder builder;
  builder.Baseline(WholeWay("a"));
  builder.Vantage("a").AllSilent().Walk(WayOf("a", 5));
  EXPECT_LE(JudgementOf(builder).confidence(), 0.6);
}

TEST(Pitfall, AReturnPathFailureIsNotTheTarget) {
  BundleBuilder builder;
  builder.Vantage("b").AllSilent().Walk(WayOf("b", 4));
  for (const char* name : {"a", "c", "d"}) builder.Vantage(name).Healthy().Walk(WholeWay(name));
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement.verdict(), AnyOf(J::PATH_FAILURE, J::INCONCLUSIVE));
  EXPECT_THAT(judgement.locus().direction(), Not(v1::Locus::FORWARD));
}

TEST(Pitfall, TransitFilterOfOnePort) {
  BundleBuilder builder;
  for (const char* name : {"b", "d"}) {
    builder.Vantage(name).Fit().ConnectSilent().EchoOk().UdpClosedPort().Walk(WayOf(name, 3));
  }
  for (const char* name : {"a", "c"}) builder.Vantage(name).Healthy();
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::FILTERED, J::POLICY));
  EXPECT_EQ(judgement.locus().kind(), v1::Locus::SEGMENT);
  EXPECT_EQ(judgement.locus().from_address(), kM2);
}

}  // namespace
}  // namespace probemesh::coordinator
