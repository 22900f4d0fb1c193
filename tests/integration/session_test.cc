// The server side of a node session against a scripted client.
#include <gmock/gmock.h>

#include "common/rpc/status_bridge.h"
#include "probemesh/v1/node_service.grpc.pb.h"
#include "tests/integration/coordinator_fixture.h"

namespace probemesh::coordinator {
namespace {

class SessionTest : public CoordinatorFixture {
 protected:
  using Stream = grpc::ClientReaderWriter<v1::NodeMessage, v1::CoordinatorMessage>;

  void Connect(const std::shared_ptr<grpc::Channel>& channel) {
    stub_ = v1::NodeService::NewStub(channel);
    SetTestDeadline(&context_);
    stream_ = stub_->Connect(&context_);
  }

  void ConnectNode() {
    Connect(NodeChannel("fra-1"));
    ASSERT_TRUE(LoopUntil([&] { return core_.sessions.size() == 1; }));
  }

  static v1::NodeMessage Heartbeat(uint64_t sequence) {
    v1::NodeMessage message;
    message.mutable_heartbeat()->set_sequence(sequence);
    return message;
  }
  static v1::CoordinatorMessage Cancel(const std::string& id) {
    v1::CoordinatorMessage message;
    message.mutable_cancel_probe()->set_command_id(id);
    return message;
  }

  FakeCore::Session& session() { return core_.sessions[1]; }
  bool Closed() {
    return LoopUntil([&] { return session().closed; });
  }

  // A client that has unread messages learns of the end only when it leaves.
  void Leave() {
    context_.TryCancel();
    stream_->Finish();
  }

  std::unique_ptr<v1::NodeService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<Stream> stream_;
};

TEST_F(SessionTest, TheCertificateSaysWhoItIs) {
  ConnectNode();
  OnLoop([&] {
    EXPECT_EQ(session().peer.node, "nodes/fra-1");
    EXPECT_FALSE(session().peer.serial.empty());
    EXPECT_GT(session().peer.not_after, SystemClock().Wall());
  });
}

TEST_F(SessionTest, MessagesGoBothWaysInOrder) {
  ConnectNode();
  for (uint64_t i = 0; i < 500; ++i) ASSERT_TRUE(stream_->Write(Heartbeat(i)));
  ASSERT_TRUE(LoopUntil([&] { return session().messages.size() == 500; }));
  OnLoop([&] {
    for (uint64_t i = 0; i < 500; ++i) {
      EXPECT_EQ(session().messages[i].heartbeat().sequence(), i);
      EXPECT_TRUE(session().sink->Send(Cancel(absl::StrCat(i))));
    }
  });
  v1::CoordinatorMessage message;
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(stream_->Read(&message));
    EXPECT_EQ(message.cancel_probe().command_id(), absl::StrCat(i));
  }
}

TEST_F(SessionTest, WhatWasSentArrivesBeforeTheClose) {
  ConnectNode();
  OnLoop([&] {
    for (int i = 0; i < 3; ++i) session().sink->Send(Cancel("x"));
    session().sink->Close(WithReason(absl::PermissionDeniedError("revoked"), "NODE_REVOKED"));
    EXPECT_TRUE(session().sink->Send(Cancel("dropped")));
  });
  v1::CoordinatorMessage message;
  int received = 0;
  while (stream_->Read(&message)) ++received;
  EXPECT_EQ(received, 3);
  const absl::Status status = FromGrpc(stream_->Finish());
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(status), "NODE_REVOKED");
  EXPECT_TRUE(Closed());
}

TEST_F(SessionTest, ANodeThatLeavesEndsItsSession) {
  ConnectNode();
  stream_->WritesDone();
  EXPECT_TRUE(stream_->Finish().ok());
  ASSERT_TRUE(Closed());
  OnLoop([&] { EXPECT_TRUE(session().close_status.ok()) << session().close_status; });
}

TEST_F(SessionTest, AfterAGoodbyeTheCoreHasTheLastWord) {
  ConnectNode();
  v1::NodeMessage goodbye;
  goodbye.mutable_goodbye()->set_reason("drained");
  ASSERT_TRUE(stream_->Write(goodbye));
  stream_->WritesDone();
  ASSERT_TRUE(LoopUntil([&] { return session().messages.size() == 1; }));
  OnLoop([&] {
    // Later than the news that the node has nothing more to say.
    thread_.loop().ScheduleAfter(absl::Milliseconds(300), [this] {
      if (session().closed) return;
      v1::CoordinatorMessage ack;
      ack.mutable_result_ack()->set_up_to_sequence(7);
      session().sink->Send(ack);
      session().sink->Close(absl::OkStatus());
    });
  });
  v1::CoordinatorMessage message;
  ASSERT_TRUE(stream_->Read(&message));
  EXPECT_EQ(message.result_ack().up_to_sequence(), 7u);
  EXPECT_FALSE(stream_->Read(&message));
  EXPECT_TRUE(stream_->Finish().ok());
  EXPECT_TRUE(Closed());
}

TEST_F(SessionTest, ANodeThatIsLostAfterItsGoodbyeEndsItsSession) {
  ConnectNode();
  v1::NodeMessage goodbye;
  goodbye.mutable_goodbye();
  ASSERT_TRUE(stream_->Write(goodbye));
  ASSERT_TRUE(LoopUntil([&] { return session().messages.size() == 1; }));
  Leave();
  EXPECT_TRUE(Closed());
}

TEST_F(SessionTest, ALostConnectionEndsItsSession) {
  ConnectNode();
  Leave();
  EXPECT_TRUE(Closed());
}

TEST_F(SessionTest, ANodeThatReadsNothingIsCutOff) {
  ConnectNode();
  OnLoop([&] {
    const std::string big(100000, 'x');
    int sent = 0;
    while (sent < 10000 && session().sink->Send(Cancel(big))) ++sent;
    EXPECT_LT(sent, 10000);
  });
  ASSERT_TRUE(Closed());
  OnLoop([&] { EXPECT_EQ(session().close_status.code(), absl::StatusCode::kResourceExhausted); });
  Leave();
}

TEST_F(SessionTest, ACloseThatIsNotReadIsCutOffToo) {
  ConnectNode();
  OnLoop([&] {
    for (int i = 0; i < 30; ++i) session().sink->Send(Cancel(std::string(100000, 'x')));
    session().sink->Close(absl::UnavailableError("the coordinator is shutting down"));
  });
  EXPECT_TRUE(Closed());
  Leave();
}

TEST_F(SessionTest, AnOversizedMessageEndsOnlyItsSession) {
  ConnectNode();
  v1::NodeMessage message;
  message.mutable_certificate_request()->set_csr_der(std::string(kMaxMessageBytes + 1, 'x'));
  stream_->Write(message);
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  ASSERT_TRUE(Closed());
  OnLoop([&] { EXPECT_TRUE(session().messages.empty()); });
}

TEST_F(SessionTest, EndsWhenTheCertificateDoes) {
  Connect(Channel(authority_.NodeExpiringIn("fra-1", absl::Seconds(5))));
  ASSERT_TRUE(LoopUntil([&] { return core_.sessions.size() == 1; }));
  ASSERT_TRUE(Closed());
  OnLoop([&] {
    EXPECT_GE(SystemClock().Wall(), session().peer.not_after);
    EXPECT_EQ(session().close_status.code(), absl::StatusCode::kUnauthenticated);
  });
  EXPECT_THAT(stream_->Finish().error_message(), testing::HasSubstr("expired"));
}

TEST_F(SessionTest, AnOperatorIsNoNode) {
  Connect(OperatorChannel());
  const absl::Status status = FromGrpc(stream_->Finish());
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  OnLoop([&] { EXPECT_TRUE(core_.sessions.empty()); });
}

TEST_F(SessionTest, ListenersShutDownUnderOpenSessions) {
  ConnectNode();
  listeners_->Shutdown(absl::Milliseconds(50));
  EXPECT_TRUE(Closed());
  EXPECT_FALSE(stream_->Finish().ok());
}

TEST_F(SessionTest, ListenersShutDownWhenTheCoreIsGone) {
  ConnectNode();
  OnLoop([&] { gate_.Close(); });
  listeners_->Shutdown(absl::Milliseconds(50));
  EXPECT_FALSE(stream_->Finish().ok());
}

}  // namespace
}  // namespace probemesh::coordinator
