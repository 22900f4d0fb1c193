// What probes rely on, asked of Linux over its loopback and of the fake that stands in for it.
#include "common/net/socket_ops.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <memory>

#include "common/event/epoll_event_loop.h"
#include "common/net/linux_socket_ops.h"
#include "tests/support/fake_path.h"
#include "tests/support/fake_socket_ops.h"
#include "tests/support/loopback_port.h"

namespace probemesh {
namespace {

// One world in which descriptors become ready.
class World {
 public:
  virtual ~World() = default;
  virtual SocketOps& sockets() = 0;
  virtual EventLoop& loop() = 0;
  // Runs the loop until `done` or a generous deadline.
  virtual bool RunUntil(const std::function<bool()>& done) = 0;
};

class LinuxWorld final : public World {
 public:
  SocketOps& sockets() override { return sockets_; }
  EventLoop& loop() override { return loop_; }
  bool RunUntil(const std::function<bool()>& done) override {
    done_ = done;
    Check();
    loop_.ScheduleAfter(absl::Seconds(20), [this] { loop_.Stop(); });
    loop_.Run();
    return done();
  }

 private:
  void Check() {
    if (done_()) return loop_.Stop();
    loop_.ScheduleAfter(absl::Milliseconds(1), [this] { Check(); });
  }

  EpollEventLoop loop_;
  LinuxSocketOps sockets_;
  std::function<bool()> done_;
};

// The fake's network does what the loopback would: its path has no router.
class FakeWorld final : public World {
 public:
  explicit FakeWorld(uint16_t open_port) : open_port_(open_port) {
    path_.routers.clear();
    path_.Attach(&sockets_);
    sockets_.set_network([this](const FakeSocketOps::Packet& packet) {
      path_.target =
          packet.to.port == open_port_ ? FakePath::Target::kAnswers : FakePath::Target::kRefuses;
      path_.OnPacket(packet);
    });
  }
  SocketOps& sockets() override { return sockets_; }
  EventLoop& loop() override { return loop_; }
  bool RunUntil(const std::function<bool()>& done) override {
    return loop_.AdvanceUntil(done, absl::Seconds(20));
  }

 private:
  const uint16_t open_port_;
  ManualEventLoop loop_;
  FakeSocketOps sockets_{loop_};
  FakePath path_;
};

class SocketOpsTest : public testing::TestWithParam<bool> {
 protected:
  SocketOpsTest() {
    if (GetParam()) {
      world_ = std::make_unique<LinuxWorld>();
    } else {
      world_ = std::make_unique<FakeWorld>(open_.port());
    }
  }

  SocketOps& sockets() { return world_->sockets(); }
  int Open(SocketKind kind) {
    const SysResult opened = sockets().Open(kind, IpAddress::Family::kV4);
    EXPECT_TRUE(opened.ok());
    return static_cast<int>(opened.value);
  }
  Endpoint At(const LoopbackPort& port) const {
    return Endpoint{*IpAddress::Parse(port.address()), port.port()};
  }
  // Readiness that was seen on `fd` until something was.
  uint32_t WaitFor(int fd, uint32_t interest) {
    uint32_t seen = 0;
    EXPECT_TRUE(world_->loop()
                    .WatchFd(fd, interest,
                             [&](uint32_t ready) {
                               seen |= ready;
                               world_->loop().UnwatchFd(fd);
                             })
                    .ok());
    EXPECT_TRUE(world_->RunUntil([&seen] { return seen != 0; }));
    return seen;
  }

  const LoopbackPort open_{LoopbackPort::Kind::kTcpListening, IpAddress::Family::kV4};
  const LoopbackPort closed_{LoopbackPort::Kind::kTcpClosed, IpAddress::Family::kV4};
  const LoopbackPort udp_closed_{LoopbackPort::Kind::kUdpClosed, IpAddress::Family::kV4};
  std::unique_ptr<World> world_;
};

TEST_P(SocketOpsTest, AHandshakeEndsWritableWithoutAnError) {
  const int fd = Open(SocketKind::kTcp);
  const SysResult started = sockets().Connect(fd, At(open_));
  EXPECT_TRUE(started.ok() || started.error == EINPROGRESS);
  EXPECT_EQ(WaitFor(fd, kWritable) & (kWritable | kError), kWritable);
  EXPECT_EQ(sockets().PendingError(fd).value, 0);
  EXPECT_NE(sockets().LocalEndpoint(fd)->port, 0);
  ReceivedDatagram nothing;
  EXPECT_EQ(sockets().Receive(fd, &nothing).error, EAGAIN);
  QueuedError no_error;
  EXPECT_EQ(sockets().ReceiveError(fd, &no_error).error, EAGAIN);
  sockets().Abort(fd);
}

TEST_P(SocketOpsTest, AResetIsAnErrnoWithNothingInTheQueue) {
  const int fd = Open(SocketKind::kTcp);
  const SysResult started = sockets().Connect(fd, At(closed_));
  if (started.error == EINPROGRESS) {
    EXPECT_NE(WaitFor(fd, kWritable) & kError, 0u);
    EXPECT_EQ(sockets().PendingError(fd).value, ECONNREFUSED);
    EXPECT_EQ(sockets().PendingError(fd).value, 0);  // reading clears it
  } else {
    EXPECT_EQ(started.error, ECONNREFUSED);
  }
  QueuedError error;
  EXPECT_EQ(sockets().ReceiveError(fd, &error).error, EAGAIN);
  sockets().Close(fd);
}

TEST_P(SocketOpsTest, PortUnreachableIsQueuedWithOffenderAndQuotation) {
  const int fd = Open(SocketKind::kUdp);
  ASSERT_TRUE(sockets().Connect(fd, At(udp_closed_)).ok());
  EXPECT_EQ(sockets().Send(fd, "question").value, 8);
  EXPECT_NE(WaitFor(fd, kReadable) & kError, 0u);
  QueuedError error;
  ASSERT_TRUE(sockets().ReceiveError(fd, &error).ok());
  EXPECT_EQ(error.origin, QueuedError::Origin::kIcmp);
  EXPECT_EQ(error.error, ECONNREFUSED);
  EXPECT_EQ(error.type, 3);
  EXPECT_EQ(error.code, 3);
  EXPECT_EQ(error.offender, At(udp_closed_).address);
  EXPECT_EQ(error.quoted_payload, "question");
  EXPECT_TRUE(error.ttl.has_value());
  EXPECT_EQ(sockets().PendingError(fd).value, 0);  // taking the last entry cleared it
  sockets().Close(fd);
}

TEST_P(SocketOpsTest, AQueuedErrorFailsTheNextSendOnce) {
  const int fd = Open(SocketKind::kUdp);
  ASSERT_TRUE(sockets().Connect(fd, At(udp_closed_)).ok());
  ASSERT_TRUE(sockets().Send(fd, "first").ok());
  EXPECT_NE(WaitFor(fd, kReadable) & kError, 0u);
  EXPECT_EQ(sockets().Send(fd, "second").error, ECONNREFUSED);
  EXPECT_TRUE(sockets().Send(fd, "third").ok());
  sockets().Close(fd);
}

TEST_P(SocketOpsTest, BindGivesTheSourcePort) {
  const int first = Open(SocketKind::kUdp);
  ASSERT_TRUE(sockets().Bind(first, Endpoint{IpAddress(), 0}).ok());
  const uint16_t port = sockets().LocalEndpoint(first)->port;
  EXPECT_NE(port, 0);
  ASSERT_TRUE(sockets().Connect(first, At(udp_closed_)).ok());
  EXPECT_EQ(sockets().LocalEndpoint(first)->port, port);
  sockets().Close(first);
}

TEST_P(SocketOpsTest, OptionsAreTaken) {
  const int fd = Open(SocketKind::kUdp);
  EXPECT_TRUE(sockets().SetTtl(fd, IpAddress::Family::kV4, 1).ok());
  EXPECT_TRUE(sockets().SetTtl(fd, IpAddress::Family::kV4, 255).ok());
  EXPECT_TRUE(sockets().SetDontFragment(fd, IpAddress::Family::kV4, true).ok());
  EXPECT_TRUE(sockets().SetDontFragment(fd, IpAddress::Family::kV4, false).ok());
  sockets().Close(fd);
}

TEST_P(SocketOpsTest, ABadDescriptorIsAnErrno) {
  EXPECT_EQ(sockets().Send(999'999, "x").error, EBADF);
  EXPECT_EQ(sockets().PendingError(999'999).error, EBADF);
  QueuedError error;
  EXPECT_EQ(sockets().ReceiveError(999'999, &error).error, EBADF);
  EXPECT_FALSE(sockets().LocalEndpoint(999'999).has_value());
}

INSTANTIATE_TEST_SUITE_P(Implementations, SocketOpsTest, testing::Bool(),
                         [](const auto& is_linux) { return is_linux.param ? "Linux" : "Fake"; });

}  // namespace
}  // namespace probemesh
