// What happens within one session: commands, results, heartbeats, certificates.
#include "probe-node/session/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/probe-node/session/session_fixture.h"

namespace probemesh::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class SessionTest : public SessionFixture {
 protected:
  std::vector<uint64_t> SentSequences() {
    std::vector<uint64_t> sequences;
    for (const auto& message : transport_.Take(Kind::kResult)) {
      sequences.push_back(message.result().sequence());
    }
    return sequences;
  }
};

TEST_F(SessionTest, FirstMessageIsAHelloWithTheSpoolsPosition) {
  Store("a");
  Store("b");
  session_->Start();
  const auto sent = transport_.Take();
  ASSERT_THAT(sent, SizeIs(1));
  const v1::NodeHello& hello = sent[0].hello();
  EXPECT_EQ(hello.boot_id(), "boot");
  EXPECT_EQ(hello.free_slots(), 4);
  EXPECT_EQ(hello.spool_generation(), spool_->generation());
  EXPECT_EQ(hello.last_result_sequence(), 2);
}

TEST_F(SessionTest, NothingButTheHelloIsSentBeforeTheCoordinatorsHello) {
  Store("a");
  session_->Start();
  transport_.Take();
  Store("b");
  session_->SendHeartbeat();
  EXPECT_THAT(transport_.Take(), IsEmpty());
}

TEST_F(SessionTest, CoordinatorsHelloSetsControlsAndGetsAHeartbeat) {
  Connect();
  EXPECT_EQ(session_->epoch(), 1);
  EXPECT_THAT(host_.controls, ElementsAre("192.0.2.1:443"));
  EXPECT_THAT(transport_.Take(Kind::kHeartbeat), SizeIs(1));
}

TEST_F(SessionTest, ResendsFromWhatTheCoordinatorHas) {
  for (const char* id : {"a", "b", "c"}) Store(id);
  Connect(2);
  EXPECT_THAT(SentSequences(), ElementsAre(3));
  EXPECT_EQ(spool_->acked(), 2);
}

TEST_F(SessionTest, AckBeyondWhatTheSpoolKnowsStartsANewGeneration) {
  Store("a");
  const uint64_t before = spool_->generation();
  session_->Start();
  transport_.Take();
  transport_.Deliver(Hello(7));
  EXPECT_NE(spool_->generation(), before);
  const auto results = transport_.Take(Kind::kResult);
  ASSERT_THAT(results, SizeIs(1));
  EXPECT_EQ(results[0].result().sequence(), 1);
  EXPECT_EQ(results[0].result().spool_generation(), spool_->generation());
}

TEST_F(SessionTest, AnswerAboutAnOlderGenerationAcksNothing) {
  Store("a");
  session_->Start();
  spool_->StartNewGeneration();
  transport_.Deliver(Hello(1));
  EXPECT_EQ(spool_->acked(), 0);
  EXPECT_THAT(SentSequences(), ElementsAre(1));
}

TEST_F(SessionTest, ResultsAreKeptUntilAcked) {
  Connect();
  Store("a");
  Store("b");
  EXPECT_THAT(SentSequences(), ElementsAre(1, 2));
  EXPECT_EQ(spool_->depth(), 2);
  transport_.Deliver(Ack(1));
  EXPECT_EQ(spool_->depth(), 1);
  v1::CoordinatorMessage stale = Ack(2);
  stale.mutable_result_ack()->set_spool_generation(spool_->generation() + 1);
  transport_.Deliver(stale);
  EXPECT_EQ(spool_->depth(), 1);
  transport_.Deliver(Ack(2));
  EXPECT_EQ(spool_->depth(), 0);
}

TEST_F(SessionTest, CommandRunsAndIsAckedWithTheSlotsThatAreLeft) {
  Connect();
  transport_.Take();
  transport_.Deliver(Command("c1"));
  EXPECT_THAT(host_.ran, ElementsAre("c1"));
  const auto acks = transport_.Take(Kind::kCommandAck);
  ASSERT_THAT(acks, SizeIs(1));
  EXPECT_EQ(acks[0].command_ack().command_id(), "c1");
  EXPECT_EQ(acks[0].command_ack().free_slots(), 3);
}

TEST_F(SessionTest, CommandRunsAtMostOnceEvenAfterItFinished) {
  Connect();
  transport_.Deliver(Command("c1"));
  transport_.Deliver(Command("c1"));
  Store("c1");
  transport_.Deliver(Command("c1"));
  transport_.Deliver(Ack(1));
  transport_.Deliver(Command("c1"));
  EXPECT_THAT(host_.ran, ElementsAre("c1"));
  EXPECT_THAT(transport_.Take(Kind::kCommandAck), SizeIs(4));
}

TEST_F(SessionTest, CommandWhoseResultAnEarlierProcessLeftIsNotRunAgain) {
  Store("c1");
  NewSession();
  Connect();
  transport_.Deliver(Command("c1"));
  EXPECT_THAT(host_.ran, IsEmpty());
}

TEST_F(SessionTest, CommandThatWaitedTooLongIsExpired) {
  Connect();
  transport_.Take();
  const MonotonicTime received = loop_.clock().Monotonic() - absl::Seconds(6);
  transport_.Deliver(Command("late", absl::Seconds(5)), received);
  transport_.Deliver(Command("just in time", absl::Seconds(6)), received);
  EXPECT_THAT(host_.ran, ElementsAre("just in time"));
  EXPECT_THAT(host_.refused, ElementsAre(Pair("late", v1::EXPIRED)));
  EXPECT_THAT(SentSequences(), ElementsAre(1));
}

TEST_F(SessionTest, CommandWithoutUsableIdIsIgnored) {
  Connect();
  transport_.Take();
  transport_.Deliver(Command(""));
  transport_.Deliver(Command(std::string(65, 'x')));
  EXPECT_THAT(host_.ran, IsEmpty());
  EXPECT_THAT(transport_.Take(Kind::kCommandAck), IsEmpty());
}

TEST_F(SessionTest, CancelReachesWhatRuns) {
  Connect();
  transport_.Deliver(Command("c1"));
  v1::CoordinatorMessage cancel;
  cancel.mutable_cancel_probe()->set_command_id("c1");
  transport_.Deliver(cancel);
  cancel.mutable_cancel_probe()->set_command_id("unknown");
  transport_.Deliver(cancel);
  EXPECT_THAT(host_.cancelled, ElementsAre("c1"));
}

TEST_F(SessionTest, HeartbeatsCarryTheNodesState) {
  Connect();
  transport_.Take();
  transport_.Deliver(Command("c1"));
  Store("other");
  host_.check.add_controls()->set_control("192.0.2.1:443");
  loop_.AdvanceBy(absl::Seconds(10));
  const auto beats = transport_.Take(Kind::kHeartbeat);
  ASSERT_THAT(beats, SizeIs(1));
  const v1::Heartbeat& beat = beats[0].heartbeat();
  EXPECT_EQ(beat.sequence(), 2);
  EXPECT_EQ(beat.in_flight(), 1);
  EXPECT_EQ(beat.free_slots(), 3);
  EXPECT_EQ(beat.spool_depth(), 1);
  EXPECT_EQ(beat.self_check().controls(0).control(), "192.0.2.1:443");
  EXPECT_EQ(FromProto(beat.send_time()), loop_.clock().Wall());
}

TEST_F(SessionTest, HeartbeatOutOfTurnMovesTheNextOne) {
  Connect();
  loop_.AdvanceBy(absl::Seconds(6));
  transport_.Take();
  session_->SendHeartbeat();
  EXPECT_THAT(transport_.Take(Kind::kHeartbeat), SizeIs(1));
  loop_.AdvanceBy(absl::Seconds(9));
  EXPECT_THAT(transport_.Take(Kind::kHeartbeat), IsEmpty());
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_THAT(transport_.Take(Kind::kHeartbeat), SizeIs(1));
}

TEST_F(SessionTest, HeartbeatRepliesGiveTheClockOffset) {
  Connect();
  const uint64_t sequence = transport_.Take(Kind::kHeartbeat)[0].heartbeat().sequence();
  v1::CoordinatorMessage reply;
  reply.mutable_heartbeat_reply()->set_sequence(sequence);
  *reply.mutable_heartbeat_reply()->mutable_coordinator_receive_time() =
      ToProto(loop_.clock().Wall() + absl::Milliseconds(10) - absl::Seconds(2));
  loop_.AdvanceBy(absl::Milliseconds(20));
  transport_.Deliver(reply);
  ASSERT_TRUE(session_->clock_offset().estimate());
  EXPECT_EQ(session_->clock_offset().estimate()->offset, absl::Seconds(2));
  EXPECT_EQ(session_->clock_offset().estimate()->uncertainty, absl::Milliseconds(10));
}

TEST_F(SessionTest, ResultsThatFoundTheOutboxFullGoWithTheNextHeartbeat) {
  Connect();
  transport_.Take();
  transport_.set_room(0);
  Store("a");
  EXPECT_THAT(transport_.Take(), IsEmpty());
  transport_.set_room(100);
  loop_.AdvanceBy(absl::Seconds(10));
  EXPECT_THAT(SentSequences(), ElementsAre(1));
}

TEST_F(SessionTest, DueCertificateRequestGoesOutWithAHeartbeatAndTheAnswerComesBack) {
  Connect();
  transport_.Take();
  renewer_.due = "csr";
  loop_.AdvanceBy(absl::Seconds(10));
  const auto requests = transport_.Take(Kind::kCertificateRequest);
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].certificate_request().csr_der(), "csr");
  v1::CoordinatorMessage issued;
  issued.mutable_issued_certificate()->set_certificate_chain_pem("chain");
  transport_.Deliver(issued);
  EXPECT_THAT(renewer_.issued, ElementsAre("chain"));
}

TEST_F(SessionTest, MessagesOfNewerCoordinatorsAreIgnored) {
  Connect();
  transport_.Deliver(v1::CoordinatorMessage());
  transport_.Deliver(Hello(99));
  EXPECT_EQ(session_->state(), Session::State::kOpen);
  EXPECT_EQ(spool_->acked(), 0);
}

}  // namespace
}  // namespace probemesh::node
