#include "coordinator/runs/run_manager.h"

#include "common/base/proto_time.h"
#include "coordinator/runs/limits.h"
#include "tests/unit/coordinator/runs/run_fixture.h"

namespace probemesh::coordinator {
namespace {

using Service = FakeTarget::Service;
constexpr char kTarget[] = "https://www.example.com/";

class RunManagerTest : public RunFixture {
 protected:
  absl::StatusOr<v1::Diagnosis> Cancel(const std::string& name) {
    absl::StatusOr<v1::Diagnosis> cancelled = absl::UnknownError("no reply");
    manager_->CancelDiagnosis(name, [&](absl::StatusOr<v1::Diagnosis> r) { cancelled = r; });
    host_.manual_loop().RunUntilIdle();
    return cancelled;
  }
  absl::StatusOr<v1::ListDiagnosesResponse> List(int size, const std::string& token = "") {
    absl::StatusOr<v1::ListDiagnosesResponse> listed = absl::UnknownError("no reply");
    v1::ListDiagnosesRequest request;
    request.set_page_size(size);
    request.set_page_token(token);
    manager_->ListDiagnoses(request,
                            [&](absl::StatusOr<v1::ListDiagnosesResponse> r) { listed = r; });
    host_.manual_loop().RunUntilIdle();
    return listed;
  }
  absl::StatusOr<v1::EvidenceBundle> Bundle(const std::string& name) {
    absl::StatusOr<v1::EvidenceBundle> bundle = absl::UnknownError("no reply");
    manager_->GetEvidenceBundle(name, [&](absl::StatusOr<v1::EvidenceBundle> r) { bundle = r; });
    host_.manual_loop().RunUntilIdle();
    return bundle;
  }
};

TEST_F(RunManagerTest, BadRequestsGetClearErrors) {
  EXPECT_EQ(Create(Request("")).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Create(Request("ftp://x")).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Create(Request(kTarget, "a,,b")).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Create(Request(kTarget, "@nothing")).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Create(Request(kTarget, "@1,@2,@3,@4,@5,@6,@7,@8,@9")).status().code(),
            absl::StatusCode::kInvalidArgument);
  const absl::Status nothing = Create(Request(kTarget, "mars")).status();
  EXPECT_EQ(nothing.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(nothing.message()), testing::HasSubstr("a, b, c, d"));
  for (const char* name : {"a", "b", "c", "d"}) {
    host_.node(name).node.set_state(v1::Node::DISCONNECTED);
  }
  const absl::Status none = Create(Request(kTarget)).status();
  EXPECT_EQ(none.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(none.message()), testing::HasSubstr("no node is connected"));
  EXPECT_EQ(Get("diagnoses/unknown").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Get("nodes/a").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Cancel("diagnoses/unknown").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Bundle("diagnoses/unknown").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Watch("diagnoses/unknown")->ended->code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(List(-1).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(RunManagerTest, NothingBeginsBeforeItIsStored) {
  host_.memory_store().FailWith(absl::UnavailableError("disk full"));
  const absl::Status status = Create(Request(kTarget)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("disk full"));
  EXPECT_TRUE(host_.sent().empty());
  host_.memory_store().FailWith(absl::OkStatus());
  host_.executor().Hold();
  EXPECT_EQ(Create(Request(kTarget)).status().code(), absl::StatusCode::kUnknown);
  EXPECT_TRUE(host_.sent().empty());
  host_.executor().Release();
  host_.manual_loop().RunUntilIdle();
  EXPECT_FALSE(host_.sent().empty());
}

TEST_F(RunManagerTest, AStoreThatFailsAtTheEndDoesNotTakeTheVerdictBack) {
  const std::string name = Create(Request(kTarget))->name();
  host_.memory_store().FailWith(absl::UnavailableError("disk full"));
  const v1::Diagnosis done = Finish(name);
  EXPECT_EQ(done.state(), v1::Diagnosis::DONE);
  EXPECT_EQ(done.diagnosis().verdict(), v1::Judgement::HEALTHY);
}

TEST_F(RunManagerTest, TheSameRequestIdMakesOneDiagnosis) {
  v1::CreateDiagnosisRequest request = Request(kTarget);
  request.set_request_id("5f0c8a52-0000-4000-8000-000000000001");
  std::vector<std::string> names;
  for (int i = 0; i < 3; ++i) {  // while the first is still being stored
    manager_->CreateDiagnosis(request, [&](absl::StatusOr<v1::Diagnosis> reply) {
      names.push_back(reply.value_or(v1::Diagnosis()).name());
    });
  }
  host_.manual_loop().RunUntilIdle();
  names.push_back(Create(request)->name());
  Finish(names[0]);
  names.push_back(Create(request)->name());
  ASSERT_EQ(names.size(), 5u);
  for (const std::string& name : names) EXPECT_EQ(name, names[0]);
  v1::CreateDiagnosisRequest other = Request("https://other.example/");
  other.set_request_id(request.request_id());
  EXPECT_EQ(Create(other).status().code(), absl::StatusCode::kInvalidArgument);
  host_.manual_loop().AdvanceBy(kRequestIdLifetime + absl::Seconds(1));
  EXPECT_NE(Create(request)->name(), names[0]);
}

TEST_F(RunManagerTest, WatchersMayComeLateAndResume) {
  SetService(Service::kHostSilent);
  const std::string name = Create(Request(kTarget))->name();
  const auto early = Watch(name);
  host_.manual_loop().AdvanceBy(absl::Milliseconds(1500));
  const auto late = Watch(name);
  const size_t seen = early->events.size();
  const auto resumed = Watch(name, seen);
  EXPECT_EQ(late->events.size(), seen);
  EXPECT_TRUE(resumed->events.empty());
  manager_->Unwatch(early.get());
  Finish(name);
  EXPECT_EQ(early->events.size(), seen);
  EXPECT_FALSE(early->ended.has_value());
  EXPECT_TRUE(late->GapFree(1));
  EXPECT_TRUE(resumed->GapFree(seen + 1));
  EXPECT_TRUE(late->ended->ok());
  const auto after = Watch(name);
  EXPECT_EQ(after->events.size(), late->events.size());
  EXPECT_TRUE(after->ended->ok());
  manager_->Unwatch(after.get());
}

TEST_F(RunManagerTest, WatchersOfOneRunAreLimited) {
  SetService(Service::kHostSilent);
  const std::string name = Create(Request(kTarget))->name();
  std::vector<std::shared_ptr<DiagnosisRecorder>> watchers;
  for (size_t i = 0; i < kMaxWatchersPerRun; ++i) watchers.push_back(Watch(name));
  EXPECT_EQ(Watch(name)->ended->code(), absl::StatusCode::kResourceExhausted);
  manager_->Unwatch(watchers[0].get());
  EXPECT_FALSE(Watch(name)->ended.has_value());
}

TEST_F(RunManagerTest, RunningDiagnosesAreLimited) {
  SetService(Service::kHostSilent);
  for (size_t i = 0; i < kMaxRunningDiagnoses; ++i) ASSERT_TRUE(Create(Request(kTarget)).ok());
  EXPECT_EQ(Create(Request(kTarget)).status().code(), absl::StatusCode::kResourceExhausted);
  host_.manual_loop().AdvanceBy(absl::Seconds(4));
  EXPECT_TRUE(Create(Request(kTarget)).ok());
}

TEST_F(RunManagerTest, CancelStopsProbingAndKeepsTheEvidence) {
  SetService(Service::kHostSilent);
  const std::string name = Create(Request(kTarget))->name();
  const auto recorder = Watch(name);
  host_.manual_loop().AdvanceBy(absl::Milliseconds(1100));
  const absl::StatusOr<v1::Diagnosis> cancelled = Cancel(name);
  ASSERT_TRUE(cancelled.ok());
  EXPECT_EQ(cancelled->state(), v1::Diagnosis::CANCELLED);
  EXPECT_FALSE(cancelled->has_diagnosis());
  EXPECT_GT(ReportOf(*cancelled, "a").observations_size(), 0);
  EXPECT_FALSE(host_.cancelled().empty());
  EXPECT_TRUE(recorder->ended->ok());
  const size_t commands = host_.sent().size();
  host_.manual_loop().AdvanceBy(absl::Seconds(5));
  EXPECT_EQ(host_.sent().size(), commands);
  EXPECT_EQ(host_.memory_store().GetDiagnosis(name)->state(), v1::Diagnosis::CANCELLED);
  EXPECT_EQ(Cancel(name)->state(), v1::Diagnosis::CANCELLED);
}

TEST_F(RunManagerTest, ShutdownInterruptsAndStores) {
  SetService(Service::kHostSilent);
  const std::string name = Create(Request(kTarget))->name();
  host_.manual_loop().AdvanceBy(absl::Milliseconds(100));
  bool stored = false;
  manager_->Shutdown([&] {
    stored = host_.memory_store().GetDiagnosis(name)->state() == v1::Diagnosis::INTERRUPTED;
  });
  host_.manual_loop().RunUntilIdle();
  EXPECT_TRUE(stored);
  EXPECT_EQ(Create(Request(kTarget)).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Get(name)->state(), v1::Diagnosis::INTERRUPTED);
}

TEST_F(RunManagerTest, FinishedDiagnosesOutliveTheProcess) {
  for (const char* name : {"a", "b", "c", "d"}) host_.node(name).view.echo = false;
  const std::string name = Create(Request(kTarget))->name();
  const v1::Diagnosis done = Finish(name);
  const v1::EvidenceBundle bundle = *Bundle(name);
  host_.manual_loop().AdvanceBy(absl::Seconds(10));  // late results are stored as well
  Restart();
  const absl::StatusOr<v1::Diagnosis> loaded = Get(name);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->diagnosis().ShortDebugString(), done.diagnosis().ShortDebugString());
  EXPECT_EQ(loaded->vantages_size(), done.vantages_size());
  EXPECT_GE(ReportOf(*loaded, "a").observations_size(), 6);
  const absl::StatusOr<v1::EvidenceBundle> again = Bundle(name);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->vantages_size(), bundle.vantages_size());
  EXPECT_EQ(again->target().host(), bundle.target().host());

  const auto recorder = Watch(name);
  ASSERT_EQ(recorder->events.size(), 2u);
  EXPECT_TRUE(recorder->events[0].has_accepted());
  EXPECT_EQ(recorder->events[0].accepted().vantages(0).observations_size(), 0);
  EXPECT_TRUE(recorder->events[1].has_done());
  EXPECT_TRUE(recorder->GapFree(1));
  EXPECT_TRUE(recorder->ended->ok());
  const auto resumed = Watch(name, 17);  // of the process before
  ASSERT_EQ(resumed->events.size(), 1u);
  EXPECT_TRUE(resumed->events[0].has_done());
  EXPECT_EQ(resumed->events[0].sequence(), 18u);
}

TEST_F(RunManagerTest, ACrashLeavesInterrupted) {
  SetService(Service::kHostSilent);
  const std::string name = Create(Request(kTarget))->name();
  Restart();
  EXPECT_EQ(Watch(name)->ended->code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(*host_.memory_store().InterruptRunning(), 1);
  EXPECT_EQ(Get(name)->state(), v1::Diagnosis::INTERRUPTED);
  EXPECT_TRUE(Watch(name)->events.back().has_done());
}

TEST_F(RunManagerTest, WatchersThatLeaveWhileTheStoreWorksAreForgotten) {
  const std::string name = Finish(Create(Request(kTarget))->name()).name();
  Restart();
  auto recorder = std::make_shared<DiagnosisRecorder>();
  manager_->WatchDiagnosis(name, 0, recorder);
  manager_->Unwatch(recorder.get());
  host_.manual_loop().RunUntilIdle();
  EXPECT_TRUE(recorder->events.empty());
}

TEST_F(RunManagerTest, AManagerMayGoWhileTheStoreWorks) {
  host_.executor().Hold();
  bool replied = false;
  manager_->CreateDiagnosis(Request(kTarget), [&](const auto&) { replied = true; });
  host_.Attach(nullptr);
  manager_.reset();
  host_.executor().Release();
  host_.manual_loop().RunUntilIdle();
  EXPECT_FALSE(replied);
}

TEST_F(RunManagerTest, ListIsNewestFirstPagedAndCurrent) {
  std::vector<std::string> names;
  for (int i = 0; i < 3; ++i) {
    names.push_back(Create(Request(kTarget))->name());
    host_.manual_loop().AdvanceBy(absl::Milliseconds(20));
  }
  host_.memory_store();
  const v1::ListDiagnosesResponse first = *List(2);
  ASSERT_EQ(first.diagnoses_size(), 2);
  EXPECT_EQ(first.diagnoses(0).name(), names[2]);
  const v1::ListDiagnosesResponse second = *List(2, first.next_page_token());
  ASSERT_EQ(second.diagnoses_size(), 1);
  EXPECT_EQ(second.diagnoses(0).name(), names[0]);
  Finish(names[2]);
  host_.executor().Hold();
  const v1::Diagnosis newest = [&] {
    host_.executor().Release();
    return List(1)->diagnoses(0);
  }();
  EXPECT_EQ(newest.state(), v1::Diagnosis::DONE);
  EXPECT_EQ(newest.vantages(0).observations_size(), 0);
}

TEST_F(RunManagerTest, EarlierRunsNameTheirVantagesAgain) {
  const std::string name = Finish(Create(Request(kTarget, "a,c"))->name()).name();
  const std::string id = name.substr(name.find('/') + 1);
  for (const std::string& from : {"@" + id, "@" + name, "@" + id + "+!c,d"}) {
    const v1::Diagnosis again = *Create(Request(kTarget, from));
    EXPECT_EQ(again.vantages_size(), 2) << from;
    EXPECT_EQ(again.vantages(0).node(), "nodes/a") << from;
    Finish(again.name());
  }
  Restart();  // from the store now
  EXPECT_EQ(Create(Request(kTarget, "@" + id))->vantages_size(), 2);
}

TEST_F(RunManagerTest, LoopbackNeedsNoAddressTowardsTheWorld) {
  EXPECT_EQ(Create(Request("[2001:db8::1]:80")).status().code(),
            absl::StatusCode::kFailedPrecondition);
  const v1::Diagnosis done = Finish(Create(Request("[::1]:80"))->name());
  EXPECT_EQ(ReportOf(done, "a").state(), v1::VantageReport::OK);
}

TEST_F(RunManagerTest, OldFinishedRunsMakeRoom) {
  std::vector<std::string> names;
  for (size_t i = 0; i <= kMaxFinishedRuns; ++i) {
    names.push_back(Finish(Create(Request(kTarget))->name()).name());
  }
  // The first one now comes from the store: its events are reduced to two.
  EXPECT_EQ(Watch(names[0])->events.size(), 2u);
  EXPECT_GT(Watch(names[1])->events.size(), 2u);
}

}  // namespace
}  // namespace probemesh::coordinator
