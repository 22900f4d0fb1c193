// The lab leaves nothing behind, however its owner or its maker ends, and does not mind a second
// lab.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/lab/namespace_lab.h"
#include "tests/lab/netns.h"
#include "tests/lab/process.h"

namespace probemesh::lab {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(20);

class LifecycleLab : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const absl::Status able = CheckCanMakeNamespaces(); !able.ok()) {
      GTEST_SKIP() << able.message();
    }
  }

  // A process that does nothing until it is killed.
  static pid_t Idle() {
    const pid_t pid = fork();
    if (pid == 0) {
      while (true) pause();
    }
    return pid;
  }

  static void Kill(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }

  static bool Gone(const LabRun& run) {
    return WaitUntil(kLimit, [&] {
      return run.Namespaces().empty() && !std::filesystem::exists(run.Folder()) &&
             !std::filesystem::exists(run.ResolvConf("va"));
    });
  }
};

TEST_F(LifecycleLab, GoesWhenItsOwnerIsKilled) {
  const pid_t owner = Idle();
  const absl::StatusOr<LabRun> run = BringUp({"", owner});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_FALSE(run->Namespaces().empty());

  Kill(owner);

  EXPECT_TRUE(Gone(*run)) << ::testing::PrintToString(run->Namespaces());
  EXPECT_TRUE(ProcessesIn(run->Namespaces()).empty());
}

TEST_F(LifecycleLab, GoesWhenItsMakerIsKilledHalfWay) {
  const LabRun run(absl::StrCat("half", getpid() % 100000));
  const pid_t maker = fork();
  if (maker == 0) {
    static_cast<void>(BringUp({run.id(), 0}));
    while (true) pause();
  }
  EXPECT_TRUE(WaitUntil(kLimit, [&] { return !run.Namespaces().empty(); }));

  Kill(maker);  // while it builds: it takes far longer than making the first namespace

  EXPECT_TRUE(Gone(run)) << ::testing::PrintToString(run.Namespaces());
}

TEST_F(LifecycleLab, TwoLabsLiveSideBySide) {
  const absl::StatusOr<std::unique_ptr<ScopedLab>> first = ScopedLab::Create();
  const absl::StatusOr<std::unique_ptr<ScopedLab>> second = ScopedLab::Create();
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(second.ok()) << second.status();  // it has checked that its own target answers
  EXPECT_NE((*first)->run().id(), (*second)->run().id());
}

}  // namespace
}  // namespace probemesh::lab
