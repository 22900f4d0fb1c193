// The schedule and the judge together: does what the planner asks for suffice for the verdict?
#include <set>

#include "common/base/proto_time.h"
#include "tests/unit/coordinator/runs/run_fixture.h"

namespace probemesh::coordinator {
namespace {

using Service = FakeTarget::Service;
using Name = FakeTarget::Name;
constexpr char kTarget[] = "https://www.example.com/";

class VerdictTest : public RunFixture {
 protected:
  VerdictTest() {
    // Two ways to the site: a and b by one provider, c and d by the other.
    for (const char* name : {"a", "b", "c", "d"}) {
      const bool west = *name == 'a' || *name == 'b';
      host_.node(name).view.routers = {
          absl::StrCat("198.51.100.", static_cast<int>(*name)), west ? "198.18.1.1" : "198.18.2.1",
          west ? "198.18.1.2" : "198.18.2.2", west ? "198.18.3.1" : "198.18.3.2"};
    }
    manager_ = std::make_unique<RunManager>(host_);
    host_.Attach(manager_.get());
  }

  v1::Diagnosis Run(const std::string& target = kTarget) {
    return Finish(Create(Request(target))->name());
  }
  // A new process finds the bundle in the store and comes to the same judgement.
  void ExpectSameAfterARestart(const v1::Diagnosis& done) {
    host_.manual_loop().AdvanceBy(absl::Seconds(20));
    manager_ = std::make_unique<RunManager>(host_);
    host_.Attach(manager_.get());
    const v1::EvidenceBundle bundle = BundleOf(done.name());
    EXPECT_EQ(EvidenceDigest(bundle), done.diagnosis().evidence_digest());
    EXPECT_EQ(Diagnose(bundle).judgement.ShortDebugString(), done.diagnosis().ShortDebugString());
  }
  static std::string VerdictOf(const v1::Diagnosis& diagnosis) {
    return v1::Judgement::Verdict_Name(diagnosis.diagnosis().verdict());
  }
};

TEST_F(VerdictTest, Healthy) {
  const v1::Diagnosis done = Run();
  EXPECT_EQ(VerdictOf(done), "HEALTHY") << done.diagnosis().DebugString();
  EXPECT_LT(FromProto(done.elapsed()), absl::Milliseconds(300));
}

TEST_F(VerdictTest, HealthyHost) { EXPECT_EQ(VerdictOf(Run("192.0.2.10")), "HEALTHY"); }

TEST_F(VerdictTest, ServiceDown) {
  for (const Service service : {Service::kRefuses, Service::kHangs, Service::kUnavailable}) {
    SetService(service);
    const v1::Diagnosis done = Run();
    EXPECT_EQ(VerdictOf(done), "SERVICE_DOWN") << done.diagnosis().DebugString();
    EXPECT_LE(FromProto(done.elapsed()), absl::Milliseconds(3600));
  }
}

TEST_F(VerdictTest, HostDown) {
  SetService(Service::kHostGone);
  const v1::Diagnosis done = Run();
  EXPECT_EQ(VerdictOf(done), "HOST_DOWN") << done.diagnosis().DebugString();
}

TEST_F(VerdictTest, FilteredPort) {
  SetService(Service::kSilent);
  const v1::Diagnosis done = Run();
  EXPECT_EQ(VerdictOf(done), "FILTERED") << done.diagnosis().DebugString();
}

TEST_F(VerdictTest, FilteredExplicitly) {
  SetService(Service::kProhibited);
  const v1::Diagnosis done = Run();
  EXPECT_EQ(VerdictOf(done), "FILTERED") << done.diagnosis().DebugString();
  EXPECT_LT(FromProto(done.elapsed()), absl::Seconds(2));
}

TEST_F(VerdictTest, TargetSilent) {
  SetService(Service::kHostSilent);
  v1::CreateDiagnosisRequest request = Request(kTarget);
  request.mutable_spec()->add_neighbors("192.0.2.11");
  const v1::Diagnosis done = Finish(Create(request)->name());
  EXPECT_EQ(VerdictOf(done), "TARGET_SILENT") << done.diagnosis().DebugString();
}

// Two last hops, and nothing but silence behind them.
TEST_F(VerdictTest, TargetSilentBehindTheLastHopsOfAHealthierTime) {
  ASSERT_EQ(VerdictOf(Run()), "HEALTHY");
  host_.manual_loop().AdvanceBy(absl::Minutes(1));
  SetService(Service::kHostSilent);
  const v1::Diagnosis done = Run();
  EXPECT_EQ(VerdictOf(done), "TARGET_SILENT") << done.diagnosis().DebugString();
  EXPECT_EQ(BundleOf(done.name()).baseline_size(), 4);
}

TEST_F(VerdictTest, SilenceBehindUnknownRoutersIsNotTheTargets) {
  SetService(Service::kHostSilent);
  const v1::Diagnosis done = Run();
  EXPECT_NE(VerdictOf(done), "TARGET_SILENT") << done.diagnosis().DebugString();
}

TEST_F(VerdictTest, PathFailureOfOneProvider) {
  host_.node("a").view.cut = host_.node("b").view.cut = 2;
  const v1::Diagnosis done = Run();
  EXPECT_EQ(VerdictOf(done), "PATH_FAILURE") << done.diagnosis().DebugString();
  EXPECT_EQ(done.diagnosis().locus().from_address(), "198.18.1.1");
}

TEST_F(VerdictTest, NameFailure) {
  for (const Name name : {Name::kNxdomain, Name::kSilent}) {
    for (const char* node : {"a", "b", "c", "d"}) host_.node(node).view.name = name;
    const v1::Diagnosis done = Run();
    EXPECT_EQ(VerdictOf(done), "NAME_FAILURE") << done.diagnosis().DebugString();
  }
}

TEST_F(VerdictTest, BrokenVantageAndBrokenResolverDoNotSpoilHealth) {
  host_.node("b").view.service = Service::kHostSilent;
  host_.node("b").view.controls = false;
  host_.node("c").view.name = Name::kSilent;
  const v1::Diagnosis done = Run();
  EXPECT_EQ(VerdictOf(done), "HEALTHY") << done.diagnosis().DebugString();
  EXPECT_EQ(ReportOf(done, "b").state(), v1::VantageReport::DISCARDED);
  EXPECT_EQ(ReportOf(done, "c").state(), v1::VantageReport::OK);
}

TEST_F(VerdictTest, SameBundleSameVerdictAfterARestart) {
  host_.node("a").view.cut = host_.node("b").view.cut = 2;
  ExpectSameAfterARestart(Run());
}

TEST_F(VerdictTest, SameBundleSameVerdictAfterARestartWithABaseline) {
  Run();
  host_.manual_loop().AdvanceBy(absl::Minutes(1));
  SetService(Service::kHostSilent);
  const v1::Diagnosis done = Run();
  ExpectSameAfterARestart(done);
  EXPECT_EQ(BundleOf(done.name()).baseline_size(), 4);
}

}  // namespace
}  // namespace probemesh::coordinator
