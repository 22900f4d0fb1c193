// Results: whose they are, that each is ingested once, and what happens when the store fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/core/limits.h"
#include "tests/unit/coordinator/core/core_test_util.h"

namespace probemesh::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ResultsTest : public CoreFixture {
 protected:
  std::vector<std::string> StoredIds() {
    std::vector<std::string> ids;
    const auto observations = store.ObservationsOf(kRun);
    for (const auto& observation : *observations) ids.push_back(observation.command_id());
    return ids;
  }
};

TEST_F(ResultsTest, AreCommittedThenToldThenAcked) {
  const Stream stream = Join("nodes/a");
  ASSERT_TRUE(Run("nodes/a", "c1"));
  executor.Hold();
  SendResult(stream, 1, "c1");
  EXPECT_THAT(listener.observations, IsEmpty());
  EXPECT_EQ(stream.sink->LastAck(), std::nullopt);
  executor.Release();
  loop.RunUntilIdle();
  ASSERT_THAT(listener.observations, SizeIs(1));
  EXPECT_EQ(listener.observations[0].first, kRun);
  EXPECT_EQ(stream.sink->LastAck(), 1u);
  EXPECT_THAT(StoredIds(), ElementsAre("c1"));
  EXPECT_EQ(counters.observations_ingested, 1u);
}

TEST_F(ResultsTest, CarryTheSendersTrueNameAndTheTimeOfArrival) {
  const Stream stream = Join("nodes/a");
  ASSERT_TRUE(Run("nodes/a", "c1"));
  loop.AdvanceBy(absl::Seconds(2));
  v1::NodeMessage message = ResultOf(1, "c1");
  message.mutable_result()->mutable_observation()->set_node("nodes/b");
  *message.mutable_result()->mutable_observation()->mutable_arrival_offset() =
      ToProto(absl::Hours(9));
  Send(stream, message);
  ASSERT_THAT(listener.observations, SizeIs(1));
  const v1::Observation& observation = listener.observations[0].second;
  EXPECT_EQ(observation.node(), "nodes/a");
  // The run's name says 2026-01-01 00:00:00 UTC, as the test's clock did at the start.
  EXPECT_EQ(FromProto(observation.arrival_offset()), absl::Milliseconds(1999));
  EXPECT_EQ(store.ObservationsOf(kRun)->front().node(), "nodes/a");
}

TEST_F(ResultsTest, OfACommandThatAnotherNodeWasSentBelongToNoRun) {
  Join("nodes/a");
  const Stream thief = Join("nodes/b");
  ASSERT_TRUE(Run("nodes/a", "c1"));
  SendResult(thief, 1, "c1");
  EXPECT_THAT(listener.observations, IsEmpty());
  EXPECT_THAT(StoredIds(), IsEmpty());
  EXPECT_THAT(store.Unattributed("nodes/b"), SizeIs(1));
  EXPECT_EQ(thief.sink->LastAck(), 1u) << "kept, and not asked for again";
  EXPECT_EQ(counters.observations_unattributed, 1u);
}

TEST_F(ResultsTest, ThatNobodyAskedForBelongToNoRun) {
  const Stream stream = Join("nodes/a");
  SendResult(stream, 1, "never sent");
  SendResult(stream, 2, std::string(1000, 'i'));
  EXPECT_THAT(listener.observations, IsEmpty());
  EXPECT_THAT(store.Unattributed("nodes/a"), SizeIs(2));
}

TEST_F(ResultsTest, ASecondAnswerToOneCommandBelongsToNoRun) {
  const Stream stream = Join("nodes/a");
  ASSERT_TRUE(Run("nodes/a", "c1"));
  executor.Hold();
  SendResult(stream, 1, "c1");
  SendResult(stream, 2, "c1");
  executor.Release();
  loop.RunUntilIdle();
  EXPECT_THAT(listener.observations, SizeIs(1));
  EXPECT_THAT(StoredIds(), ElementsAre("c1"));
  EXPECT_EQ(stream.sink->LastAck(), 2u);
}

TEST_F(ResultsTest, RepeatsAreAckedAgainAndCountedOnce) {
  const Stream stream = Join("nodes/a");
  ASSERT_TRUE(Run("nodes/a", "c1"));
  SendResult(stream, 1, "c1");
  const size_t messages = stream.sink->messages.size();
  SendResult(stream, 1, "c1");
  EXPECT_EQ(stream.sink->messages.size(), messages + 1);
  EXPECT_EQ(stream.sink->LastAck(), 1u);
  EXPECT_THAT(listener.observations, SizeIs(1));
  EXPECT_THAT(StoredIds(), SizeIs(1));
  EXPECT_EQ(counters.observations_duplicate, 1u);
}

TEST_F(ResultsTest, AGapWithinASessionEndsIt) {
  const Stream stream = Join("nodes/a");
  SendResult(stream, 1, "c1");
  SendResult(stream, 3, "c3");
  EXPECT_EQ(stream.sink->CloseCode(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(*store.Watermark("nodes/a", 7), 1u);
}

TEST_F(ResultsTest, AreSentAgainAfterAReconnectAndIngestedOnce) {
  const Stream first = Join("nodes/a");
  ASSERT_TRUE(Run("nodes/a", "c1"));
  ASSERT_TRUE(Run("nodes/a", "c2"));
  executor.Hold();
  SendResult(first, 1, "c1");
  sessions->OnSessionClosed(first.id, absl::UnavailableError("reset"));
  ASSERT_THAT(listener.lost, SizeIs(1)) << "c2; c1 is on its way to the disk";
  executor.Release();
  loop.RunUntilIdle();
  EXPECT_THAT(listener.observations, SizeIs(1));

  const Stream second = Join("nodes/a", 4, 7, 2);
  EXPECT_EQ(second.sink->messages[0].hello().acked_result_sequence(), 1u);
  SendResult(second, 1, "c1");  // it had sent this before it read the hello
  SendResult(second, 2, "c2");
  EXPECT_EQ(second.sink->LastAck(), 2u);
  EXPECT_THAT(listener.observations, SizeIs(2)) << "late, but of its run";
  EXPECT_THAT(StoredIds(), ElementsAre("c1", "c2"));
}

TEST_F(ResultsTest, SentAgainWhileTheFirstCopyIsOnItsWayAreIngestedOnce) {
  const Stream first = Join("nodes/a");
  ASSERT_TRUE(Run("nodes/a", "c1"));
  ASSERT_TRUE(Run("nodes/a", "c2"));
  SendResult(first, 1, "c1");
  executor.Hold();
  SendResult(first, 2, "c2");
  sessions->OnSessionClosed(first.id, absl::UnavailableError("reset"));
  const Stream second = Open("nodes/a");
  SendHello(second, 4, 7, 2);
  SendResult(second, 2, "c2");  // early
  executor.Release();
  loop.RunUntilIdle();
  EXPECT_EQ(second.sink->messages[0].hello().acked_result_sequence(), 2u);
  EXPECT_EQ(second.sink->LastAck(), 2u);
  EXPECT_THAT(listener.observations, SizeIs(2));
  EXPECT_THAT(StoredIds(), ElementsAre("c1", "c2"));
}

TEST_F(ResultsTest, OfManyNodesShareACommit) {
  const Stream a = Join("nodes/a");
  const Stream b = Join("nodes/b");
  executor.Hold();
  for (uint64_t i = 1; i <= 50; ++i) {
    SendResult(a, i, "");
    SendResult(b, i, "");
  }
  executor.Release();
  loop.RunUntilIdle();
  EXPECT_EQ(store.ingest_commits(), 2) << "the first alone, all others together";
  EXPECT_EQ(a.sink->LastAck(), 50u);
  EXPECT_EQ(b.sink->LastAck(), 50u);
}

TEST_F(ResultsTest, AStoreThatFailsIsRetriedAndNothingIsAckedMeanwhile) {
  const Stream stream = Join("nodes/a");
  ASSERT_TRUE(Run("nodes/a", "c1"));
  ASSERT_TRUE(Run("nodes/a", "c2"));
  store.FailWith(absl::UnavailableError("disk full"));
  SendResult(stream, 1, "c1");
  SendResult(stream, 2, "c2");
  loop.AdvanceBy(absl::Seconds(5));
  EXPECT_EQ(stream.sink->LastAck(), std::nullopt);
  EXPECT_THAT(listener.observations, IsEmpty());
  EXPECT_GE(counters.store_errors, 5u);
  EXPECT_FALSE(stream.sink->closed.has_value());
  store.FailWith(absl::OkStatus());
  loop.AdvanceBy(kStoreRetryDelay);
  EXPECT_EQ(stream.sink->LastAck(), 2u);
  EXPECT_THAT(listener.observations, SizeIs(2));
  EXPECT_THAT(StoredIds(), ElementsAre("c1", "c2"));
}

TEST_F(ResultsTest, AStoreThatFailsForASessionThatIsGoneLosesItForTheRunOnly) {
  const Stream stream = Join("nodes/a");
  ASSERT_TRUE(Run("nodes/a", "c1"));
  store.FailWith(absl::UnavailableError("disk full"));
  SendResult(stream, 1, "c1");
  sessions->OnSessionClosed(stream.id, absl::UnavailableError("reset"));
  EXPECT_THAT(listener.lost, IsEmpty()) << "it may still be committed";
  loop.AdvanceBy(kStoreRetryDelay);
  ASSERT_THAT(listener.lost, SizeIs(1));
  EXPECT_TRUE(sessions->idle());
  store.FailWith(absl::OkStatus());
  const Stream again = Join("nodes/a", 4, 7, 1);
  SendResult(again, 1, "c1");
  EXPECT_EQ(again.sink->LastAck(), 1u);
  EXPECT_THAT(StoredIds(), ElementsAre("c1"));
  EXPECT_THAT(listener.observations, SizeIs(1));
}

TEST_F(ResultsTest, ThatAreTooLargeAreReplacedByANoteThatIsNoFailure) {
  const Stream stream = Join("nodes/a");
  ASSERT_TRUE(Run("nodes/a", "c1"));
  v1::NodeMessage message = ResultOf(1, "c1");
  message.mutable_result()->mutable_observation()->set_detail(
      std::string(kMaxObservationOctets, 'x'));
  message.mutable_result()->mutable_observation()->set_outcome(v1::SILENT);
  Send(stream, message);
  ASSERT_THAT(listener.observations, SizeIs(1));
  EXPECT_EQ(listener.observations[0].second.outcome(), v1::NOT_RUN);
  EXPECT_EQ(listener.observations[0].second.node(), "nodes/a");
  EXPECT_EQ(stream.sink->LastAck(), 1u) << "or the node would send it for ever";
  EXPECT_EQ(counters.limits_hit["observation_octets"], 1u);
}

TEST_F(ResultsTest, AFloodBeyondTheLimitEndsTheSessionAndLosesNothing) {
  const Stream stream = Join("nodes/a");
  executor.Hold();
  uint64_t sent = 0;
  while (!stream.sink->closed.has_value()) SendResult(stream, ++sent, "");
  EXPECT_EQ(sent, kMaxUncommittedResults + 1);
  EXPECT_EQ(stream.sink->CloseCode(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(counters.limits_hit["uncommitted_results"], 1u);
  executor.Release();
  loop.RunUntilIdle();
  EXPECT_EQ(*store.Watermark("nodes/a", 7), kMaxUncommittedResults);
  const Stream again = Join("nodes/a", 4, 7, sent);
  SendResult(again, sent, "");
  EXPECT_EQ(again.sink->LastAck(), sent);
}

TEST_F(ResultsTest, OctetsAreBoundedTooForOneNodeAndForAll) {
  std::vector<Stream> streams = {Join("nodes/a"), Join("nodes/b")};
  executor.Hold();
  v1::NodeMessage large = ResultOf(1, "");
  large.mutable_result()->mutable_observation()->set_detail(std::string(200 << 10, 'x'));
  uint64_t sequence = 0;
  while (!streams[0].sink->closed.has_value()) {
    large.mutable_result()->set_sequence(++sequence);
    Send(streams[0], large);
  }
  EXPECT_LT(sequence * (200 << 10), kMaxUncommittedOctets + (201 << 10));
  EXPECT_FALSE(streams[1].sink->closed.has_value());
}

TEST_F(ResultsTest, ThatNobodyAskedForDoNotFillTheDisk) {
  Stream stream = Join("nodes/a");
  v1::NodeMessage invented = ResultOf(1, "never sent");
  invented.mutable_result()->mutable_observation()->set_detail(std::string(200 << 10, 'x'));
  const uint64_t fitting = kMaxUnattributedOctets / (200 << 10);
  for (uint64_t sequence = 1; sequence <= fitting + 20; ++sequence) {
    if (sequence == fitting / 2) stream = Join("nodes/a", 4, 7, sequence);  // forgets nothing
    invented.mutable_result()->set_sequence(sequence);
    Send(stream, invented);
    ASSERT_FALSE(stream.sink->closed.has_value());
  }
  size_t octets = 0;
  for (const v1::Observation& observation : store.Unattributed("nodes/a")) {
    octets += observation.ByteSizeLong();
  }
  EXPECT_LT(octets, kMaxUnattributedOctets + (200 << 10));
  EXPECT_THAT(store.Unattributed("nodes/a"), SizeIs(fitting + 20)) << "each is counted and acked";
  EXPECT_GT(counters.limits_hit["unattributed_octets"], 0u);
}

// A new coordinator over the old store.
class RestartTest : public ResultsTest {};

TEST_F(RestartTest, CommandsOfTheOldProcessAreForgottenAndTheirResultsKept) {
  Join("nodes/a");
  ASSERT_TRUE(Run("nodes/a", "c1"));
  Start();
  const Stream stream = Join("nodes/a", 4, 7, 1);
  SendResult(stream, 1, "c1");
  EXPECT_THAT(listener.observations, IsEmpty());
  EXPECT_THAT(store.Unattributed("nodes/a"), SizeIs(1));
  EXPECT_EQ(stream.sink->LastAck(), 1u);
}

TEST_F(RestartTest, ANodeThatIsAheadOfTheWatermarkSendsTheRest) {
  const Stream before = Join("nodes/a");
  SendResult(before, 1, "");
  SendResult(before, 2, "");
  Start();
  const Stream stream = Join("nodes/a", 4, 7, 5);
  EXPECT_EQ(stream.sink->messages[0].hello().acked_result_sequence(), 2u);
  for (uint64_t i = 3; i <= 5; ++i) SendResult(stream, i, "");
  EXPECT_EQ(stream.sink->LastAck(), 5u);
  EXPECT_THAT(store.Unattributed("nodes/a"), SizeIs(5));
  EXPECT_EQ(counters.result_gaps, 0u);
}

TEST_F(RestartTest, AStoreOfYesterdayIsBridgedAndTheGapCounted) {
  ASSERT_TRUE(store.Watermark("nodes/a", 7).ok());
  const Stream stream = Join("nodes/a", 4, 7, 102);  // 1 to 100 were acked by a store that is gone
  SendResult(stream, 101, "");
  SendResult(stream, 102, "");
  EXPECT_FALSE(stream.sink->closed.has_value());
  EXPECT_EQ(stream.sink->LastAck(), 102u);
  EXPECT_EQ(counters.result_gaps, 100u);
  EXPECT_THAT(store.Unattributed("nodes/a"), SizeIs(2));
}

TEST_F(RestartTest, ANodeThatWentBackInTimeIsToldAndItsReusedNumbersAreNotEvidence) {
  const Stream before = Join("nodes/a");
  for (uint64_t i = 1; i <= 5; ++i) SendResult(before, i, "");
  Start();
  const Stream stream = Join("nodes/a", 4, 7, 2);
  EXPECT_EQ(stream.sink->messages[0].hello().acked_result_sequence(), 5u);
  ASSERT_TRUE(Run("nodes/a", "c1"));
  SendResult(stream, 3, "c1");
  EXPECT_THAT(listener.observations, IsEmpty());
  ASSERT_THAT(listener.lost, SizeIs(1));
  EXPECT_TRUE(absl::IsDataLoss(listener.lost[0].reason));
  EXPECT_EQ(stream.sink->LastAck(), 5u);
}

TEST_F(RestartTest, ANewSpoolGenerationStartsOverWithinTheSession) {
  const Stream stream = Join("nodes/a", 4, 7, 0);
  ASSERT_TRUE(Run("nodes/a", "c1"));
  SendResult(stream, 1, "");
  SendResult(stream, 1, "c1", 8);
  SendResult(stream, 2, "", 8);
  EXPECT_EQ(stream.sink->LastAck(), 2u);
  EXPECT_EQ(stream.sink->messages.back().result_ack().spool_generation(), 8u);
  EXPECT_THAT(listener.observations, SizeIs(1));
  EXPECT_EQ(*store.Watermark("nodes/a", 7), 1u);
  EXPECT_EQ(*store.Watermark("nodes/a", 8), 2u);
  SendResult(stream, 5, "", 9);
  EXPECT_EQ(stream.sink->CloseCode(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace probemesh::coordinator
