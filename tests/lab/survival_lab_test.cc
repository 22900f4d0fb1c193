// What the mesh must survive: programs killed in the middle of a diagnosis, and what they weigh.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/lab/faults.h"
#include "tests/lab/lab_diagnosis.h"
#include "tests/lab/mesh.h"
#include "tests/lab/namespace_lab.h"

namespace probemesh::lab {
namespace {

constexpr char kTarget[] = "https://www.lab.test";
constexpr absl::Duration kLimit = absl::Seconds(30);

// Under a sanitizer a program's memory is mostly the sanitizer's.
constexpr int64_t kNodeLimitKb = 30 * 1024;
constexpr int64_t kCoordinatorLimitKb = 60 * 1024;

class SurvivalLab : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const absl::Status able = CheckCanMakeNamespaces(); !able.ok()) {
      GTEST_SKIP() << able.message();
    }
    absl::StatusOr<std::unique_ptr<ScopedLab>> lab = ScopedLab::Create();
    ASSERT_TRUE(lab.ok()) << lab.status();
    lab_ = *std::move(lab);
    mesh_ = std::make_unique<Mesh>(lab_->run(), Programs{PROBEMESH_BIN_DIR});
    const absl::Status started = mesh_->Start();
    ASSERT_TRUE(started.ok()) << started;
  }

  void Inject(const char* name) {
    const absl::Status injected = InjectFault(lab_->run(), *FindFault(name));
    ASSERT_TRUE(injected.ok()) << injected;
  }

  // Runs a diagnosis of a silent target, and `interrupt` once it is under way.
  absl::StatusOr<LabDiagnosis> DiagnoseAnd(const std::function<void()>& interrupt) {
    absl::StatusOr<LabDiagnosis> diagnosis = absl::UnknownError("not run");
    std::thread cli([&] { diagnosis = DiagnoseInLab(*mesh_, kTarget); });
    const bool running = WaitUntil(kLimit, [&] {
      const auto history = mesh_->Cli({"history", "list"});
      return history.ok() && absl::StrContains(history->out, "running");
    });
    EXPECT_TRUE(running);
    interrupt();
    cli.join();
    return diagnosis;
  }

  std::unique_ptr<ScopedLab> lab_;
  std::unique_ptr<Mesh> mesh_;
};

int64_t ResidentKb(pid_t pid) {
  const std::string status = ReadFile(absl::StrCat("/proc/", pid, "/status")).value_or("");
  for (const absl::string_view line : absl::StrSplit(status, '\n')) {
    int64_t kb = 0;
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.size() == 3 && words[0] == "VmRSS:" && absl::SimpleAtoi(words[1], &kb)) return kb;
  }
  return -1;
}

TEST_F(SurvivalLab, NodesAndCoordinatorAreLight) {
  for (const std::string& vantage : LabTopology().NamesOf(Role::kVantage)) {
    const int64_t node = ResidentKb(mesh_->FindProcess(vantage, "probemesh-node"));
    EXPECT_GT(node, 0);
    EXPECT_LE(node, kNodeLimitKb) << vantage;
  }
  const int64_t coordinator = ResidentKb(mesh_->FindProcess("c", "probemesh-coordinator"));
  EXPECT_GT(coordinator, 0);
  EXPECT_LE(coordinator, kCoordinatorLimitKb);
}

TEST_F(SurvivalLab, AKilledNodeIsLostAndNotAWitnessOfFailure) {
  Inject("blackhole_p1");

  const auto diagnosis = DiagnoseAnd([&] { EXPECT_TRUE(mesh_->KillNode("vc").ok()); });

  ASSERT_TRUE(diagnosis.ok()) << diagnosis.status();
  SCOPED_TRACE(diagnosis->Describe());
  EXPECT_EQ(diagnosis->StateOf("vc"), "LOST");
  EXPECT_EQ(diagnosis->StateOf("va"), "FAILED");
  EXPECT_EQ(diagnosis->StateOf("vb"), "OK");
  EXPECT_THAT(diagnosis->diagnosis.diagnosis().scope().vantages(),
              ::testing::Not(::testing::Contains("nodes/vc")));
}

TEST_F(SurvivalLab, AKilledCoordinatorComesBackWithItsHistory) {
  const auto before = DiagnoseInLab(*mesh_, kTarget);
  ASSERT_TRUE(before.ok()) << before.status();
  Inject("edge_drop_all");

  const auto interrupted = DiagnoseAnd([&] { EXPECT_TRUE(mesh_->KillCoordinator().ok()); });

  // The command line has lost its coordinator in the middle of the work: unknown, and it says so.
  EXPECT_FALSE(interrupted.ok());
  EXPECT_TRUE(absl::StrContains(interrupted.status().message(), "exit 3")) << interrupted.status();

  ASSERT_TRUE(mesh_->StartCoordinator().ok());
  const absl::Status back = mesh_->AwaitConnected(LabTopology().NamesOf(Role::kVantage));
  ASSERT_TRUE(back.ok()) << back;
  const auto history = mesh_->Cli({"history", "list", "--json"});
  ASSERT_TRUE(history.ok());
  EXPECT_TRUE(absl::StrContains(history->out, "INTERRUPTED")) << history->out;
  EXPECT_FALSE(absl::StrContains(history->out, "RUNNING")) << history->out;
  EXPECT_TRUE(absl::StrContains(history->out, before->diagnosis.name())) << history->out;
  const auto shown = mesh_->Cli({"history", "show", before->diagnosis.name()});
  ASSERT_TRUE(shown.ok());
  EXPECT_TRUE(absl::StrContains(shown->out, "HEALTHY")) << shown->out << shown->err;

  ASSERT_TRUE(HealAll(lab_->run()).ok());
  const auto after = DiagnoseInLab(*mesh_, kTarget);
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->Verdict(), "HEALTHY") << after->Describe();
}

TEST_F(SurvivalLab, AStoredDiagnosisIsJudgedTheSameOffline) {
  Inject("dead_host");
  const auto diagnosis = DiagnoseInLab(*mesh_, kTarget);
  ASSERT_TRUE(diagnosis.ok()) << diagnosis.status();

  const auto bundle = mesh_->Cli({"bundle", diagnosis->diagnosis.name()});
  ASSERT_TRUE(bundle.ok());
  ASSERT_EQ(bundle->exit_code, 0) << bundle->err;
  const std::string file = lab_->run().File("bundle.json");
  ASSERT_TRUE(WriteFile(file, bundle->out).ok());
  const auto judged = RunCommand(
      {absl::StrCat(PROBEMESH_BIN_DIR, "/probemesh"), "explain", "--bundle", file, "--json"});

  ASSERT_TRUE(judged.ok());
  EXPECT_EQ(judged->exit_code, 0) << judged->err;
  EXPECT_TRUE(absl::StrContains(judged->out, "HOST_DOWN")) << judged->out;
  EXPECT_TRUE(absl::StrContains(judged->out, diagnosis->diagnosis.diagnosis().evidence_digest()))
      << judged->out;
}

}  // namespace
}  // namespace probemesh::lab
