#include "coordinator/core/command_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/proto_time.h"
#include "coordinator/core/limits.h"

namespace probemesh::coordinator {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr MonotonicTime kNow = absl::Hours(1);

v1::RunProbe CommandOf(const std::string& id, absl::Duration time_to_live = absl::Seconds(5)) {
  v1::RunProbe command;
  command.set_command_id(id);
  *command.mutable_time_to_live() = ToProto(time_to_live);
  *command.mutable_spec()->mutable_timeout() = ToProto(absl::Seconds(3));
  return command;
}

std::string NextId(CommandQueue& queue, MonotonicTime now = kNow) {
  const auto command = queue.Next(now);
  return command.has_value() ? command->command_id() : "";
}

TEST(CommandQueue, SendsInOrderAndNoMoreThanThereAreSlots) {
  CommandQueue queue(2);
  for (const std::string id : {"1", "2", "3"}) EXPECT_TRUE(queue.Push("run", CommandOf(id), kNow));
  EXPECT_EQ(NextId(queue), "1");
  EXPECT_EQ(NextId(queue), "2");
  EXPECT_EQ(NextId(queue), "");
  queue.OnResult("2");
  EXPECT_EQ(NextId(queue), "3");
  EXPECT_EQ(queue.outstanding(), 2u);
}

TEST(CommandQueue, ANodeWithoutSlotsGetsNothing) {
  CommandQueue queue(0);
  EXPECT_TRUE(queue.Push("run", CommandOf("1"), kNow));
  EXPECT_EQ(NextId(queue), "");
}

TEST(CommandQueue, BoundsWhatWaitsAndWhatANodeClaims) {
  CommandQueue queue(UINT32_MAX);
  EXPECT_EQ(queue.capacity(), kMaxOutstandingCommands);
  queue.OnHeartbeat(UINT32_MAX, UINT32_MAX);
  EXPECT_EQ(queue.capacity(), kMaxOutstandingCommands);
  CommandQueue closed(0);
  for (size_t i = 0; i < kMaxQueuedCommands; ++i) {
    EXPECT_TRUE(closed.Push("run", CommandOf(std::to_string(i)), kNow));
  }
  EXPECT_FALSE(closed.Push("run", CommandOf("one more"), kNow));
}

TEST(CommandQueue, TimeToLiveShrinksWhileWaiting) {
  CommandQueue queue(1);
  queue.Push("run", CommandOf("1"), kNow);
  const auto command = queue.Next(kNow + absl::Seconds(2));
  EXPECT_EQ(FromProto(command->time_to_live()), absl::Seconds(3));
}

TEST(CommandQueue, ExpiredCommandsAreNotSentAndAreReported) {
  CommandQueue queue(1);
  queue.Push("run", CommandOf("short", absl::Seconds(1)), kNow);
  queue.Push("run", CommandOf("long"), kNow);
  queue.Push("run", CommandOf("none", absl::ZeroDuration()), kNow);
  const MonotonicTime later = kNow + absl::Seconds(1);
  EXPECT_EQ(NextId(queue, later), "long");
  const auto lost = queue.TakeExpired(later);
  ASSERT_THAT(lost, SizeIs(2));
  EXPECT_EQ(lost[0].command_id, "short");
  EXPECT_EQ(lost[0].run, "run");
  EXPECT_TRUE(absl::IsDeadlineExceeded(lost[0].reason));
  EXPECT_EQ(lost[1].command_id, "none");
  EXPECT_THAT(queue.TakeExpired(later), IsEmpty());
}

TEST(CommandQueue, ACommandThatIsNeverAnsweredGivesItsSlotBack) {
  CommandQueue queue(1);
  queue.Push("run", CommandOf("1"), kNow);
  EXPECT_EQ(NextId(queue), "1");
  const MonotonicTime deadline = kNow + absl::Seconds(5) + absl::Seconds(3) + kAnswerGrace;
  EXPECT_EQ(queue.NextDeadline(), deadline);
  EXPECT_THAT(queue.TakeExpired(deadline - absl::Nanoseconds(1)), IsEmpty());
  EXPECT_THAT(queue.TakeExpired(deadline), SizeIs(1));
  EXPECT_EQ(queue.outstanding(), 0u);
  EXPECT_EQ(queue.NextDeadline(), std::nullopt);
}

TEST(CommandQueue, SlotsOfAnEarlierSessionAreNotCountedOn) {
  CommandQueue queue(1);  // 4 slots, 3 of them still busy with what an earlier session sent
  for (const std::string id : {"1", "2", "3"}) queue.Push("run", CommandOf(id), kNow);
  EXPECT_EQ(NextId(queue), "1");
  queue.OnAck("1", 0);
  queue.OnHeartbeat(4, 0);
  EXPECT_EQ(NextId(queue), "") << "in flight: one of ours, three of others";
  queue.OnHeartbeat(2, 2);
  EXPECT_EQ(NextId(queue), "2") << "two of the others are done";
}

TEST(CommandQueue, CommandsOnTheirWayAreSubtractedFromWhatTheNodeReports) {
  CommandQueue queue(4);
  for (int i = 0; i < 6; ++i) queue.Push("run", CommandOf(std::to_string(i)), kNow);
  for (int i = 0; i < 4; ++i) EXPECT_NE(NextId(queue), "");
  queue.OnHeartbeat(0, 4);  // written before any of the four had arrived
  EXPECT_EQ(NextId(queue), "");
  queue.OnAck("0", 3);
  EXPECT_EQ(NextId(queue), "");
}

TEST(CommandQueue, ANodeMayTakeSlotsAway) {
  CommandQueue queue(4);
  for (int i = 0; i < 4; ++i) queue.Push("run", CommandOf(std::to_string(i)), kNow);
  EXPECT_EQ(NextId(queue), "0");
  queue.OnAck("0", 1);
  EXPECT_EQ(NextId(queue), "1");
  EXPECT_EQ(NextId(queue), "");
  queue.OnHeartbeat(1, 3);
  EXPECT_EQ(queue.capacity(), 4u);
}

TEST(CommandQueue, CancelsWhatWaitsAndKnowsWhatWasSent) {
  CommandQueue queue(1);
  queue.Push("run-1", CommandOf("1"), kNow);
  queue.Push("run-2", CommandOf("2"), kNow);
  EXPECT_EQ(NextId(queue), "1");
  std::string run;
  EXPECT_EQ(queue.Cancel("1", &run), CommandQueue::Cancelled::kSent);
  EXPECT_EQ(queue.Cancel("none", &run), CommandQueue::Cancelled::kUnknown);
  EXPECT_EQ(queue.Cancel("2", &run), CommandQueue::Cancelled::kWaiting);
  EXPECT_EQ(run, "run-2");
  EXPECT_EQ(queue.waiting(), 0u);
}

TEST(CommandQueue, GivesEverythingUpAtOnce) {
  CommandQueue queue(1);
  queue.Push("run", CommandOf("1"), kNow);
  queue.Push("run", CommandOf("2"), kNow);
  EXPECT_EQ(NextId(queue), "1");
  EXPECT_THAT(queue.TakeAll(absl::UnavailableError("gone")), SizeIs(2));
  EXPECT_EQ(queue.outstanding() + queue.waiting(), 0u);
}

TEST(CommandQueue, UnknownAcksAndResultsChangeNothing) {
  CommandQueue queue(2);
  queue.OnResult("never sent");
  queue.OnAck("never sent", 2);
  EXPECT_EQ(queue.capacity(), 2u);
}

}  // namespace
}  // namespace probemesh::coordinator
