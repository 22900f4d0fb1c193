// One test for each verdict, on evidence as clean as it gets.
#include "tests/unit/coordinator/diagnosis/diagnosis_matchers.h"

namespace probemesh::coordinator {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

TEST(Verdict, HealthyFromEveryVantage) {
  BundleBuilder builder;
  for (const std::string& name : Names()) builder.Vantage(name).Healthy();
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::HEALTHY, J::NONE));
  EXPECT_EQ(judgement.confidence_label(), J::HIGH);
  EXPECT_EQ(ReportOf(builder, "a").state(), v1::VantageReport::OK);
  EXPECT_THAT(judgement.summary(), HasSubstr("https://www.example.com works from all 4"));
  EXPECT_EQ(judgement.locus().kind(), v1::Locus::NONE);
  EXPECT_EQ(judgement.locus().direction(), v1::Locus::EITHER) << "always one of the three";
}

TEST(Verdict, HealthyThoughIcmpAndUdpAreSilent) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().Connects().HttpOk().EchoSilent().UdpSilent();
  }
  EXPECT_THAT(JudgementOf(builder), Says(J::HEALTHY, J::NONE));
}

TEST(Verdict, HealthyEarlyWithThreeDiverseGroupsOfMany) {
  BundleBuilder builder;
  builder.Elapsed(absl::Milliseconds(80));
  for (const char* name : {"a", "b", "c"}) builder.Vantage(name).Healthy();
  for (const char* name : {"d", "e", "f"}) builder.Vantage(name).NameOk();
  EXPECT_THAT(JudgementOf(builder), Says(J::HEALTHY, J::NONE));
}

TEST(Verdict, HealthyIsUnsureWhileOnlyOneNetworkHasReported) {
  BundleBuilder builder;
  builder.Elapsed(absl::Milliseconds(80));
  builder.Vantage("a").Healthy();
  builder.Vantage("b").NameOk();
  EXPECT_THAT(JudgementOf(builder), Says(J::HEALTHY, J::NONE));
  EXPECT_EQ(JudgementOf(builder).confidence_label(), J::LOW);
  EXPECT_THAT(JudgementOf(builder).summary(), HasSubstr("1 of 2 fit vantages"));
}

TEST(Verdict, ConnectedIsNotYetHealthy) {
  BundleBuilder builder;
  builder.Elapsed(absl::Milliseconds(50));
  for (const std::string& name : Names()) builder.Vantage(name).Fit().Connects();
  EXPECT_EQ(JudgementOf(builder).cause(), "in_progress");
}

TEST(Verdict, DegradedWhenSomeAttemptsGetNoAnswer) {
  BundleBuilder builder;
  for (const std::string& name : Names()) builder.Vantage(name).Healthy();
  builder.Vantage("b").ConnectSilent(2);
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::DEGRADED, J::NETWORK));
  EXPECT_THAT(ScopeOf(judgement), ElementsAre("nodes/b"));
}

TEST(Verdict, DegradedWhenOneReplicaRefuses) {
  BundleBuilder builder;
  for (const std::string& name : Names()) builder.Vantage(name).Healthy().ConnectRefused(1);
  EXPECT_THAT(JudgementOf(builder), Says(J::DEGRADED, J::TARGET));
}

TEST(Verdict, ServiceRefusedEverywhere) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().ConnectRefused().EchoOk().UdpClosedPort().OtherPort(v1::REFUSED);
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::SERVICE_DOWN, J::TARGET));
  EXPECT_EQ(judgement.cause(), "service_refused");
  EXPECT_EQ(judgement.confidence_label(), J::HIGH);
  EXPECT_EQ(judgement.locus().kind(), v1::Locus::HOST);
  EXPECT_THAT(judgement.locus().addresses(), ElementsAre(BundleBuilder::kTarget));
}

struct ServiceCase {
  v1::Outcome outcome;
  v1::Stage stage;
  const char* cause;
};

class ServiceFails : public ::testing::TestWithParam<ServiceCase> {};

TEST_P(ServiceFails, IsServiceDown) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().Connects().HttpEnds(GetParam().outcome, GetParam().stage).EchoOk();
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::SERVICE_DOWN, J::TARGET));
  EXPECT_EQ(judgement.cause(), GetParam().cause);
}

INSTANTIATE_TEST_SUITE_P(
    Ways, ServiceFails,
    ::testing::Values(ServiceCase{v1::HUNG, v1::TLS_HANDSHAKE, "service_hung"},
                      ServiceCase{v1::HUNG, v1::RESPONSE, "service_hung"},
                      ServiceCase{v1::SILENT, v1::RESPONSE, "service_hung"},
                      ServiceCase{v1::RESET, v1::TLS_HANDSHAKE, "service_reset"},
                      ServiceCase{v1::CLOSED, v1::RESPONSE, "service_closed"},
                      ServiceCase{v1::BAD_ANSWER, v1::TLS_HANDSHAKE, "tls_handshake"},
                      ServiceCase{v1::BAD_ANSWER, v1::RESPONSE, "bad_response"}));

TEST(Verdict, ServerErrorEverywhere) {
  BundleBuilder builder;
  for (const std::string& name : Names()) builder.Vantage(name).Fit().Connects().HttpStatus(503);
  EXPECT_EQ(JudgementOf(builder).cause(), "http_5xx");
}

TEST(Verdict, ExpiredCertificateEverywhere) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().Connects().HttpExpiredCertificate();
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::SERVICE_DOWN, J::TARGET));
  EXPECT_EQ(judgement.cause(), "tls_certificate");
}

Icmp Late(const std::string& offender) { return {3, 1, offender, absl::Milliseconds(3060)}; }

TEST(Verdict, HostDownWhenTheLastHopLookedForItInVain) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    const char* edge = name == "a" || name == "c" ? kE1 : kE2;
    builder.Vantage(name).Fit().ConnectIcmp(Late(edge)).EchoIcmp(Late(edge)).UdpSilent();
    builder.Vantage(name).Walk(WayOf(name, 5));
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::HOST_DOWN, J::TARGET));
  EXPECT_EQ(judgement.confidence_label(), J::HIGH);
  EXPECT_EQ(judgement.locus().kind(), v1::Locus::HOST);
  EXPECT_THAT(judgement.locus().addresses(), IsSupersetOf({BundleBuilder::kTarget, kE1, kE2}));
}

TEST(Verdict, SiteDownWhenTheNeighbourIsGoneToo) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().ConnectIcmp(Late(kE1)).EchoIcmp(Late(kE1)).NeighborIcmp(Late(kE1));
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::SITE_DOWN, J::TARGET));
  EXPECT_EQ(judgement.cause(), "lan_down");
}

TEST(Verdict, SiteDownWhenEveryProviderEdgeIsTheEnd) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Baseline(WholeWay(name));
    builder.Vantage(name).AllSilent().Walk(WayOf(name, 4)).HopPing(kE1, false).HopPing(kE2, false);
    builder.Vantage(name).Neighbor(false);
  }
  EXPECT_THAT(JudgementOf(builder), Says(J::SITE_DOWN, J::TARGET));
}

TEST(Verdict, TargetSilentWhenPacketsGetToTheLastHop) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Baseline(WholeWay(name));
    builder.Vantage(name).AllSilent().Walk(WayOf(name, 5));
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::TARGET_SILENT, J::UNKNOWN));
  EXPECT_EQ(judgement.locus().kind(), v1::Locus::LAST_HOP);
  EXPECT_GT(Mass(judgement, "TARGET"), 0.2);
  EXPECT_GT(Mass(judgement, "POLICY"), 0.2);
  EXPECT_THAT(judgement.would_resolve(), Contains(HasSubstr("neighbour entry expires")));
}

TEST(Verdict, FilteredWhenTheHostSpeaksAndThePortDoesNot) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().ConnectSilent().EchoOk().UdpClosedPort().Walk(WayOf(name, 5));
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::FILTERED, J::POLICY));
  EXPECT_EQ(judgement.cause(), "port_silent");
  EXPECT_EQ(judgement.ambiguity(0).cause(), "listen_queue_full");
}

TEST(Verdict, FilteredAtTheRouterThatSaysSo) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    const char* edge = name == "a" || name == "c" ? kE1 : kE2;
    builder.Vantage(name).Fit().ConnectIcmp({3, 13, edge}).EchoOk().UdpClosedPort();
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::FILTERED, J::POLICY));
  EXPECT_EQ(judgement.cause(), "reject_prohibited");
  EXPECT_EQ(judgement.locus().kind(), v1::Locus::ROUTER);
  EXPECT_THAT(judgement.locus().addresses(), ElementsAre(kE1, kE2));
}

TEST(Verdict, FilteredWhenTcpIsToldPortUnreachable) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Fit().ConnectIcmp({3, 3, kE1}).EchoOk();
  }
  EXPECT_EQ(JudgementOf(builder).cause(), "reject_port_unreachable");
}

TEST(Verdict, FilteredBySourceAtTheLastHop) {
  BundleBuilder builder;
  for (const char* name : {"a", "c", "d"}) builder.Vantage(name).Healthy().Walk(WholeWay(name));
  builder.Vantage("b").AllSilent().Walk(WayOf("b", 5));
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::FILTERED, J::POLICY));
  EXPECT_EQ(judgement.cause(), "source_filtered");
  EXPECT_THAT(ScopeOf(judgement), ElementsAre("nodes/b"));
}

TEST(Verdict, PathFailureWhereTheWalksOfSomeEnd) {
  BundleBuilder builder;
  for (const char* name : {"a", "c"}) builder.Vantage(name).AllSilent().Walk(WayOf(name, 3));
  for (const char* name : {"b", "d"}) builder.Vantage(name).Healthy();
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::PATH_FAILURE, J::NETWORK));
  EXPECT_EQ(judgement.locus().kind(), v1::Locus::SEGMENT);
  EXPECT_EQ(judgement.locus().from_address(), kM1);
  EXPECT_EQ(judgement.locus().direction(), v1::Locus::EITHER);
  EXPECT_THAT(ScopeOf(judgement), ElementsAre("nodes/a", "nodes/c"));
}

TEST(Verdict, ForwardOnlyWhenTheFarEndAnswersPings) {
  BundleBuilder builder;
  builder.Baseline(WholeWay("a"));
  for (const char* name : {"a", "c"}) {
    builder.Vantage(name).AllSilent().Walk(WayOf(name, 3)).HopPing(kP1, true);
  }
  for (const char* name : {"b", "d"}) builder.Vantage(name).Healthy();
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::PATH_FAILURE, J::NETWORK));
  EXPECT_EQ(judgement.locus().to_address(), kP1);
  EXPECT_EQ(judgement.locus().direction(), v1::Locus::FORWARD);
}

TEST(Verdict, PathFailureWhereThereIsNoRoute) {
  BundleBuilder builder;
  for (const char* name : {"a", "c"}) {
    builder.Vantage(name).Fit().ConnectIcmp({3, 0, kP1}).EchoSilent().Walk(WayOf(name, 3));
  }
  for (const char* name : {"b", "d"}) builder.Vantage(name).Healthy();
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::PATH_FAILURE, J::NETWORK));
  EXPECT_EQ(judgement.cause(), "no_route");
  EXPECT_THAT(judgement.locus().addresses(), ElementsAre(kP1));
}

TEST(Verdict, PathFailureInALoop) {
  BundleBuilder builder;
  for (const char* name : {"a", "c"}) {
    std::vector<std::string> walk = WayOf(name, 4);
    walk[4] = walk[6] = kM1;
    walk[5] = walk[7] = kP1;
    builder.Vantage(name).AllSilent().Walk(walk);
  }
  for (const char* name : {"b", "d"}) builder.Vantage(name).Healthy();
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::PATH_FAILURE, J::NETWORK));
  EXPECT_EQ(judgement.cause(), "routing_loop");
  EXPECT_THAT(judgement.locus().addresses(), ElementsAre(kM1, kP1));
}

TEST(Verdict, PrefixUnreachableWithoutRouteInTwoProviders) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    const char* provider = name == "a" || name == "c" ? kP1 : kP2;
    builder.Vantage(name).Fit().ConnectIcmp({3, 0, provider}, 1).ConnectSilent(3).EchoSilent();
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::PREFIX_UNREACHABLE, J::NETWORK));
  EXPECT_EQ(judgement.cause(), "prefix_withdrawn");
}

TEST(Verdict, PrefixUnreachableWhenTwoProvidersSwallowIt) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Baseline(WholeWay(name));
    builder.Vantage(name).AllSilent().Walk(WayOf(name, 3)).HopPing(kE1, true).HopPing(kE2, true);
  }
  EXPECT_THAT(JudgementOf(builder), Says(J::PREFIX_UNREACHABLE, J::NETWORK));
}

struct NameCase {
  int rcode;
  const char* cause;
};

class NameFails : public ::testing::TestWithParam<NameCase> {};

TEST_P(NameFails, IsNameFailure) {
  BundleBuilder builder;
  for (const std::string& name : Names()) {
    builder.Vantage(name).Control(true);
    if (GetParam().rcode < 0) builder.Vantage(name).NameSilent();
    if (GetParam().rcode >= 0)
      builder.Vantage(name).NameRcode(static_cast<uint32_t>(GetParam().rcode));
  }
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::NAME_FAILURE, J::NAME));
  EXPECT_EQ(judgement.cause(), GetParam().cause);
  EXPECT_EQ(judgement.confidence_label(), J::HIGH);
  EXPECT_EQ(judgement.locus().kind(), v1::Locus::NAME);
}

INSTANTIATE_TEST_SUITE_P(Rcodes, NameFails,
                         ::testing::Values(NameCase{3, "name_not_found"},
                                           NameCase{2, "name_servfail"},
                                           NameCase{0, "name_no_address"},
                                           NameCase{5, "name_refused"},
                                           NameCase{-1, "name_servers_silent"}));

TEST(Verdict, VantageFaultWhenOnlyUnfitVantagesFail) {
  BundleBuilder builder;
  builder.Vantage("a").NameOk().Control(false).ControlEcho(false).ConnectSilent().EchoSilent();
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::VANTAGE_FAULT, J::VANTAGE));
  EXPECT_LE(judgement.confidence(), 0.6);
  EXPECT_EQ(ReportOf(builder, "a").state(), v1::VantageReport::DISCARDED);
}

TEST(Verdict, InconclusiveWhenNothingRan) {
  BundleBuilder builder;
  builder.Vantage("a").NotRun("drained");
  builder.Vantage("b").Lost();
  builder.Vantage("c").ConnectNotRun(v1::POLICY_DENIED);
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::INCONCLUSIVE, J::UNKNOWN));
  EXPECT_EQ(judgement.cause(), "no_evidence");
  EXPECT_TRUE(judgement.scope().vantages().empty());
  EXPECT_EQ(ReportOf(builder, "c").state(), v1::VantageReport::NOT_RUN);
  EXPECT_EQ(ReportOf(builder, "b").state(), v1::VantageReport::LOST);
}

TEST(Verdict, EveryCauseIsDescribedOnce) {
  const std::vector<CauseInfo>& causes = CauseCatalogue();
  EXPECT_GT(causes.size(), 40u);
  for (size_t i = 0; i < causes.size(); ++i) {
    EXPECT_FALSE(causes[i].description.empty()) << causes[i].id;
    if (i > 0) {
      EXPECT_LT(causes[i - 1].id, causes[i].id);
    }
  }
}

}  // namespace
}  // namespace probemesh::coordinator
