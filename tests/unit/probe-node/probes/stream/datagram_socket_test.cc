#include "probe-node/probes/stream/datagram_socket.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <vector>

#include "tests/support/fake_path.h"
#include "tests/support/fake_socket_ops.h"

namespace probemesh::node {
namespace {

class DatagramSocketTest : public testing::Test, protected DatagramSocket::Listener {
 protected:
  DatagramSocketTest() {
    DatagramSocket::Listener& listener = *this;
    socket_ = std::make_unique<DatagramSocket>(loop_, sockets_, listener);
    EXPECT_FALSE(socket_->Connect(SocketKind::kUdp, remote_, 0).has_value());
    EXPECT_FALSE(socket_->Send("hello").has_value());
    fd_ = sockets_.packets()[0].fd;
  }

  void OnDatagram(DatagramSocket&, const ReceivedDatagram& datagram) override {
    datagrams_.push_back(datagram.payload);
    if (on_event_) on_event_();
  }
  void OnQueuedError(DatagramSocket&, const QueuedError&) override {
    ++errors_;
    if (on_event_) on_event_();
  }
  void Deliver(const std::string& payload) {
    ReceivedDatagram datagram;
    datagram.payload = payload;
    datagram.from = remote_;
    sockets_.Deliver(fd_, absl::ZeroDuration(), datagram);
  }
  void DeliverError() {
    sockets_.DeliverError(fd_, absl::ZeroDuration(), PortUnreachableFrom("192.0.2.1"));
  }
  void DeliverTwoOfEach() {
    for (int i = 0; i < 2; ++i) {
      Deliver("d");
      DeliverError();
    }
  }

  ManualEventLoop loop_;
  FakeSocketOps sockets_{loop_};
  const Endpoint remote_ = *Endpoint::Parse("192.0.2.1:7");
  std::unique_ptr<DatagramSocket> socket_;
  int fd_ = -1;
  std::vector<std::string> datagrams_;
  int errors_ = 0;
  std::function<void()> on_event_;
};

TEST_F(DatagramSocketTest, TellsErrorsFirstAndThenDatagrams) {
  on_event_ = [this] { EXPECT_TRUE(datagrams_.empty() || errors_ == 2); };
  DeliverTwoOfEach();
  loop_.RunUntilIdle();
  EXPECT_EQ(errors_, 2);
  EXPECT_EQ(datagrams_.size(), 2u);
}

TEST_F(DatagramSocketTest, MayBeDestroyedByItsListener) {
  on_event_ = [this] { socket_.reset(); };
  DeliverTwoOfEach();
  loop_.RunUntilIdle();
  EXPECT_EQ(errors_, 1);
  EXPECT_TRUE(datagrams_.empty());
  EXPECT_EQ(sockets_.open_count(), 0u);
  EXPECT_EQ(loop_.watch_count(), 0u);
}

TEST_F(DatagramSocketTest, MayBeDestroyedAtADatagram) {
  on_event_ = [this] { socket_.reset(); };
  Deliver("a");
  Deliver("b");
  loop_.RunUntilIdle();
  EXPECT_EQ(datagrams_.size(), 1u);
}

TEST_F(DatagramSocketTest, MayBeClosedByItsListener) {
  on_event_ = [this] { socket_->Close(); };
  DeliverTwoOfEach();
  loop_.RunUntilIdle();
  EXPECT_EQ(errors_, 1);
  EXPECT_EQ(loop_.watch_count(), 0u);
}

TEST_F(DatagramSocketTest, AFloodIsTakenInPortions) {
  for (int i = 0; i < 500; ++i) Deliver("flood");
  loop_.RunUntilIdle();
  EXPECT_EQ(datagrams_.size(), 500u);
}

TEST_F(DatagramSocketTest, TheErrorOfAnEarlierPacketDoesNotFailASend) {
  // The error is not read yet: the kernel puts it in the way of the next send.
  sockets_.FailNext(FakeSocketOps::Call::kSend, ECONNREFUSED);
  EXPECT_FALSE(socket_->Send("again").has_value());
  EXPECT_EQ(sockets_.packets().size(), 2u);
}

TEST_F(DatagramSocketTest, ASendThatFailsTwiceHasFailed) {
  sockets_.FailNext(FakeSocketOps::Call::kSend, EPERM, 2);
  const auto error = socket_->Send("again");
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->errno_name(), "EPERM");
  EXPECT_TRUE(error->synchronous());
}

TEST_F(DatagramSocketTest, FailuresOfEachCallLeaveNothingOpen) {
  socket_->Close();
  using Call = FakeSocketOps::Call;
  const std::vector<std::pair<Call, std::string>> calls = {
      {Call::kOpen, "socket"}, {Call::kBind, "bind"}, {Call::kConnect, "connect"}};
  for (const auto& [call, name] : calls) {
    DatagramSocket::Listener& listener = *this;
    DatagramSocket socket(loop_, sockets_, listener);
    sockets_.FailNext(call, ENOBUFS);
    const auto error = socket.Connect(SocketKind::kUdp, remote_, 5000);
    ASSERT_TRUE(error.has_value()) << name;
    EXPECT_EQ(error->call(), name);
    EXPECT_EQ(sockets_.open_count(), 0u) << name;
    EXPECT_EQ(socket.flow().destination_port(), 7u);
  }
}

}  // namespace
}  // namespace probemesh::node
