// The life of a session: hello, lease, fencing, leaving, and who is not let in.
#include "coordinator/core/node_sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/coordinator/core/core_test_util.h"

namespace probemesh::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class NodeSessionsTest : public CoreFixture {};

TEST_F(NodeSessionsTest, AHelloIsAnsweredWithTheTermsOfTheSession) {
  const Stream stream = Join("nodes/a");
  ASSERT_THAT(stream.sink->messages, SizeIs(1));
  const v1::CoordinatorHello& hello = stream.sink->messages[0].hello();
  EXPECT_GT(hello.session_epoch(), 0u);
  EXPECT_EQ(FromProto(hello.heartbeat_interval()), absl::Seconds(10));
  EXPECT_EQ(FromProto(hello.lease_duration()), absl::Seconds(30));
  EXPECT_GE(FromProto(hello.reconnect_spread()), absl::Seconds(5));
  EXPECT_EQ(hello.acked_result_sequence(), 0u);
  EXPECT_THAT(hello.controls(), ElementsAre("192.0.2.1:443"));
  EXPECT_EQ(counters.connected_nodes, 1u);
  EXPECT_EQ(counters.sessions_opened, 1u);
  EXPECT_EQ(parts->nodes.View("nodes/a").state(), v1::Node::CONNECTED);
}

TEST_F(NodeSessionsTest, WhatTheHelloSaysIsStored) {
  Join("nodes/a");
  EXPECT_EQ(store.ListNodes()->front().node.version(), "1.0");
}

TEST_F(NodeSessionsTest, TheFirstMessageMustBeTheHello) {
  const Stream stream = Open("nodes/a");
  SendHeartbeat(stream);
  EXPECT_EQ(stream.sink->CloseCode(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(counters.sessions_rejected, 1u);
  EXPECT_EQ(counters.connected_nodes, 0u);
  EXPECT_THAT(listener.gone, IsEmpty()) << "it never was here";
}

TEST_F(NodeSessionsTest, ASecondHelloEndsTheSession) {
  const Stream stream = Join("nodes/a");
  SendHello(stream);
  EXPECT_EQ(stream.sink->CloseCode(), absl::StatusCode::kInvalidArgument);
}

TEST_F(NodeSessionsTest, AnEmptyMessageEndsTheSession) {
  const Stream stream = Join("nodes/a");
  Send(stream, {});
  EXPECT_EQ(stream.sink->CloseCode(), absl::StatusCode::kInvalidArgument);
  ASSERT_THAT(listener.gone, SizeIs(1));
}

TEST_F(NodeSessionsTest, WhoSaysNothingIsClosed) {
  const Stream stream = Open("nodes/a");
  loop.AdvanceBy(kHelloTimeout);
  EXPECT_EQ(stream.sink->CloseCode(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(NodeSessionsTest, StrangersRevokedNodesAndOldCertificatesAreTurnedAway) {
  EXPECT_EQ(Open("nodes/stranger").sink->CloseCode(), absl::StatusCode::kPermissionDenied);
  parts->nodes.SetRevoked("nodes/a", true);
  EXPECT_EQ(Open("nodes/a").sink->CloseCode(), absl::StatusCode::kPermissionDenied);
  StoredNode node = *parts->nodes.Find("nodes/b");
  node.certificate_serials = {"aa"};
  parts->nodes.Put(node);
  EXPECT_EQ(Open("nodes/b", "bb").sink->CloseCode(), absl::StatusCode::kPermissionDenied);
  EXPECT_FALSE(Open("nodes/b", "aa").sink->closed.has_value());
}

TEST_F(NodeSessionsTest, AnExpiredCertificateIsTurnedAway) {
  PeerIdentity peer;
  peer.node = "nodes/a";
  peer.not_after = loop.clock().Wall();
  const auto sink = std::make_shared<FakeSink>();
  sessions->OpenSession(peer, sink);
  EXPECT_EQ(sink->CloseCode(), absl::StatusCode::kUnauthenticated);
}

TEST_F(NodeSessionsTest, ANodeThatIsRevokedWhileJoiningDoesNotGetIn) {
  executor.Hold();
  const Stream stream = Open("nodes/a");
  SendHello(stream);
  parts->nodes.SetRevoked("nodes/a", true);
  executor.Release();
  loop.RunUntilIdle();
  EXPECT_EQ(stream.sink->CloseCode(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(counters.connected_nodes, 0u);
}

TEST_F(NodeSessionsTest, AStoreThatFailsLetsNobodyIn) {
  store.FailWith(absl::UnavailableError("disk"));
  const Stream stream = Open("nodes/a");
  SendHello(stream);
  EXPECT_EQ(stream.sink->CloseCode(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(counters.store_errors, 1u);
}

TEST_F(NodeSessionsTest, MessagesThatComeBeforeOurHelloWaitForIt) {
  executor.Hold();
  const Stream stream = Open("nodes/a");
  SendHello(stream);
  SendHeartbeat(stream);
  SendResult(stream, 1, "c1");
  EXPECT_THAT(stream.sink->messages, IsEmpty());
  executor.Release();
  loop.RunUntilIdle();
  ASSERT_THAT(stream.sink->messages, SizeIs(3));
  EXPECT_TRUE(stream.sink->messages[0].has_hello());
  EXPECT_TRUE(stream.sink->messages[1].has_heartbeat_reply());
  EXPECT_EQ(stream.sink->LastAck(), 1u);
}

TEST_F(NodeSessionsTest, ButNotTooMany) {
  executor.Hold();
  const Stream stream = Open("nodes/a");
  SendHello(stream);
  for (size_t i = 0; i <= kMaxEarlyMessages; ++i) SendHeartbeat(stream);
  EXPECT_EQ(stream.sink->CloseCode(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(counters.limits_hit["early_messages"], 1u);
  executor.Release();
  loop.RunUntilIdle();
  EXPECT_EQ(counters.sessions_opened, 0u);
}

TEST_F(NodeSessionsTest, AHeartbeatIsAnsweredAndKeepsTheLease) {
  const Stream stream = Join("nodes/a");
  for (int i = 0; i < 10; ++i) {
    loop.AdvanceBy(absl::Seconds(29));
    SendHeartbeat(stream);
  }
  EXPECT_FALSE(stream.sink->closed.has_value());
  const v1::HeartbeatReply& reply = stream.sink->messages.back().heartbeat_reply();
  EXPECT_EQ(reply.sequence(), 1u);
  EXPECT_EQ(FromProto(reply.coordinator_receive_time()), loop.clock().Wall());
  EXPECT_EQ(FromProto(reply.node_send_time()), loop.clock().Wall());
}

TEST_F(NodeSessionsTest, WithoutHeartbeatsTheLeaseRunsOutWhateverElseIsSent) {
  const Stream stream = Join("nodes/a");
  ASSERT_TRUE(Run("nodes/a", "c1", absl::Minutes(5)));
  loop.AdvanceBy(absl::Seconds(29));
  SendResult(stream, 1, "unasked");
  EXPECT_FALSE(stream.sink->closed.has_value());
  loop.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(stream.sink->CloseCode(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(counters.leases_expired, 1u);
  ASSERT_THAT(listener.gone, SizeIs(1));
  EXPECT_EQ(listener.gone[0].first, "nodes/a");
  ASSERT_THAT(listener.lost, SizeIs(1));
  EXPECT_EQ(listener.lost[0].command_id, "c1");
}

TEST_F(NodeSessionsTest, AClosedStreamEndsTheSessionAtOnce) {
  const Stream stream = Join("nodes/a");
  ASSERT_TRUE(Run("nodes/a", "c1"));
  sessions->OnSessionClosed(stream.id, absl::UnavailableError("connection reset"));
  ASSERT_THAT(listener.gone, SizeIs(1));
  EXPECT_THAT(std::string(listener.gone[0].second.message()), HasSubstr("connection reset"));
  ASSERT_THAT(listener.lost, SizeIs(1));
  EXPECT_EQ(listener.lost[0].node, "nodes/a");
  EXPECT_EQ(listener.lost[0].run, kRun);
  EXPECT_EQ(parts->nodes.View("nodes/a").state(), v1::Node::DISCONNECTED);
  EXPECT_EQ(counters.connected_nodes, 0u);
  EXPECT_FALSE(stream.sink->closed.has_value()) << "nothing is left to close";
  sessions->OnSessionClosed(stream.id, absl::OkStatus());
  sessions->OnSessionMessage(stream.id, ResultOf(1, "c1"));
  EXPECT_THAT(listener.gone, SizeIs(1));
}

TEST_F(NodeSessionsTest, ANewSessionFencesTheOldOne) {
  const Stream first = Join("nodes/a");
  ASSERT_TRUE(Run("nodes/a", "c1"));
  const Stream second = Join("nodes/a");
  EXPECT_EQ(first.sink->CloseCode(), absl::StatusCode::kAborted);
  EXPECT_GT(second.sink->messages[0].hello().session_epoch(),
            first.sink->messages[0].hello().session_epoch());
  ASSERT_THAT(listener.lost, SizeIs(1));
  EXPECT_EQ(counters.connected_nodes, 1u);
  sessions->OnSessionClosed(first.id, absl::CancelledError(""));
  SendHeartbeat(first);
  EXPECT_FALSE(second.sink->closed.has_value());
  ASSERT_TRUE(Run("nodes/a", "c2"));
  EXPECT_THAT(second.sink->CommandIds(), ElementsAre("c2"));
  EXPECT_THAT(first.sink->CommandIds(), ElementsAre("c1"));
}

TEST_F(NodeSessionsTest, GoodbyeEndsTheSessionAfterTheLastAck) {
  const Stream stream = Join("nodes/a");
  ASSERT_TRUE(Run("nodes/a", "c1"));
  ASSERT_TRUE(Run("nodes/a", "c2"));
  executor.Hold();
  SendResult(stream, 1, "c1");
  v1::NodeMessage goodbye;
  goodbye.mutable_goodbye()->set_reason("stopping");
  Send(stream, goodbye);
  EXPECT_FALSE(stream.sink->closed.has_value());
  EXPECT_THAT(listener.gone, SizeIs(1));
  ASSERT_THAT(listener.lost, SizeIs(1));
  EXPECT_EQ(listener.lost[0].command_id, "c2");
  EXPECT_FALSE(Run("nodes/a", "c3"));
  executor.Release();
  loop.RunUntilIdle();
  EXPECT_EQ(stream.sink->LastAck(), 1u);
  EXPECT_EQ(stream.sink->CloseCode(), absl::StatusCode::kOk);
  EXPECT_THAT(listener.observations, SizeIs(1));
}

TEST_F(NodeSessionsTest, GoodbyeWithNothingOpenClosesAtOnce) {
  const Stream stream = Join("nodes/a");
  v1::NodeMessage goodbye;
  goodbye.mutable_goodbye();
  Send(stream, goodbye);
  EXPECT_EQ(stream.sink->CloseCode(), absl::StatusCode::kOk);
  EXPECT_EQ(counters.connected_nodes, 0u);
}

TEST_F(NodeSessionsTest, GoodbyeDoesNotWaitForAStoreForEver) {
  const Stream stream = Join("nodes/a");
  store.FailWith(absl::UnavailableError("disk"));
  SendResult(stream, 1, "c1");
  v1::NodeMessage goodbye;
  goodbye.mutable_goodbye();
  Send(stream, goodbye);
  loop.AdvanceBy(kGoodbyeTimeout);
  EXPECT_TRUE(stream.sink->closed.has_value());
  loop.AdvanceBy(kStoreRetryDelay);
  EXPECT_TRUE(sessions->idle()) << "the node has it still";
}

TEST_F(NodeSessionsTest, AShutdownDrainsAndLetsNobodyIn) {
  const Stream stream = Join("nodes/a");
  parts->shutting_down = true;
  sessions->DrainAll("update");
  EXPECT_EQ(stream.sink->messages.back().drain().reason(), "update");
  EXPECT_LT(FromProto(stream.sink->messages.back().drain().reconnect_after()), absl::Seconds(5));
  EXPECT_FALSE(Run("nodes/a", "c1"));
  EXPECT_EQ(Open("nodes/b").sink->CloseCode(), absl::StatusCode::kUnavailable);
  sessions->CloseAll(absl::UnavailableError("bye"));
  EXPECT_EQ(stream.sink->CloseCode(), absl::StatusCode::kUnavailable);
}

TEST_F(NodeSessionsTest, SessionsAreBounded) {
  for (size_t i = 0; i < kMaxSessions; ++i) {
    PeerIdentity peer;
    peer.node = "nodes/a";
    sessions->OpenSession(peer, std::make_shared<FakeSink>());
  }
  EXPECT_EQ(Open("nodes/b").sink->CloseCode(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(counters.limits_hit["sessions"], 1u);
}

v1::NodeMessage RenewalRequest() {
  v1::NodeMessage message;
  *message.mutable_certificate_request()->mutable_csr_der() = *MakeCsrDer(*GeneratePrivateKeyPem());
  return message;
}

TEST_F(NodeSessionsTest, ANodeRenewsItsCertificateAndTheOldOneDiesWhenTheNewOneIsUsed) {
  StoredNode node = *parts->nodes.Find("nodes/a");
  node.certificate_serials = {"01"};
  parts->nodes.Put(node);
  const Stream stream = Open("nodes/a", "01");
  SendHello(stream);
  Send(stream, RenewalRequest());
  const v1::IssuedCertificate& issued = stream.sink->messages.back().issued_certificate();
  EXPECT_EQ(issued.certificate_chain_pem(), "chain of a");
  EXPECT_EQ(issued.ca_bundle_pem(), "ca");
  EXPECT_EQ(counters.renewals, 1u);
  EXPECT_THAT(store.ListNodes()->front().certificate_serials, ElementsAre("01", "5e1"));
  EXPECT_FALSE(Open("nodes/a", "01").sink->closed.has_value()) << "the reply may have been lost";
  const Stream renewed = Open("nodes/a", "5e1");
  SendHello(renewed);
  EXPECT_EQ(Open("nodes/a", "01").sink->CloseCode(), absl::StatusCode::kPermissionDenied);
}

TEST_F(NodeSessionsTest, RenewalsThatFailLeaveTheOldCertificateGood) {
  StoredNode node = *parts->nodes.Find("nodes/a");
  node.certificate_serials = {"01"};
  parts->nodes.Put(node);
  const Stream stream = Open("nodes/a", "01");
  SendHello(stream);
  store.FailWith(absl::UnavailableError("disk"));
  for (size_t i = 0; i < 2 * kMaxCertificateSerials; ++i) {
    Send(stream, RenewalRequest());
    loop.AdvanceBy(kMinRenewalInterval);
    SendHeartbeat(stream);
  }
  EXPECT_FALSE(stream.sink->closed.has_value());
  EXPECT_FALSE(stream.sink->messages.back().has_issued_certificate());
  EXPECT_THAT(parts->nodes.Find("nodes/a")->certificate_serials, ElementsAre("01"));
  EXPECT_EQ(parts->nodes.Find("nodes/a")->spki_sha256, "key of nodes/a");
}

TEST_F(NodeSessionsTest, RenewalsAreRationedAndMustBeSigned) {
  const Stream stream = Join("nodes/a");
  Send(stream, RenewalRequest());
  Send(stream, RenewalRequest());
  EXPECT_EQ(counters.renewals, 1u);
  EXPECT_EQ(counters.limits_hit["certificate_renewals"], 1u);
  loop.AdvanceBy(kMinRenewalInterval);
  v1::NodeMessage bad;
  bad.mutable_certificate_request()->set_csr_der("not a request");
  Send(stream, bad);
  EXPECT_EQ(stream.sink->CloseCode(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace probemesh::coordinator
