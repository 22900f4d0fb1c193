// How sessions begin, end and begin again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "probe-node/session/session.h"
#include "tests/unit/probe-node/session/session_fixture.h"

namespace probemesh::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class SessionLifecycleTest : public SessionFixture {
 protected:
  // Time until the next attempt.
  absl::Duration WaitForAttempt() {
    const size_t before = attempts();
    const absl::Duration start = loop_.clock().Monotonic();
    EXPECT_TRUE(loop_.AdvanceUntil([&] { return attempts() > before; }, absl::Hours(1)));
    return loop_.clock().Monotonic() - start;
  }
  void KeepAlive(absl::Duration duration) {
    for (absl::Duration passed; passed < duration; passed += absl::Seconds(10)) {
      v1::CoordinatorMessage reply;
      reply.mutable_heartbeat_reply();
      transport_.Deliver(reply);
      loop_.AdvanceBy(absl::Seconds(10));
    }
  }
  void Leave() {
    session_->Leave("stopping", [this] { ++left_; });
  }

  int left_ = 0;
};

TEST_F(SessionLifecycleTest, FirstRetryIsQuickAndLaterOnesGrowToTheCap) {
  session_->Start();
  absl::Duration longest;
  for (int i = 0; i < 60; ++i) {
    transport_.EndStream(absl::UnavailableError("refused"));
    EXPECT_FALSE(transport_.is_open());
    const absl::Duration wait = WaitForAttempt();
    EXPECT_GE(wait, absl::Milliseconds(200));
    EXPECT_LE(wait, i == 0 ? absl::Seconds(2) : absl::Seconds(10)) << i;
    longest = std::max(longest, wait);
  }
  EXPECT_GT(longest, absl::Seconds(8));
}

TEST_F(SessionLifecycleTest, AdvertisedSpreadReplacesTheDefault) {
  Connect();
  for (int i = 0; i < 60; ++i) {
    transport_.EndStream(absl::UnavailableError("gone"));
    EXPECT_LE(WaitForAttempt(), absl::Seconds(5));
  }
}

TEST_F(SessionLifecycleTest, CoordinatorsAreTriedInTurn) {
  coordinators_ = {"a:1", "b:1", "c:1"};
  NewSession();
  session_->Start();
  for (int i = 0; i < 3; ++i) {
    transport_.EndStream(absl::UnavailableError("refused"));
    WaitForAttempt();
  }
  EXPECT_THAT(transport_.opened(), ElementsAre("a:1", "b:1", "c:1", "a:1"));
}

TEST_F(SessionLifecycleTest, LostSessionIsSoughtWhereItWas) {
  coordinators_ = {"a:1", "b:1"};
  NewSession();
  Connect();
  transport_.EndStream(absl::UnavailableError("gone"));
  WaitForAttempt();
  EXPECT_THAT(transport_.opened(), ElementsAre("a:1", "a:1"));
}

TEST_F(SessionLifecycleTest, CoordinatorThatNeverAnswersTheHelloIsGivenUp) {
  session_->Start();
  loop_.AdvanceBy(absl::Seconds(9));
  EXPECT_TRUE(transport_.is_open());
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_FALSE(transport_.is_open());
  EXPECT_EQ(session_->state(), Session::State::kWaiting);
  WaitForAttempt();
}

TEST_F(SessionLifecycleTest, AnythingButAHelloAtFirstEndsTheStream) {
  session_->Start();
  transport_.Deliver(Command("c1"));
  EXPECT_FALSE(transport_.is_open());
  EXPECT_THAT(host_.ran, IsEmpty());
  WaitForAttempt();
}

TEST_F(SessionLifecycleTest, SilenceForTheLeaseEndsTheSession) {
  Connect();
  loop_.AdvanceBy(absl::Seconds(29));
  EXPECT_TRUE(transport_.is_open());
  v1::CoordinatorMessage reply;
  reply.mutable_heartbeat_reply();
  transport_.Deliver(reply);
  loop_.AdvanceBy(absl::Seconds(29));
  EXPECT_TRUE(transport_.is_open());
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_FALSE(transport_.is_open());
  EXPECT_EQ(renewer_.ended, 1);
  WaitForAttempt();
}

TEST_F(SessionLifecycleTest, AbsurdTimesFromTheCoordinatorAreBounded) {
  session_->Start();
  v1::CoordinatorMessage hello = Hello();
  *hello.mutable_hello()->mutable_heartbeat_interval() = ToProto(absl::Nanoseconds(1));
  *hello.mutable_hello()->mutable_lease_duration() = ToProto(absl::Nanoseconds(1));
  transport_.Deliver(hello);
  transport_.Take();
  loop_.AdvanceBy(absl::Milliseconds(150));
  EXPECT_TRUE(transport_.is_open());
  EXPECT_THAT(transport_.Take(Kind::kHeartbeat), SizeIs(1));
}

TEST_F(SessionLifecycleTest, RunningProbesSurviveALostSession) {
  Connect();
  transport_.Deliver(Command("c1"));
  transport_.EndStream(absl::UnavailableError("gone"));
  Store("c1");
  WaitForAttempt();
  transport_.Take();
  transport_.Deliver(Hello());
  const auto results = transport_.Take(Kind::kResult);
  ASSERT_THAT(results, SizeIs(1));
  EXPECT_EQ(results[0].result().observation().command_id(), "c1");
}

TEST_F(SessionLifecycleTest, UnackedResultsAreSentAgainInTheNextSession) {
  Connect();
  Store("a");
  transport_.EndStream(absl::UnavailableError("gone"));
  WaitForAttempt();
  transport_.Take();
  transport_.Deliver(Hello());
  EXPECT_THAT(transport_.Take(Kind::kResult), SizeIs(1));
}

TEST_F(SessionLifecycleTest, RevokedNodeTriesAgainSlowly) {
  Connect();
  transport_.EndStream(absl::PermissionDeniedError("nodes/fra-1 is revoked"));
  EXPECT_GE(WaitForAttempt(), absl::Minutes(1));
  transport_.EndStream(absl::PermissionDeniedError("nodes/fra-1 is revoked"));
  EXPECT_GE(WaitForAttempt(), absl::Minutes(1));
}

TEST_F(SessionLifecycleTest, SessionsThatDoNotLastAreFailures) {
  session_->Start();
  absl::Duration longest;
  for (int i = 0; i < 40; ++i) {
    transport_.Deliver(Hello());
    transport_.EndStream(absl::AbortedError("another session of this node"));
    longest = std::max(longest, WaitForAttempt());
  }
  EXPECT_GT(longest, absl::Seconds(4));
}

TEST_F(SessionLifecycleTest, SessionThatLastedMakesTheNextRetryQuickAgain) {
  session_->Start();
  for (int i = 0; i < 10; ++i) {
    transport_.EndStream(absl::UnavailableError("refused"));
    WaitForAttempt();
  }
  transport_.Deliver(Hello());
  KeepAlive(absl::Seconds(20));
  transport_.EndStream(absl::UnavailableError("gone"));
  EXPECT_LE(WaitForAttempt(), absl::Seconds(2));
}

TEST_F(SessionLifecycleTest, DrainFinishesWhatRunsThenComesBackWhenAsked) {
  Connect();
  transport_.Deliver(Command("c1"));
  transport_.Deliver(DrainMessage(absl::Seconds(20)));
  EXPECT_EQ(session_->state(), Session::State::kDraining);
  EXPECT_FALSE(transport_.half_closed());
  transport_.Take();
  Store("c1");
  EXPECT_FALSE(transport_.half_closed());  // not acked yet
  transport_.Deliver(Ack(1));
  EXPECT_TRUE(transport_.half_closed());
  EXPECT_THAT(transport_.Take(Kind::kGoodbye), SizeIs(1));
  transport_.EndStream(absl::OkStatus());
  const absl::Duration wait = WaitForAttempt();
  EXPECT_GE(wait, absl::Seconds(20));
  EXPECT_LE(wait, absl::Seconds(23));
}

TEST_F(SessionLifecycleTest, DrainOfAnIdleNodeEndsAtOnce) {
  Connect();
  transport_.Deliver(DrainMessage(absl::ZeroDuration()));
  EXPECT_TRUE(transport_.half_closed());
  // A coordinator that does not close either is left when the lease is over.
  loop_.AdvanceBy(absl::Seconds(30));
  WaitForAttempt();
}

TEST_F(SessionLifecycleTest, CoordinatorThatClosesWhileDrainingIsLeftAloneAsItAsked) {
  Connect();
  transport_.Deliver(Command("c1"));
  transport_.Deliver(DrainMessage(absl::Seconds(20)));
  transport_.EndStream(absl::UnavailableError("shutting down"));
  EXPECT_GE(WaitForAttempt(), absl::Seconds(20));
}

TEST_F(SessionLifecycleTest, DrainThatNeverFinishesEndsAfterTheLongestProbe) {
  Connect();
  transport_.Deliver(Command("c1"));
  transport_.Deliver(DrainMessage(absl::ZeroDuration()));
  KeepAlive(absl::Seconds(60));
  EXPECT_FALSE(transport_.half_closed());
  KeepAlive(absl::Seconds(10));
  EXPECT_TRUE(transport_.half_closed());
}

TEST_F(SessionLifecycleTest, LeavingSaysGoodbyeAfterTheResultsAndTakesTheLastAcks) {
  Connect();
  transport_.Take();
  Store("a");
  Leave();
  const auto sent = transport_.Take();
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_TRUE(sent[0].has_result());
  EXPECT_EQ(sent[1].goodbye().reason(), "stopping");
  EXPECT_TRUE(transport_.half_closed());
  transport_.Deliver(Ack(1));
  EXPECT_EQ(spool_->depth(), 0);
  transport_.Deliver(Command("too late"));
  EXPECT_THAT(host_.ran, IsEmpty());
  EXPECT_EQ(left_, 0);
  transport_.EndStream(absl::OkStatus());
  EXPECT_EQ(left_, 1);
  EXPECT_EQ(session_->state(), Session::State::kLeft);
  loop_.AdvanceBy(absl::Minutes(5));
  EXPECT_EQ(attempts(), 1);
  EXPECT_EQ(left_, 1);
}

TEST_F(SessionLifecycleTest, LeavingDoesNotWaitForADeadCoordinator) {
  Connect();
  Leave();
  loop_.AdvanceBy(absl::Seconds(2));
  EXPECT_EQ(left_, 0);
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(left_, 1);
  EXPECT_FALSE(transport_.is_open());
}

TEST_F(SessionLifecycleTest, LeavingWithoutASessionIsImmediateButNeverInline) {
  session_->Start();
  transport_.EndStream(absl::UnavailableError("refused"));
  Leave();
  EXPECT_EQ(left_, 0);
  loop_.RunUntilIdle();
  EXPECT_EQ(left_, 1);
  loop_.AdvanceBy(absl::Minutes(5));
  EXPECT_EQ(attempts(), 1);
}

TEST_F(SessionLifecycleTest, DestroyedSessionLeavesNoTimerBehind) {
  Connect();
  session_.reset();
  EXPECT_FALSE(transport_.is_open());
  EXPECT_EQ(loop_.timer_count(), 0);
}

}  // namespace
}  // namespace probemesh::node
