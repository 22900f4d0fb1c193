// The spool after everything that can go wrong with a disk or a process.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

#include "absl/strings/str_cat.h"
#include "probe-node/spool/result_spool.h"
#include "tests/support/temp_directory.h"

namespace probemesh::node {
namespace {

v1::Observation Result(const std::string& id, size_t detail_octets = 0) {
  v1::Observation observation;
  observation.set_command_id(id);
  observation.set_detail(std::string(detail_octets, 'x'));
  return observation;
}

class SpoolDamageTest : public testing::Test {
 protected:
  std::unique_ptr<ResultSpool> Open() {
    auto spool = ResultSpool::Open(dir_.path(), random_, {});
    EXPECT_TRUE(spool.ok()) << spool.status();
    return spool.ok() ? *std::move(spool) : nullptr;
  }

  // Runs `body` in a process of its own, which is then killed without warning.
  void InKilledProcess(const std::function<void()>& body) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      body();
      kill(getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  }

  std::string Bytes() const {
    std::ifstream in(dir_ / "spool", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  void SetBytes(const std::string& bytes) const {
    std::ofstream(dir_ / "spool", std::ios::binary | std::ios::trunc) << bytes;
  }

  TempDirectory dir_;
  SeededRandom random_{1};
};

TEST_F(SpoolDamageTest, KilledProcessLosesNothingThatAppendReturnedFor) {
  const uint64_t generation = Open()->generation();
  InKilledProcess([this] {
    const auto spool = Open();
    for (int i = 0; i < 100; ++i) spool->Append(Result(absl::StrCat("id", i)));
    spool->Ack(40);
    spool->RecordStarted(Result("running"));
    kill(getpid(), SIGKILL);
  });
  const auto spool = Open();
  EXPECT_EQ(spool->generation(), generation);
  EXPECT_EQ(spool->acked(), 40);
  EXPECT_EQ(spool->last_sequence(), 100);
  EXPECT_EQ(spool->Get(41)->observation().command_id(), "id40");
  const auto unfinished = spool->TakeUnfinished();
  ASSERT_EQ(unfinished.size(), 1);
  EXPECT_EQ(unfinished[0].command_id(), "running");
}

TEST_F(SpoolDamageTest, KilledInTheMiddleOfAWriteReusesOnlyTheUnsentNumber) {
  uint64_t generation = 0;
  {
    const auto spool = Open();
    generation = spool->generation();
    for (const char* id : {"a", "b"}) spool->Append(Result(id));
  }
  SetBytes(Bytes() + std::string("\x40\x00\x00\x00torn", 8));
  const auto spool = Open();
  EXPECT_EQ(spool->generation(), generation);
  EXPECT_EQ(spool->last_sequence(), 2);
}

TEST_F(SpoolDamageTest, DamageInTheMiddleSalvagesTheRestInANewGeneration) {
  uint64_t generation = 0;
  {
    const auto spool = Open();
    generation = spool->generation();
    for (int i = 0; i < 10; ++i) spool->Append(Result(absl::StrCat("id", i), 100));
  }
  std::string bytes = Bytes();
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  SetBytes(bytes);
  const auto spool = Open();
  EXPECT_NE(spool->generation(), generation);
  EXPECT_EQ(spool->acked(), 0);
  ASSERT_GE(spool->depth(), 3);
  EXPECT_LT(spool->depth(), 10);
  EXPECT_EQ(spool->Get(1)->observation().command_id(), "id0");
}

TEST_F(SpoolDamageTest, NoDamageWhatsoeverKeepsTheNodeFromStarting) {
  {
    const auto spool = Open();
    for (int i = 0; i < 5; ++i) spool->Append(Result(absl::StrCat("id", i), 10));
  }
  const std::string whole = Bytes();
  for (size_t at = 0; at < whole.size(); at += 3) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(~damaged[at]);
    SetBytes(damaged);
    const auto spool = Open();
    ASSERT_NE(spool, nullptr);
    EXPECT_LE(spool->depth(), 5);
    const uint64_t sequence = spool->Append(Result("new"));
    EXPECT_EQ(spool->Get(sequence)->observation().command_id(), "new");
  }
  SetBytes("");
  EXPECT_NE(Open(), nullptr);
}

// A small RLIMIT_FSIZE stands for a full disk.
TEST_F(SpoolDamageTest, FullDiskGoesOnInMemoryAndTheNextProcessStartsANewGeneration) {
  const uint64_t generation = Open()->generation();
  InKilledProcess([this] {
    signal(SIGXFSZ, SIG_IGN);
    const auto spool = Open();
    const rlimit limit = {2000, 2000};
    setrlimit(RLIMIT_FSIZE, &limit);
    for (int i = 0; i < 10; ++i) spool->Append(Result(absl::StrCat("id", i), 500));
    const bool as_promised = !spool->durable() && spool->last_sequence() == 10 &&
                             spool->Get(10)->observation().command_id() == "id9";
    if (!as_promised) _exit(1);
  });
  const auto spool = Open();
  // Numbers beyond the file's end may have been seen by a coordinator.
  EXPECT_NE(spool->generation(), generation);
  EXPECT_GE(spool->depth(), 2);
  EXPECT_TRUE(spool->durable());
}

TEST_F(SpoolDamageTest, DiskThatHealsGetsEverythingFromMemory) {
  InKilledProcess([this] {
    signal(SIGXFSZ, SIG_IGN);
    const auto spool = Open();
    const rlimit small = {2000, RLIM_INFINITY};
    const rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &small);
    for (int i = 0; i < 10; ++i) spool->Append(Result(absl::StrCat("id", i), 500));
    setrlimit(RLIMIT_FSIZE, &unlimited);
    for (int second = 0; second < 60 && !spool->durable(); ++second) spool->Maintain();
    if (!spool->durable()) _exit(1);
  });
  const auto spool = Open();
  EXPECT_EQ(spool->depth(), 10);
  EXPECT_EQ(spool->last_sequence(), 10);
}

TEST_F(SpoolDamageTest, FolderThatVanishesCostsOnlyDurability) {
  const auto spool = Open();
  std::filesystem::remove_all(dir_.path());
  spool->Append(Result("a"));
  spool->StartNewGeneration();
  EXPECT_FALSE(spool->durable());
  EXPECT_EQ(spool->Append(Result("b")), 2);
  EXPECT_EQ(spool->Get(1)->observation().command_id(), "a");
}

// The one promise that counts: whatever dies when, no number is ever given to two results within
// one generation.
TEST_F(SpoolDamageTest, KilledAgainAndAgainNoNumberIsUsedTwice) {
  std::set<std::pair<uint64_t, uint64_t>> seen;
  for (int round = 0; round < 20; ++round) {
    uint64_t before = 0;
    uint64_t generation = 0;
    {
      const auto spool = Open();
      before = spool->last_sequence();
      generation = spool->generation();
    }
    for (uint64_t sequence = before + 1; sequence <= before + 5; ++sequence) {
      EXPECT_TRUE(seen.insert({generation, sequence}).second) << round;
    }
    InKilledProcess([this, round] {
      const auto spool = Open();
      for (int i = 0; i < 5; ++i) spool->Append(Result(absl::StrCat(round, "-", i), 70'000));
      if (round % 3 == 2) spool->Ack(spool->last_sequence());
    });
    EXPECT_EQ(Open()->last_sequence(), before + 5) << round;
  }
}

}  // namespace
}  // namespace probemesh::node
