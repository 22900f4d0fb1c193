#include "probe-node/spool/result_spool.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tests/support/temp_directory.h"

namespace probemesh::node {
namespace {

v1::Observation Result(const std::string& id, size_t detail_octets = 0) {
  v1::Observation observation;
  observation.set_command_id(id);
  observation.set_outcome(v1::ANSWERED);
  observation.set_detail(std::string(detail_octets, 'x'));
  return observation;
}

class ResultSpoolTest : public testing::Test {
 protected:
  std::unique_ptr<ResultSpool> Open(const SpoolLimits& limits = {}) {
    auto spool = ResultSpool::Open(dir_.path(), random_, limits);
    EXPECT_TRUE(spool.ok()) << spool.status();
    return spool.ok() ? *std::move(spool) : nullptr;
  }

  TempDirectory dir_;
  SeededRandom random_{1};
};

TEST_F(ResultSpoolTest, NumbersFromOneWithoutGaps) {
  const auto spool = Open();
  EXPECT_EQ(spool->last_sequence(), 0);
  EXPECT_EQ(spool->Append(Result("a")), 1);
  EXPECT_EQ(spool->Append(Result("b")), 2);
  ASSERT_TRUE(spool->Get(2));
  EXPECT_EQ(spool->Get(2)->observation().command_id(), "b");
  EXPECT_EQ(spool->Get(2)->sequence(), 2);
  EXPECT_EQ(spool->Get(2)->spool_generation(), spool->generation());
  EXPECT_FALSE(spool->Get(0));
  EXPECT_FALSE(spool->Get(3));
}

TEST_F(ResultSpoolTest, AckIsCumulativeAndIgnoresNonsense) {
  const auto spool = Open();
  for (const char* id : {"a", "b", "c"}) spool->Append(Result(id));
  spool->Ack(2);
  EXPECT_EQ(spool->depth(), 1);
  EXPECT_FALSE(spool->Get(2));
  spool->Ack(1);
  spool->Ack(99);
  EXPECT_EQ(spool->acked(), 2);
  EXPECT_EQ(spool->UnackedCommandIds(), std::vector<std::string>{"c"});
  spool->Ack(3);
  EXPECT_EQ(spool->bytes(), 0);
  EXPECT_EQ(spool->Append(Result("d")), 4);
}

TEST_F(ResultSpoolTest, OrderlyRestartKeepsEverything) {
  uint64_t generation = 0;
  {
    const auto spool = Open();
    generation = spool->generation();
    for (const char* id : {"a", "b", "c"}) spool->Append(Result(id));
    spool->Ack(1);
  }
  const auto spool = Open();
  EXPECT_EQ(spool->generation(), generation);
  EXPECT_EQ(spool->acked(), 1);
  EXPECT_EQ(spool->last_sequence(), 3);
  EXPECT_EQ(spool->UnackedCommandIds(), (std::vector<std::string>{"b", "c"}));
  EXPECT_TRUE(spool->TakeUnfinished().empty());
}

TEST_F(ResultSpoolTest, WhatNeverFinishedIsTakenOnceAndSurvivesUntilReported) {
  {
    const auto spool = Open();
    spool->RecordStarted(Result("a"));
    spool->RecordStarted(Result("b"));
    spool->Append(Result("a"));
  }
  Open();  // a process that came and went before it reported
  const auto spool = Open();
  const auto unfinished = spool->TakeUnfinished();
  ASSERT_EQ(unfinished.size(), 1);
  EXPECT_EQ(unfinished[0].command_id(), "b");
  EXPECT_TRUE(spool->TakeUnfinished().empty());
}

TEST_F(ResultSpoolTest, NewGenerationRenumbersWhatIsUnacked) {
  const auto spool = Open();
  for (const char* id : {"a", "b", "c"}) spool->Append(Result(id));
  spool->Ack(1);
  const uint64_t before = spool->generation();
  spool->StartNewGeneration();
  EXPECT_NE(spool->generation(), before);
  EXPECT_EQ(spool->acked(), 0);
  EXPECT_EQ(spool->last_sequence(), 2);
  EXPECT_EQ(spool->Get(1)->observation().command_id(), "b");
}

TEST_F(ResultSpoolTest, FullSpoolDropsTheOldestEvidenceUnderTheSameNumber) {
  const auto spool = Open({.max_bytes = 5000});
  for (int i = 0; i < 10; ++i) spool->Append(Result(absl::StrCat("id", i), 1000));
  EXPECT_EQ(spool->last_sequence(), 10);
  EXPECT_GT(spool->dropped(), 0);
  EXPECT_LE(spool->bytes(), 5000);
  const auto oldest = spool->Get(1);
  ASSERT_TRUE(oldest);
  EXPECT_EQ(oldest->observation().command_id(), "id0");
  EXPECT_EQ(oldest->observation().outcome(), v1::NOT_RUN);
  EXPECT_EQ(oldest->observation().not_run_reason(), v1::OVERLOADED);
  EXPECT_EQ(spool->Get(10)->observation().outcome(), v1::ANSWERED);
}

TEST_F(ResultSpoolTest, DroppedEvidenceStaysDroppedAfterRestart) {
  {
    const auto spool = Open({.max_bytes = 5000});
    for (int i = 0; i < 10; ++i) spool->Append(Result(absl::StrCat("id", i), 1000));
  }
  const auto spool = Open();
  EXPECT_EQ(spool->last_sequence(), 10);
  EXPECT_EQ(spool->Get(1)->observation().outcome(), v1::NOT_RUN);
}

TEST_F(ResultSpoolTest, TooManyResultsLoseTheOldestHalfInANewGeneration) {
  const auto spool = Open({.max_entries = 10});
  const uint64_t before = spool->generation();
  for (int i = 0; i < 11; ++i) spool->Append(Result(absl::StrCat("id", i)));
  EXPECT_NE(spool->generation(), before);
  EXPECT_EQ(spool->depth(), 6);
  EXPECT_EQ(spool->dropped(), 5);
  EXPECT_EQ(spool->Get(1)->observation().command_id(), "id5");
}

TEST_F(ResultSpoolTest, FileShrinksOnceAllIsAckedAndStillKnowsWhatRuns) {
  {
    const auto spool = Open();
    spool->RecordStarted(Result("running"));
    for (int i = 0; i < 100; ++i) spool->Append(Result(absl::StrCat("id", i), 10000));
    EXPECT_GT(std::filesystem::file_size(dir_ / "spool"), 900'000);
    spool->Ack(100);
    EXPECT_LT(std::filesystem::file_size(dir_ / "spool"), 1000);
  }
  const auto spool = Open();
  EXPECT_EQ(spool->last_sequence(), 100);
  EXPECT_EQ(spool->Append(Result("next")), 101);
  ASSERT_EQ(spool->TakeUnfinished().size(), 1);
}

TEST_F(ResultSpoolTest, FileOfALongBacklogIsCompacted) {
  const auto spool = Open({.max_bytes = 1 << 20});
  for (int i = 0; i < 300; ++i) spool->Append(Result(absl::StrCat("id", i), 100'000));
  // 30 MB went through; no more than twice what is alive and 8 MiB of garbage may lie there.
  EXPECT_LT(std::filesystem::file_size(dir_ / "spool"), 12 << 20);
  EXPECT_EQ(spool->last_sequence(), 300);
}

TEST_F(ResultSpoolTest, MaintainSyncsWithoutChangingAnything) {
  const auto spool = Open();
  spool->Append(Result("a"));
  spool->Maintain();
  spool->Maintain();
  EXPECT_TRUE(spool->durable());
  EXPECT_EQ(spool->depth(), 1);
}

}  // namespace
}  // namespace probemesh::node
