// Commands: credits, queues, deadlines, cancellation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/core/limits.h"
#include "tests/unit/coordinator/core/core_test_util.h"

namespace probemesh::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CommandsTest : public CoreFixture {};

TEST_F(CommandsTest, AFloodIsSentNoFasterThanSlotsComeFree) {
  const Stream stream = Join("nodes/a", 2);
  for (int i = 1; i <= 5; ++i) ASSERT_TRUE(Run("nodes/a", absl::StrCat("c", i)));
  EXPECT_THAT(stream.sink->CommandIds(), ElementsAre("c1", "c2"));
  SendResult(stream, 1, "c2");
  EXPECT_THAT(stream.sink->CommandIds(), ElementsAre("c1", "c2", "c3"));
  SendResult(stream, 2, "c1");
  SendResult(stream, 3, "c3");
  EXPECT_THAT(stream.sink->CommandIds(), ElementsAre("c1", "c2", "c3", "c4", "c5"));
  EXPECT_EQ(counters.commands_sent, 5u);
}

TEST_F(CommandsTest, TheQueueOfANodeIsBounded) {
  Join("nodes/a", 0);
  for (size_t i = 0; i < kMaxQueuedCommands; ++i) {
    ASSERT_TRUE(Run("nodes/a", absl::StrCat("c", i)));
  }
  EXPECT_FALSE(Run("nodes/a", "one more"));
  EXPECT_EQ(counters.limits_hit["queued_commands"], 1u);
}

TEST_F(CommandsTest, WithoutASessionNothingIsAccepted) {
  EXPECT_FALSE(Run("nodes/a", "c1"));
  EXPECT_FALSE(Run("nodes/none", "c1"));
  const Stream joining = Open("nodes/a");
  EXPECT_FALSE(Run("nodes/a", "c1"));
}

TEST_F(CommandsTest, ADrainedNodeGetsNothingNewAndFinishesWhatItHas) {
  const Stream stream = Join("nodes/a", 1);
  ASSERT_TRUE(Run("nodes/a", "c1"));
  ASSERT_TRUE(Run("nodes/a", "c2"));
  parts->nodes.SetDrained("nodes/a", true);
  EXPECT_FALSE(Run("nodes/a", "c3"));
  SendResult(stream, 1, "c1");
  EXPECT_THAT(stream.sink->CommandIds(), ElementsAre("c1", "c2"));
}

TEST_F(CommandsTest, WhatWaitsBeyondItsTimeToLiveIsLostOnTime) {
  Join("nodes/a", 0);
  ASSERT_TRUE(Run("nodes/a", "c1", absl::Seconds(5)));
  ASSERT_TRUE(Run("nodes/a", "c2", absl::Seconds(2)));
  EXPECT_THAT(listener.lost, IsEmpty());
  loop.AdvanceBy(absl::Seconds(2));
  ASSERT_THAT(listener.lost, SizeIs(1));
  EXPECT_EQ(listener.lost[0].command_id, "c2");
  EXPECT_EQ(listener.lost[0].run, kRun);
  EXPECT_TRUE(absl::IsDeadlineExceeded(listener.lost[0].reason));
  loop.AdvanceBy(absl::Seconds(3));
  EXPECT_THAT(listener.lost, SizeIs(2));
  EXPECT_EQ(counters.commands_lost, 2u);
}

TEST_F(CommandsTest, ACommandThatANodeSwallowsIsLostInTheEnd) {
  const Stream stream = Join("nodes/a", 1);
  ASSERT_TRUE(Run("nodes/a", "c1"));
  const MonotonicTime end = loop.clock().Monotonic() + absl::Seconds(5 + 3) + kAnswerGrace;
  while (loop.clock().Monotonic() < end) {
    loop.AdvanceBy(absl::Seconds(1));
    SendHeartbeat(stream, 0, 1);
  }
  ASSERT_THAT(listener.lost, SizeIs(1));
  ASSERT_TRUE(Run("nodes/a", "c2"));
  EXPECT_THAT(stream.sink->CommandIds(), ElementsAre("c1", "c2"));
}

TEST_F(CommandsTest, CancellingWhatWasSentAsksTheNode) {
  const Stream stream = Join("nodes/a", 1);
  ASSERT_TRUE(Run("nodes/a", "c1"));
  sessions->CancelCommand("nodes/a", "c1");
  EXPECT_EQ(stream.sink->messages.back().cancel_probe().command_id(), "c1");
  loop.RunUntilIdle();
  EXPECT_THAT(listener.lost, IsEmpty()) << "its observation will come";
}

TEST_F(CommandsTest, CancellingWhatWaitsLosesItButNeverFromInside) {
  const Stream stream = Join("nodes/a", 1);
  ASSERT_TRUE(Run("nodes/a", "c1"));
  ASSERT_TRUE(Run("nodes/a", "c2"));
  sessions->CancelCommand("nodes/a", "c2");
  EXPECT_THAT(listener.lost, IsEmpty());
  loop.RunUntilIdle();
  ASSERT_THAT(listener.lost, SizeIs(1));
  EXPECT_TRUE(absl::IsCancelled(listener.lost[0].reason));
  SendResult(stream, 1, "c1");
  EXPECT_THAT(stream.sink->CommandIds(), ElementsAre("c1"));
}

TEST_F(CommandsTest, CancellingTheUnknownIsNothing) {
  sessions->CancelCommand("nodes/a", "c1");
  const Stream stream = Join("nodes/a");
  sessions->CancelCommand("nodes/a", "c1");
  sessions->CancelCommand("nodes/b", "c1");
  loop.RunUntilIdle();
  EXPECT_THAT(stream.sink->messages, SizeIs(1));
  EXPECT_THAT(listener.lost, IsEmpty());
}

TEST_F(CommandsTest, ARunMayGiveNewCommandsFromItsCallbacks) {
  const Stream stream = Join("nodes/a", 1);
  const Stream other = Join("nodes/b", 1);
  int next = 2;
  listener.on_observation = [&] { Run("nodes/a", absl::StrCat("c", next++)); };
  listener.on_lost = [&] { Run("nodes/b", absl::StrCat("c", next++)); };
  ASSERT_TRUE(Run("nodes/a", "c1"));
  SendResult(stream, 1, "c1");
  EXPECT_THAT(stream.sink->CommandIds(), ElementsAre("c1", "c2"));
  sessions->OnSessionClosed(stream.id, absl::OkStatus());
  EXPECT_THAT(other.sink->CommandIds(), ElementsAre("c3"));
}

TEST_F(CommandsTest, AFullOutboxLosesNothingSilently) {
  const Stream stream = Join("nodes/a", 4);
  stream.sink->full = true;
  ASSERT_TRUE(Run("nodes/a", "c1"));
  ASSERT_TRUE(Run("nodes/a", "c2"));
  sessions->OnSessionClosed(stream.id, absl::ResourceExhaustedError("outbox full"));
  EXPECT_THAT(listener.lost, SizeIs(2));
}

}  // namespace
}  // namespace probemesh::coordinator
