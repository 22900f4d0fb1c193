#include "coordinator/runs/path_atlas.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/base/proto_time.h"
#include "coordinator/planner/schedule.h"
#include "coordinator/runs/limits.h"
#include "tests/unit/coordinator/runs/run_fixture.h"

namespace probemesh::coordinator {
namespace {

using SentCommand = FakeRunHost::SentCommand;
constexpr char kTarget[] = "https://www.example.com/";

class PathAtlasTest : public RunFixture {
 protected:
  v1::Diagnosis Run(const std::string& target = kTarget) {
    return Finish(Create(Request(target))->name());
  }
  void Wait(absl::Duration duration = absl::Seconds(10)) {
    host_.manual_loop().AdvanceBy(duration);
  }
  std::vector<SentCommand> Walks() const {
    std::vector<SentCommand> walks;
    for (const SentCommand& sent : host_.sent()) {
      if (PathAtlas::Owns(sent.run)) walks.push_back(sent);
    }
    return walks;
  }
  std::vector<std::string> Walkers() const {
    std::vector<std::string> nodes;
    for (const SentCommand& walk : Walks()) nodes.push_back(walk.node);
    std::sort(nodes.begin(), nodes.end());
    return nodes;
  }
  // Of a diagnosis of the target that begins now.
  std::vector<v1::Observation> Baseline(const std::string& target = kTarget) {
    const v1::EvidenceBundle bundle = BundleOf(Create(Request(target))->name());
    return {bundle.baseline().begin(), bundle.baseline().end()};
  }
};

TEST_F(PathAtlasTest, EachVantageOfAHealthyDiagnosisWalksOnceAfterwards) {
  Run();
  EXPECT_TRUE(Walks().empty()) << "the verdict comes first";
  Wait();
  EXPECT_THAT(Walkers(), testing::ElementsAre("nodes/a", "nodes/b", "nodes/c", "nodes/d"));
  for (const SentCommand& walk : Walks()) {
    const v1::ProbeSpec& spec = walk.command.spec();
    EXPECT_EQ(spec.role(), v1::WALK);
    EXPECT_EQ(spec.address(), "192.0.2.10");
    EXPECT_EQ(spec.port(), 443u);
    EXPECT_EQ(spec.trace().protocol(), v1::TraceProbe::TCP);
    EXPECT_EQ(spec.trace().last_ttl(), 5u) << "three routers, the target, and one to spare";
    EXPECT_GE(FromProto(walk.command.time_to_live()), absl::Seconds(1));
    EXPECT_LE(FromProto(walk.command.time_to_live()), absl::Seconds(10));
  }
}

TEST_F(PathAtlasTest, ItsWalksAreTheNextBaseline) {
  Run();
  EXPECT_TRUE(Baseline("https://other.example.com/").empty());
  Wait();
  const std::vector<v1::Observation> baseline = Baseline();
  ASSERT_EQ(baseline.size(), 4u);
  for (const v1::Observation& walk : baseline) {
    EXPECT_TRUE(walk.trace().reached());
    EXPECT_FALSE(walk.node().empty());
    EXPECT_FALSE(walk.has_arrival_offset());
  }
  EXPECT_TRUE(Baseline("https://www.example.com:8443/").empty());
}

TEST_F(PathAtlasTest, FreshWalksAreNotRepeated) {
  Run();
  Wait();
  Run();
  Wait();
  EXPECT_EQ(Walks().size(), 4u);
  Wait(kFreshWalk);
  Run();
  Wait();
  EXPECT_EQ(Walks().size(), 8u);
}

TEST_F(PathAtlasTest, OldWalksAreNotUsed) {
  Run();
  Wait();
  Wait(kWalkLifetime);
  EXPECT_TRUE(Baseline().empty());
}

TEST_F(PathAtlasTest, NobodyWalksAfterAFailure) {
  host_.node("b").view.service = FakeTarget::Service::kRefuses;
  Run();
  Wait();
  EXPECT_TRUE(Walks().empty());
}

TEST_F(PathAtlasTest, OnlyVantagesThatGotThroughAndCanSeeErrorsWalk) {
  host_.node("b").view.service = FakeTarget::Service::kDenied;
  host_.node("c").node.mutable_capabilities()->set_error_queue(false);
  const v1::Diagnosis done = Run();
  ASSERT_EQ(done.diagnosis().verdict(), v1::Judgement::HEALTHY);
  Wait();
  for (const std::string& node : Walkers()) {
    EXPECT_NE(node, "nodes/b");
    EXPECT_NE(node, "nodes/c");
  }
  EXPECT_EQ(Walks().size(), 2u);
}

TEST_F(PathAtlasTest, AHostIsWalkedToByEchoOrElseByDatagrams) {
  manager_ = std::make_unique<RunManager>(host_);
  host_.Attach(manager_.get());
  host_.node("b").node.mutable_capabilities()->set_icmp_echo_v4(false);
  const v1::Diagnosis done = Run("192.0.2.10");
  ASSERT_EQ(ReportOf(done, "b").state(), v1::VantageReport::OK);
  Wait();
  std::map<std::string, v1::ProbeSpec> specs;
  for (const SentCommand& walk : Walks()) specs[walk.node] = walk.command.spec();
  EXPECT_EQ(specs["nodes/a"].trace().protocol(), v1::TraceProbe::ICMP);
  EXPECT_EQ(specs["nodes/b"].trace().protocol(), v1::TraceProbe::UDP);
  EXPECT_EQ(specs["nodes/b"].port(), kTraceroutePort);
  EXPECT_EQ(specs["nodes/b"].trace().last_ttl(), kBlindLastTtl);
}

TEST_F(PathAtlasTest, WalksAreSpread) {
  for (const char* name : {"a", "b", "c", "d"}) {
    host_.node(name).node.mutable_capabilities()->set_ipv6(true);
    host_.node(name).view.v6 = "2001:db8::10";
  }
  Run();
  Run("https://other.example.com/");
  Wait();
  std::map<std::string, absl::Duration> last;
  std::set<absl::Duration> times;
  std::set<std::string> addresses;
  for (const SentCommand& walk : Walks()) {
    const auto before = last.find(walk.node);
    if (before != last.end()) {
      EXPECT_GE(walk.at - before->second, kWalkGapPerNode);
    }
    last[walk.node] = walk.at;
    EXPECT_TRUE(times.insert(walk.at).second) << "two at once";
    addresses.insert(walk.command.spec().address());
  }
  EXPECT_THAT(addresses, testing::ElementsAre("192.0.2.10", "2001:db8::10"));
  EXPECT_EQ(Walks().size(), 16u);
}

TEST_F(PathAtlasTest, AWalkThatDidNotArriveTeachesNothing) {
  Run();
  for (const char* name : {"a", "b", "c", "d"}) host_.node(name).view.cut = 2;
  Wait();
  EXPECT_EQ(Walks().size(), 4u);
  EXPECT_TRUE(Baseline().empty());
}

TEST_F(PathAtlasTest, OnlyAnswersToWhatWasAskedAreBelieved) {
  Run();
  host_.node("a").distort = [](v1::Observation& walk) {
    walk.mutable_spec()->set_address("192.0.2.99");
  };
  host_.node("b").distort = [](v1::Observation& walk) { walk.set_node("nodes/c"); };
  host_.node("c").distort = [](v1::Observation& walk) { walk.set_command_id("unheard of"); };
  Wait();
  const std::vector<v1::Observation> baseline = Baseline();
  ASSERT_EQ(baseline.size(), 1u);
  EXPECT_EQ(baseline[0].node(), "nodes/d");
}

TEST_F(PathAtlasTest, WalksOfDiagnosesCountAsWell) {
  // The port is filtered for all but one: who is healthy walks for contrast.
  for (const char* name : {"a", "b", "c"}) {
    host_.node(name).view.service = FakeTarget::Service::kSilent;
  }
  Run();
  EXPECT_TRUE(Walks().empty());
  const std::vector<v1::Observation> baseline = Baseline();
  ASSERT_FALSE(baseline.empty());
  for (const v1::Observation& walk : baseline) EXPECT_TRUE(walk.trace().reached());
}

TEST_F(PathAtlasTest, ALostNodeIsAskedAgainWhenItIsBack) {
  for (const char* name : {"a", "b", "c", "d"}) {
    host_.node(name).view.rtt = absl::Milliseconds(1);
  }
  Run();
  host_.LoseNode("a");
  Wait();
  EXPECT_THAT(Walkers(), testing::ElementsAre("nodes/b", "nodes/c", "nodes/d"));
  host_.node("a").node.set_state(v1::Node::CONNECTED);
  Run();
  Wait();
  EXPECT_THAT(Walkers(), testing::ElementsAre("nodes/a", "nodes/b", "nodes/c", "nodes/d"));
}

TEST_F(PathAtlasTest, AWalkThatIsLostOrRefusedMayBeAskedForAgain) {
  Run();
  host_.node("a").answers = false;
  host_.node("b").takes_commands = false;
  Wait(absl::Seconds(1));
  host_.LoseNode("a");
  host_.node("a").node.set_state(v1::Node::CONNECTED);
  host_.node("a").answers = true;
  host_.node("b").takes_commands = true;
  Run();
  Wait();
  EXPECT_THAT(Walkers(),
              testing::ElementsAre("nodes/a", "nodes/a", "nodes/b", "nodes/c", "nodes/d"));
  EXPECT_EQ(Baseline().size(), 4u);
}

TEST_F(PathAtlasTest, NoWalkIsSentOnceTheCoordinatorShutsDown) {
  Run();
  manager_->Shutdown([] {});
  Wait(absl::Minutes(1));
  EXPECT_TRUE(Walks().empty());
}

TEST_F(PathAtlasTest, NoTimerOutlivesTheManager) {
  Run();
  manager_.reset();
  host_.Attach(nullptr);
  Wait(absl::Minutes(1));
  EXPECT_TRUE(Walks().empty());
}

TEST_F(PathAtlasTest, FewWalksAreUnderWayAtOnceAndStaleOnesAreDropped) {
  constexpr size_t kTargets = 20;  // with four vantages each, more walks than may be under way
  for (size_t i = 0; i < kTargets; ++i) Run(absl::StrCat("https://www", i, ".example.com/"));
  const size_t answered = Walks().size();
  for (const char* name : {"a", "b", "c", "d"}) host_.node(name).answers = false;
  Wait(absl::Seconds(25));
  EXPECT_LE(Walks().size(), answered + kMaxBackgroundWalks);
  EXPECT_GE(Walks().size(), kMaxBackgroundWalks);
  Wait(absl::Minutes(5));
  EXPECT_LT(Walks().size(), kTargets * 4) << "sent after their time";
}

}  // namespace
}  // namespace probemesh::coordinator
