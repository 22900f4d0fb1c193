// The node's transport against a coordinator's real listeners over mutual TLS.
#include <gmock/gmock.h>

#include <deque>

#include "probe-node/session/grpc_session_transport.h"
#include "tests/integration/coordinator_fixture.h"
#include "tests/support/loopback_port.h"

namespace probemesh::node {
namespace {

using testing::HasSubstr;

// What a session would be told.
struct Recorder final : SessionTransport::Events {
  void OnTransportMessage(v1::CoordinatorMessage message, MonotonicTime received_at) override {
    messages.push_back(std::move(message));
    received.push_back(received_at);
  }
  void OnTransportClosed(absl::Status status) override { closed.push_back(std::move(status)); }

  std::vector<v1::CoordinatorMessage> messages;
  std::vector<MonotonicTime> received;
  std::vector<absl::Status> closed;
};

class NodeSessionTest : public coordinator::CoordinatorFixture {
 protected:
  void SetUp() override {
    OnNode([&] {
      transport_ = std::make_unique<GrpcSessionTransport>(
          node_.loop(), [this] { return MutualTlsClientCredentials(identity_, ca_pem_); });
    });
  }
  void TearDown() override {
    OnNode([&] { transport_.reset(); });
  }

  void OnNode(const std::function<void()>& task) { node_.Run(task); }
  bool NodeUntil(const std::function<bool()>& done) {
    const absl::Time limit = SystemClock().Wall() + absl::Seconds(20);
    bool result = false;
    while (!result && SystemClock().Wall() < limit) OnNode([&] { result = done(); });
    return result;
  }
  void Open(uint16_t port) {
    OnNode([&] { transport_->Open(absl::StrCat("127.0.0.1:", port), &events_); });
  }
  void Open() { Open(listeners_->port()); }
  coordinator::FakeCore::Session& session() { return core_.sessions[1]; }
  bool AwaitClosed() {
    return NodeUntil([&] { return !events_.closed.empty(); });
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

  KeyAndChain identity_ = coordinator::ToKeyAndChain(authority_.Node("fra-1"));
  std::string ca_pem_ = authority_->ca_pem();
  Recorder events_;
  LoopThread node_;
  std::unique_ptr<GrpcSessionTransport> transport_;
};

TEST_F(NodeSessionTest, SendsAtOnceAndInOrder) {
  OnNode([&] {
    transport_->Open(absl::StrCat("127.0.0.1:", listeners_->port()), &events_);
    for (uint64_t i = 0; i < 300; ++i) EXPECT_TRUE(transport_->Send(Heartbeat(i)));
  });
  ASSERT_TRUE(
      LoopUntil([&] { return core_.sessions.size() == 1 && session().messages.size() == 300; }));
  OnLoop([&] {
    EXPECT_EQ(session().peer.node, "nodes/fra-1");
    for (uint64_t i = 0; i < 300; ++i) {
      EXPECT_EQ(session().messages[i].heartbeat().sequence(), i);
    }
  });
}

TEST_F(NodeSessionTest, ReceivesInOrderWithTheTimeOfArrival) {
  const MonotonicTime before = SystemClock().Monotonic();
  Open();
  ASSERT_TRUE(LoopUntil([&] { return core_.sessions.size() == 1; }));
  OnLoop([&] {
    for (int i = 0; i < 300; ++i) session().sink->Send(Cancel(absl::StrCat(i)));
  });
  ASSERT_TRUE(NodeUntil([&] { return events_.messages.size() == 300; }));
  const MonotonicTime after = SystemClock().Monotonic();
  OnNode([&] {
    for (size_t i = 0; i < 300; ++i) {
      EXPECT_EQ(events_.messages[i].cancel_probe().command_id(), absl::StrCat(i));
      EXPECT_GE(events_.received[i], before);
      EXPECT_LE(events_.received[i], after);
    }
  });
}

TEST_F(NodeSessionTest, BusyLoopStopsTheReadingAndLosesNothing) {
  Open();
  ASSERT_TRUE(LoopUntil([&] { return core_.sessions.size() == 1; }));
  OnNode([&] {
    // Far more than may wait for this loop, which is not free before all of it is sent.
    OnLoop([&] {
      for (int i = 0; i < 500; ++i) session().sink->Send(Cancel(absl::StrCat(i)));
    });
  });
  ASSERT_TRUE(NodeUntil([&] { return events_.messages.size() == 500; }));
  OnNode([&] { EXPECT_EQ(events_.messages.back().cancel_probe().command_id(), "499"); });
}

TEST_F(NodeSessionTest, CoordinatorsReasonArrivesOnceAfterItsLastMessage) {
  Open();
  ASSERT_TRUE(LoopUntil([&] { return core_.sessions.size() == 1; }));
  OnLoop([&] {
    session().sink->Send(Cancel("last"));
    session().sink->Close(absl::PermissionDeniedError("nodes/fra-1 is revoked"));
  });
  ASSERT_TRUE(AwaitClosed());
  OnNode([&] {
    EXPECT_EQ(events_.messages.size(), 1);
    ASSERT_EQ(events_.closed.size(), 1);
    EXPECT_TRUE(absl::IsPermissionDenied(events_.closed[0]));
    EXPECT_EQ(events_.closed[0].message(), "nodes/fra-1 is revoked");
    EXPECT_FALSE(transport_->Send(Heartbeat(1)));
  });
}

TEST_F(NodeSessionTest, FinishSendingDeliversEverythingFirst) {
  OnNode([&] {
    transport_->Open(absl::StrCat("127.0.0.1:", listeners_->port()), &events_);
    for (uint64_t i = 0; i < 100; ++i) transport_->Send(Heartbeat(i));
    transport_->FinishSending();
    EXPECT_FALSE(transport_->Send(Heartbeat(100)));
  });
  ASSERT_TRUE(LoopUntil([&] { return core_.sessions.size() == 1 && session().closed; }));
  OnLoop([&] { EXPECT_EQ(session().messages.size(), 100); });
}

TEST_F(NodeSessionTest, CloseIsSilentHereAndNoticedThere) {
  Open();
  ASSERT_TRUE(LoopUntil([&] { return core_.sessions.size() == 1; }));
  OnNode([&] { transport_->Close(); });
  ASSERT_TRUE(LoopUntil([&] { return session().closed; }));
  OnNode([&] {
    EXPECT_FALSE(transport_->Send(Heartbeat(1)));
    EXPECT_TRUE(events_.closed.empty());
  });
}

TEST_F(NodeSessionTest, OpeningAgainLeavesTheOldStream) {
  Open();
  ASSERT_TRUE(LoopUntil([&] { return core_.sessions.size() == 1; }));
  Open();
  ASSERT_TRUE(LoopUntil([&] { return core_.sessions.size() == 2 && session().closed; }));
  OnLoop([&] { core_.sessions[2].sink->Send(Cancel("new")); });
  ASSERT_TRUE(NodeUntil([&] { return events_.messages.size() == 1; }));
  OnNode([&] { EXPECT_TRUE(events_.closed.empty()); });
}

TEST_F(NodeSessionTest, EachAttemptUsesTheIdentityOfItsMoment) {
  Open();
  ASSERT_TRUE(LoopUntil([&] { return core_.sessions.size() == 1; }));
  OnNode([&] { identity_ = coordinator::ToKeyAndChain(authority_.Node("renewed")); });
  Open();
  ASSERT_TRUE(LoopUntil([&] { return core_.sessions.size() == 2; }));
  OnLoop([&] { EXPECT_EQ(core_.sessions[2].peer.node, "nodes/renewed"); });
}

TEST_F(NodeSessionTest, NobodyListensIsUnavailable) {
  const uint16_t port = listeners_->port();
  listeners_->Shutdown(absl::ZeroDuration());
  Open(port);
  ASSERT_TRUE(AwaitClosed());
  OnNode([&] { EXPECT_TRUE(absl::IsUnavailable(events_.closed[0])) << events_.closed[0]; });
}

TEST_F(NodeSessionTest, CoordinatorOfAnotherMeshIsNotBelieved) {
  TestAuthority foreign;
  ca_pem_ = foreign->ca_pem();
  Open();
  ASSERT_TRUE(AwaitClosed());
  OnNode([&] { EXPECT_TRUE(absl::IsUnavailable(events_.closed[0])) << events_.closed[0]; });
}

TEST_F(NodeSessionTest, OutboxIsBoundedWhileThePeerSaysNothing) {
  // Accepts the connection by its backlog and never speaks TLS.
  const LoopbackPort mute(LoopbackPort::Kind::kTcpListening, IpAddress::Family::kV4);
  OnNode([&] {
    transport_->Open(absl::StrCat("127.0.0.1:", mute.port()), &events_);
    size_t accepted = 0;
    while (accepted < 10'000 && transport_->Send(Heartbeat(1))) ++accepted;
    EXPECT_LE(accepted, GrpcSessionTransport::kMaxOutbox + 1);
    EXPECT_GE(accepted, GrpcSessionTransport::kMaxOutbox - 1);
    const MonotonicTime start = SystemClock().Monotonic();
    transport_.reset();
    EXPECT_LT(SystemClock().Monotonic() - start, absl::Seconds(10));
  });
}

}  // namespace
}  // namespace probemesh::node
