#include "coordinator/planner/planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "common/base/proto_time.h"
#include "tests/unit/coordinator/planner/planner_sim.h"

namespace probemesh::coordinator {
namespace {

using Service = FakeTarget::Service;
using Name = FakeTarget::Name;

const absl::Duration kEnd = kDefaultDeadline + kDeadlineGrace;

std::vector<FakeTarget> Views(size_t count, Service service) {
  FakeTarget view;
  view.service = service;
  return std::vector<FakeTarget>(count, view);
}

// "tcp:443 icmp dns:A walk:TCP", in order.
std::string Kinds(const std::vector<SimOrder>& orders) {
  std::string text;
  for (const SimOrder& order : orders) {
    const v1::ProbeSpec& spec = order.spec;
    if (!text.empty()) text += " ";
    if (spec.has_tcp()) text += "tcp:" + std::to_string(spec.port());
    if (spec.has_http()) text += "http";
    if (spec.has_icmp()) text += "icmp";
    if (spec.has_udp()) text += "udp";
    if (spec.has_dns()) text += "dns:" + spec.dns().type();
    if (spec.has_trace()) text += "walk:" + v1::TraceProbe::Protocol_Name(spec.trace().protocol());
  }
  return text;
}

std::vector<SimOrder> At(std::vector<SimOrder> orders, absl::Duration from, absl::Duration to) {
  orders.erase(std::remove_if(orders.begin(), orders.end(),
                              [&](const SimOrder& o) { return o.at < from || o.at >= to; }),
               orders.end());
  return orders;
}

TEST(PlannerTest, HealthyServiceIsFinalWithinAFewRoundTrips) {
  PlannerSim sim("https://www.example.com/x", Views(4, Service::kAnswers));
  EXPECT_LT(sim.Run(), absl::Milliseconds(150));
  for (size_t v = 0; v < 4; ++v) {
    EXPECT_EQ(Kinds(sim.Of(v, v1::SERVICE)), "dns:A tcp:443 tcp:443 http");
    EXPECT_EQ(Kinds(sim.Of(v, v1::CONTROL)), "tcp:443 icmp tcp:443");
    EXPECT_EQ(Kinds(sim.Of(v, v1::HOST)), "icmp udp");
    EXPECT_EQ(Kinds(sim.Of(v, v1::WALK)), "");
  }
}

TEST(PlannerTest, HttpProbeIsPinnedToTheAddressAndFollowsNothing) {
  PlannerSim sim("https://www.example.com:8443/x?y", Views(1, Service::kAnswers));
  sim.Run();
  const v1::ProbeSpec http = sim.Of(0, v1::SERVICE).back().spec;
  EXPECT_EQ(http.http().url(), "https://www.example.com:8443/x?y");
  EXPECT_EQ(http.address(), "192.0.2.10");
  EXPECT_EQ(http.port(), 8443u);
  EXPECT_EQ(http.http().max_redirects(), 0u);
}

TEST(PlannerTest, SilenceOfPingsAndDatagramsDoesNotDelayHealth) {
  std::vector<FakeTarget> views = Views(3, Service::kAnswers);
  for (FakeTarget& view : views) view.echo = view.udp = false;
  PlannerSim sim("https://www.example.com/", views);
  EXPECT_LT(sim.Run(), absl::Milliseconds(150));
}

TEST(PlannerTest, TotalSilenceFollowsTheWholeScheduleAndEndsInTime) {
  PlannerSim sim("https://192.0.2.10/", Views(4, Service::kHostSilent));
  const absl::Duration end = sim.Run();
  EXPECT_GE(end, absl::Milliseconds(3200));
  EXPECT_LE(end, kDefaultDeadline);
  for (size_t v = 0; v < 4; ++v) {
    const std::vector<SimOrder> service = sim.Of(v, v1::SERVICE);
    const auto ms = [](int n) { return absl::Milliseconds(n); };
    EXPECT_EQ(Kinds(At(service, ms(0), ms(1))), "tcp:443 tcp:443 http");
    EXPECT_EQ(Kinds(At(service, ms(300), ms(310))), "tcp:443");
    EXPECT_EQ(Kinds(At(service, ms(1000), ms(1010))), "tcp:443");
    EXPECT_EQ(service.size(), 5u);
    EXPECT_EQ(Kinds(At(sim.Of(v, v1::CONTRAST), ms(400), ms(410))), "tcp:80");
    EXPECT_EQ(Kinds(At(sim.Of(v, v1::WALK), ms(400), ms(410))), "walk:TCP walk:ICMP");
    EXPECT_EQ(Kinds(sim.Of(v, v1::HOST)), "icmp udp icmp icmp");
  }
}

TEST(PlannerTest, RetriesAreNewFlowsAndCarryTheirAttempt) {
  PlannerSim sim("192.0.2.10:22", Views(1, Service::kSilent));
  sim.Run();
  std::vector<uint32_t> attempts;
  for (const SimOrder& order : sim.Of(0, v1::SERVICE)) {
    attempts.push_back(order.spec.attempt());
    EXPECT_EQ(order.spec.source_port(), 0u);
  }
  EXPECT_EQ(attempts, (std::vector<uint32_t>{0, 0, 1, 2}));
}

TEST(PlannerTest, SomeTryListensForTheWordOfADeadHost) {
  PlannerSim sim("https://192.0.2.10/", Views(4, Service::kHostGone));
  const absl::Duration end = sim.Run();
  EXPECT_GT(end, absl::Milliseconds(3050));
  EXPECT_LT(end, absl::Milliseconds(3300));
}

TEST(PlannerTest, BudgetHoldsForSevenSilentVantages) {
  for (const char* target : {"https://192.0.2.10/", "192.0.2.10:443", "192.0.2.10"}) {
    PlannerSim sim(target, Views(7, Service::kHostSilent));
    sim.Run();
    EXPECT_LE(sim.PacketsAtTarget(), 200) << target;
    for (size_t v = 0; v < 7; ++v) EXPECT_FALSE(sim.Of(v, v1::WALK).empty()) << target;
  }
}

TEST(PlannerTest, BudgetHoldsWithTwoFamilies) {
  std::vector<FakeTarget> views = Views(7, Service::kHostSilent);
  for (FakeTarget& view : views) view.v6 = "2001:db8::10";
  PlannerSim sim("https://www.example.com/", views);
  for (PlanVantage& vantage : sim.input().vantages) vantage.capabilities.set_ipv6(true);
  sim.Run();
  EXPECT_LE(sim.PacketsAtTarget(), 200);
}

TEST(PlannerTest, RefusedEverywhereIsFinalOnceItsSupportIsIn) {
  PlannerSim sim("https://192.0.2.10/", Views(4, Service::kRefuses));
  EXPECT_LT(sim.Run(), absl::Milliseconds(500));
  size_t walks = 0;
  for (size_t v = 0; v < 4; ++v) {
    EXPECT_EQ(Kinds(sim.Of(v, v1::CONTRAST)), "tcp:80");
    walks += sim.Of(v, v1::WALK).size();
  }
  EXPECT_EQ(walks, kMaxRefusalWalks);
}

TEST(PlannerTest, SupportThatStaysOutDelaysARefusalByItsPatienceOnly) {
  std::vector<FakeTarget> views = Views(4, Service::kRefuses);
  for (FakeTarget& view : views) view.echo = view.udp = false;
  PlannerSim sim("https://192.0.2.10/", views);
  const absl::Duration end = sim.Run();
  EXPECT_GE(end, kSupportPatience);
  EXPECT_LT(end, kSupportPatience + absl::Milliseconds(200));
}

TEST(PlannerTest, AnExplicitRejectNamesItsSenderAndNeedsNoWalk) {
  PlannerSim sim("https://192.0.2.10/", Views(4, Service::kProhibited));
  EXPECT_LT(sim.Run(), absl::Milliseconds(500));
  for (size_t v = 0; v < 4; ++v) EXPECT_TRUE(sim.Of(v, v1::WALK).empty());
}

TEST(PlannerTest, AnswersOfTheWrongKindAreConfirmedOnceAndFinal) {
  PlannerSim sim("http://192.0.2.10/", Views(3, Service::kUnavailable));
  EXPECT_LT(sim.Run(), absl::Milliseconds(400));
  EXPECT_EQ(Kinds(sim.Of(0, v1::SERVICE)), "tcp:80 tcp:80 http http");
}

TEST(PlannerTest, AHungServiceIsHeardOutWithinTheDeadline) {
  PlannerSim sim("https://192.0.2.10/", Views(3, Service::kHangs));
  const absl::Duration end = sim.Run();
  EXPECT_GT(end, absl::Seconds(3));
  EXPECT_LE(end, kDefaultDeadline);
  EXPECT_EQ(Kinds(sim.Of(0, v1::SERVICE)), "tcp:443 tcp:443 http http");
  EXPECT_TRUE(sim.Of(0, v1::WALK).empty());
}

TEST(PlannerTest, MissingNameIsFinalAtOnceAndNothingIsProbed) {
  std::vector<FakeTarget> views = Views(3, Service::kAnswers);
  for (FakeTarget& view : views) view.name = Name::kNxdomain;
  PlannerSim sim("https://www.example.com/", views);
  EXPECT_LT(sim.Run(), absl::Milliseconds(100));
  EXPECT_EQ(Kinds(sim.Of(0, v1::SERVICE)), "dns:A");
  EXPECT_TRUE(sim.Of(0, v1::HOST).empty());
}

TEST(PlannerTest, DeadResolversEndWithTheirTimeout) {
  std::vector<FakeTarget> views = Views(3, Service::kAnswers);
  for (FakeTarget& view : views) view.name = Name::kSilent;
  PlannerSim sim("https://www.example.com/", views);
  const absl::Duration end = sim.Run();
  EXPECT_GE(end, kDnsTimeout);
  EXPECT_LT(end, kDnsTimeout + absl::Milliseconds(100));
  EXPECT_EQ(Kinds(sim.Of(0, v1::SERVICE)), "dns:A dns:A");
  EXPECT_TRUE(sim.Of(0, v1::SERVICE).back().spec.dns().tcp());
}

TEST(PlannerTest, ABrokenResolverDoesNotBlindItsVantage) {
  for (const Name name : {Name::kSilent, Name::kNxdomain}) {
    std::vector<FakeTarget> views = Views(4, Service::kAnswers);
    views[1].name = name;
    PlannerSim sim("https://www.example.com/", views);
    sim.Run();
    const std::vector<SimOrder> service = sim.Of(1, v1::SERVICE);
    const auto tcp = std::find_if(service.begin(), service.end(),
                                  [](const SimOrder& order) { return order.spec.has_tcp(); });
    ASSERT_NE(tcp, service.end());
    EXPECT_EQ(tcp->spec.address(), "192.0.2.10");
    EXPECT_LE(tcp->at, absl::Milliseconds(310));
  }
}

TEST(PlannerTest, BothFamiliesAreTriedFromVantagesThatHaveThem) {
  std::vector<FakeTarget> views = Views(2, Service::kAnswers);
  for (FakeTarget& view : views) view.v6 = "2001:db8::10";
  PlannerSim sim("https://www.example.com/", views);
  sim.input().vantages[0].capabilities.set_ipv6(true);
  EXPECT_LT(sim.Run(), absl::Milliseconds(250));
  EXPECT_EQ(Kinds(sim.Of(0, v1::SERVICE)), "dns:A dns:AAAA tcp:443 tcp:443 http tcp:443 http");
  EXPECT_EQ(Kinds(sim.Of(1, v1::SERVICE)), "dns:A tcp:443 tcp:443 http");
}

TEST(PlannerTest, TheFamilyAskedForIsTheOnlyOne) {
  std::vector<FakeTarget> views = Views(1, Service::kAnswers);
  views[0].v6 = "2001:db8::10";
  PlannerSim sim("https://www.example.com/", views);
  sim.input().family = v1::IPV6;
  sim.input().vantages[0].capabilities.set_ipv6(true);
  sim.Run();
  EXPECT_EQ(Kinds(sim.Of(0, v1::SERVICE)), "dns:AAAA tcp:443 tcp:443 http");
}

TEST(PlannerTest, AManyFacedNameIsProbedAtFourAddressesAtMost) {
  PlanInput input = PlannerSim("www.example.com:443", Views(1, Service::kAnswers)).input();
  input.vantages[0].capabilities.set_ipv6(true);
  Planner planner(input);
  PlanStep step = planner.Advance(absl::ZeroDuration());
  v1::Observation flood;
  flood.set_outcome(v1::ANSWERED);
  for (int i = 0; i < 5000; ++i) {
    flood.mutable_dns()->add_addresses("192.0.2." + std::to_string(i % 250 + 1));
    flood.mutable_dns()->add_addresses("2001:db8::" + std::to_string(i % 250 + 1));
  }
  for (const ProbeOrder& order : step.orders) {
    if (order.spec.has_dns()) planner.OnObservation(order.id, flood, absl::Milliseconds(10));
  }
  std::set<std::string> addresses;
  step = planner.Advance(absl::Milliseconds(10));
  for (const ProbeOrder& order : step.orders) addresses.insert(order.spec.address());
  EXPECT_EQ(addresses.size(), 4u);
}

TEST(PlannerTest, OnePartOfTheMeshSilentMakesTheOtherWalkForContrast) {
  std::vector<FakeTarget> views = Views(4, Service::kAnswers);
  views[0].cut = views[1].cut = 2;
  PlannerSim sim("https://192.0.2.10/", views);
  EXPECT_LE(sim.Run(), kDefaultDeadline);
  EXPECT_EQ(Kinds(sim.Of(0, v1::WALK)), "walk:TCP walk:ICMP");
  EXPECT_EQ(Kinds(sim.Of(2, v1::WALK)), "walk:TCP");
  EXPECT_EQ(Kinds(sim.Of(3, v1::WALK)), "walk:TCP");
  EXPECT_GE(sim.Of(2, v1::WALK)[0].at, kWalkAfter);
  EXPECT_EQ(sim.Of(2, v1::WALK)[0].spec.trace().last_ttl(),
            5u);  // three routers, the target, slack
}

TEST(PlannerTest, TotalSilenceMakesCutVantagesWalkTowardsControlsOnce) {
  PlannerSim sim("https://192.0.2.10/", Views(4, Service::kHostSilent));
  EXPECT_LE(sim.Run(), kDefaultDeadline);
  for (size_t v = 0; v < 4; ++v) {
    size_t walks = 0;
    for (const SimOrder& order : sim.Of(v, v1::CONTROL)) {
      if (!order.spec.has_trace()) continue;
      ++walks;
      EXPECT_GE(order.at, kControlWalkAfter);
      EXPECT_NE(order.spec.address(), "192.0.2.10");
    }
    EXPECT_EQ(walks, 1u);
  }
}

TEST(PlannerTest, NobodyWalksTowardsControlsWhileTheTargetAnswersSomebody) {
  std::vector<FakeTarget> views = Views(4, Service::kAnswers);
  views[0].cut = views[1].cut = 2;
  PlannerSim sim("https://192.0.2.10/", views);
  sim.Run();
  for (size_t v = 0; v < 4; ++v) {
    for (const SimOrder& order : sim.Of(v, v1::CONTROL)) EXPECT_FALSE(order.spec.has_trace());
  }
}

TEST(PlannerTest, CutWalksLeadToPingsBeyondTheCut) {
  std::vector<FakeTarget> views = Views(4, Service::kAnswers);
  views[0].cut = 2;
  PlannerSim sim("https://192.0.2.10/", views);
  sim.Run();
  std::vector<std::string> pinged;
  for (const SimOrder& order : sim.Of(0, v1::HOP_PING)) pinged.push_back(order.spec.address());
  EXPECT_THAT(pinged, testing::UnorderedElementsAre("198.51.100.3", "198.51.100.2"));
  EXPECT_TRUE(sim.Of(2, v1::HOP_PING).empty());
}

TEST(PlannerTest, AVantageWhoseControlsFailTooDoesNotHoldUpTheOthers) {
  std::vector<FakeTarget> views = Views(4, Service::kAnswers);
  views[3].service = Service::kHostSilent;
  views[3].controls = false;
  views[3].name = Name::kSilent;
  PlannerSim sim("https://www.example.com/", views);
  const absl::Duration end = sim.Run();
  EXPECT_GE(end, kControlTimeout);
  EXPECT_LT(end, kControlTimeout + absl::Milliseconds(100));
  EXPECT_TRUE(sim.looked_healthy());
}

TEST(PlannerTest, WithoutPingSocketsNothingIsPingedAndTheSecondWalkIsUdp) {
  PlannerSim sim("https://192.0.2.10/", Views(2, Service::kHostSilent));
  for (PlanVantage& vantage : sim.input().vantages) vantage.capabilities.set_icmp_echo_v4(false);
  sim.Run();
  for (const SimOrder& order : sim.orders()) EXPECT_FALSE(order.spec.has_icmp());
  EXPECT_EQ(Kinds(sim.Of(0, v1::WALK)), "walk:TCP walk:UDP");
}

TEST(PlannerTest, WithoutAnErrorQueueNothingIsWalked) {
  PlannerSim sim("https://192.0.2.10/", Views(2, Service::kHostSilent));
  for (PlanVantage& vantage : sim.input().vantages) vantage.capabilities.set_error_queue(false);
  sim.Run();
  EXPECT_TRUE(sim.Of(0, v1::WALK).empty());
}

TEST(PlannerTest, HostTargetIsPingedAndAnyLifeIsHealth) {
  PlannerSim alive("192.0.2.10", Views(3, Service::kAnswers));
  EXPECT_LT(alive.Run(), absl::Milliseconds(100));
  EXPECT_EQ(Kinds(alive.Of(0, v1::SERVICE)), "icmp");

  std::vector<FakeTarget> mute = Views(3, Service::kAnswers);
  for (FakeTarget& view : mute) view.echo = false;
  PlannerSim datagram("192.0.2.10", mute);
  EXPECT_LT(datagram.Run(), absl::Milliseconds(100));

  for (FakeTarget& view : mute) view.udp = false;
  PlannerSim port("192.0.2.10", mute);
  EXPECT_LT(port.Run(), absl::Milliseconds(600));  // another port refuses at 400 ms
}

TEST(PlannerTest, HostTargetWithoutPingSocketsTriesPortsAtOnce) {
  PlannerSim sim("192.0.2.10", Views(1, Service::kAnswers));
  sim.input().vantages[0].capabilities.set_icmp_echo_v4(false);
  EXPECT_LT(sim.Run(), absl::Milliseconds(100));
  EXPECT_EQ(Kinds(sim.Of(0, v1::CONTRAST)), "tcp:443 tcp:80");
}

TEST(PlannerTest, NeighboursAreAskedOnlyWhenDeclared) {
  PlannerSim sim("https://192.0.2.10/", Views(2, Service::kHostSilent));
  sim.input().neighbors = {HostPort{"192.0.2.11", 0}, HostPort{"192.0.2.12", 22}};
  sim.Run();
  EXPECT_EQ(Kinds(sim.Of(0, v1::NEIGHBOR)), "icmp icmp tcp:22 icmp icmp");
}

TEST(PlannerTest, ANeighbourGivenByNameIsResolvedWhereItIsAsked) {
  PlannerSim sim("https://192.0.2.99/", Views(2, Service::kHostSilent));
  sim.input().neighbors = {HostPort{"n.example", 22}};
  sim.view(1).name = FakeTarget::Name::kNxdomain;
  sim.Run();
  const std::vector<SimOrder> asked = sim.Of(0, v1::NEIGHBOR);
  EXPECT_EQ(Kinds(asked), "dns:A icmp tcp:22 icmp");
  EXPECT_EQ(asked[0].spec.dns().name(), "n.example");
  EXPECT_EQ(asked[1].spec.address(), sim.view(0).v4);
  EXPECT_EQ(Kinds(sim.Of(1, v1::NEIGHBOR)), "dns:A") << "no address, nothing to ask";
}

TEST(PlannerTest, PartialFlowsAreCounted) {
  PlannerSim sim("192.0.2.10:443", Views(3, Service::kAnswers));
  int tries = 0;
  sim.set_filter([&](const SimOrder& order) {
    // Every second flow of the first vantage is lost for good.
    if (order.vantage != 0 || !order.spec.has_tcp() || order.spec.role() != v1::SERVICE)
      return true;
    return ++tries % 2 != 0;
  });
  sim.Run();
  EXPECT_EQ(sim.Of(0, v1::SERVICE).size(), 2 + kExtraFlows);
  EXPECT_EQ(sim.Of(1, v1::SERVICE).size(), 2u);
}

TEST(PlannerTest, ALongPathIsWalkedOnWhereTheFirstWalkGaveUp) {
  std::vector<FakeTarget> views = Views(1, Service::kHostSilent);
  views[0].routers.clear();
  for (int i = 1; i <= 16; ++i) views[0].routers.push_back("198.51.100." + std::to_string(i));
  PlannerSim sim("192.0.2.10:443", views);
  sim.Run();
  bool longer = false;
  for (const SimOrder& order : sim.Of(0, v1::WALK)) {
    longer = longer || order.spec.trace().first_ttl() == kBlindLastTtl + 1;
  }
  EXPECT_TRUE(longer);
}

TEST(PlannerTest, DeniedByTheNodesOwnerIsNotAskedAgain) {
  std::vector<FakeTarget> views = Views(3, Service::kAnswers);
  views[0].service = Service::kDenied;
  PlannerSim sim("https://192.0.2.10/", views);
  EXPECT_LT(sim.Run(), absl::Milliseconds(200));
  EXPECT_EQ(sim.Of(0, v1::SERVICE).size(), 3u);
}

TEST(PlannerTest, TheTimeoutOfTheUserMovesTheEnd) {
  PlannerSim sim("https://192.0.2.10/", Views(2, Service::kHostSilent));
  sim.input().deadline = absl::Seconds(10);
  const absl::Duration end = sim.Run();
  EXPECT_GT(end, absl::Seconds(9));
  EXPECT_LE(end, absl::Seconds(10));
}

TEST(PlannerTest, NodesThatNeverReportAreWaitedForUntilTheGraceOnly) {
  PlannerSim sim("https://192.0.2.10/", Views(2, Service::kAnswers));
  sim.set_filter([](const SimOrder& order) { return order.vantage != 1; });
  EXPECT_EQ(sim.Run(), kEnd);
}

TEST(PlannerTest, LostVantagesAreNotWaitedFor) {
  PlanInput input = PlannerSim("https://192.0.2.10/", Views(2, Service::kAnswers)).input();
  Planner planner(input);
  const PlanStep first = planner.Advance(absl::ZeroDuration());
  FakeTarget view;
  for (const ProbeOrder& order : first.orders) {
    if (order.vantage == 0) {
      planner.OnObservation(order.id, view.Answer(order.spec).observation, absl::Milliseconds(50));
    }
  }
  EXPECT_FALSE(planner.Advance(absl::Milliseconds(50)).finished);
  planner.OnVantageLost(1);
  EXPECT_TRUE(planner.Advance(absl::Milliseconds(60)).finished);
}

TEST(PlannerTest, StrangeEvidenceIsSurvived) {
  PlanInput input = PlannerSim("https://www.example.com/", Views(2, Service::kAnswers)).input();
  Planner planner(input);
  const PlanStep first = planner.Advance(absl::ZeroDuration());
  v1::Observation strange;
  strange.set_outcome(v1::ANSWERED);
  strange.mutable_dns()->add_addresses("999.1.1.1");
  strange.mutable_dns()->add_addresses("0.0.0.0");
  strange.mutable_dns()->add_addresses("224.0.0.1");
  strange.mutable_trace()->add_hops()->set_address(std::string(100000, 'x'));
  strange.add_exchanges()->set_reply_ttl(4000000000u);
  planner.OnObservation(777777, strange, absl::Milliseconds(1));
  for (const ProbeOrder& order : first.orders) {
    planner.OnObservation(order.id, strange, absl::Milliseconds(10));
    planner.OnObservation(order.id, strange, absl::Milliseconds(10));
  }
  planner.OnVantageLost(99);
  planner.OnNoResult(12345);
  EXPECT_TRUE(planner.Advance(absl::Milliseconds(10)).finished);
}

TEST(PlannerTest, NoVantageAtAllIsFinishedAtOnce) {
  PlanInput input = PlannerSim("https://192.0.2.10/", {}).input();
  EXPECT_TRUE(Planner(input).Advance(absl::ZeroDuration()).finished);
}

TEST(PlannerTest, EveryTimeoutEndsBeforeTheDeadline) {
  PlannerSim sim("https://www.example.com/", Views(4, Service::kHostSilent));
  sim.Run();
  for (const SimOrder& order : sim.orders()) {
    EXPECT_LE(order.at + FromProto(order.spec.timeout()), kDefaultDeadline - kReportMargin)
        << order.spec.ShortDebugString();
  }
}

}  // namespace
}  // namespace probemesh::coordinator
