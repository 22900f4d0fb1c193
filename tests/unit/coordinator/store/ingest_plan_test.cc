#include "coordinator/store/ingest_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace probemesh::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

IngestBatch BatchOf(const std::vector<uint64_t>& sequences, bool allow_gap = false) {
  IngestBatch batch;
  batch.allow_gap = allow_gap;
  for (const uint64_t sequence : sequences) batch.items.emplace_back().sequence = sequence;
  return batch;
}

TEST(PlanIngest, AcceptsWhatFollowsTheWatermark) {
  const IngestResult result = PlanIngest(4, BatchOf({5, 6, 7}));
  EXPECT_THAT(result.accepted, ElementsAre(0, 1, 2));
  EXPECT_EQ(result.acked_sequence, 7u);
}

TEST(PlanIngest, SkipsWhatWasCommittedAndRepeatsWithinTheBatch) {
  const IngestResult result = PlanIngest(4, BatchOf({3, 4, 5, 5, 6}));
  EXPECT_THAT(result.accepted, ElementsAre(2, 4));
  EXPECT_EQ(result.acked_sequence, 6u);
}

TEST(PlanIngest, StopsAtAGap) {
  const IngestResult result = PlanIngest(4, BatchOf({5, 7, 8}));
  EXPECT_THAT(result.accepted, ElementsAre(0));
  EXPECT_EQ(result.acked_sequence, 5u);
  EXPECT_THAT(PlanIngest(4, BatchOf({6})).accepted, IsEmpty());
}

TEST(PlanIngest, JumpsOverAGapOnlyAtTheStartAndOnlyWhenAllowed) {
  const IngestResult result = PlanIngest(4, BatchOf({9, 10, 12}, true));
  EXPECT_THAT(result.accepted, ElementsAre(0, 1));
  EXPECT_EQ(result.acked_sequence, 10u);
}

TEST(PlanIngest, NeverGoesBackwards) {
  EXPECT_EQ(PlanIngest(9, BatchOf({0, 1, 2}, true)).acked_sequence, 9u);
  EXPECT_EQ(PlanIngest(UINT64_MAX, BatchOf({UINT64_MAX, 0}, true)).acked_sequence, UINT64_MAX);
  EXPECT_THAT(PlanIngest(9, BatchOf({})).accepted, IsEmpty());
}

}  // namespace
}  // namespace probemesh::coordinator
