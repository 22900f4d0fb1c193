#include "probe-node/probes/stream/tcp_stream.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>

#include "common/base/proto_time.h"
#include "tests/support/fake_path.h"
#include "tests/support/fake_socket_ops.h"

namespace probemesh::node {
namespace {

class TcpStreamTest : public testing::Test, protected TcpStream::Listener {
 protected:
  TcpStreamTest() {
    TcpStream::Listener& listener = *this;
    stream_ = std::make_unique<TcpStream>(loop_, sockets_, loop_.clock().Monotonic(), listener);
  }

  void Connect(int ttl = 0) {
    stream_->Connect(*Endpoint::Parse("192.0.2.1:443"), 0, ttl);
    if (!sockets_.packets().empty()) fd_ = sockets_.packets()[0].fd;
  }
  void OnStreamConnected() override { connected_ = true; }
  void OnStreamData(absl::string_view data) override { data_.append(data.data(), data.size()); }
  void OnStreamEnded(v1::Outcome outcome) override {
    ended_ = outcome;
    if (destroy_at_end_) stream_.reset();
  }

  ManualEventLoop loop_;
  FakeSocketOps sockets_{loop_};
  std::unique_ptr<TcpStream> stream_;
  int fd_ = -1;
  bool connected_ = false;
  bool destroy_at_end_ = false;
  std::string data_;
  std::optional<v1::Outcome> ended_;
};

TEST_F(TcpStreamTest, AnIcmpErrorEndsTheHandshakeEvenIfItIsInTheQueueOnly) {
  Connect();
  sockets_.QueueErrorOnly(fd_, absl::Milliseconds(3), TtlExceededFrom("198.51.100.1", "SYN"));
  loop_.AdvanceBy(absl::Milliseconds(3));
  EXPECT_EQ(ended_, v1::ICMP_ERROR);
  EXPECT_EQ(stream_->exchange().reply(), v1::ICMP);
  EXPECT_EQ(stream_->exchange().icmp_error().offender(), "198.51.100.1");
  EXPECT_EQ(FromProto(stream_->exchange().receive_offset()), absl::Milliseconds(3));
}

TEST_F(TcpStreamTest, LimitsTheTtlBeforeTheSynLeaves) {
  Connect(5);
  EXPECT_EQ(sockets_.packets()[0].ttl, 5);
  EXPECT_EQ(stream_->exchange().ttl_sent(), 5u);
}

TEST_F(TcpStreamTest, ATtlThatTheKernelRefusesIsLocalAndSendsNothing) {
  sockets_.FailNext(FakeSocketOps::Call::kSetTtl, EINVAL);
  Connect(5);
  EXPECT_FALSE(ended_.has_value());  // never from inside Connect
  loop_.RunUntilIdle();
  EXPECT_EQ(ended_, v1::LOCAL_ERROR);
  EXPECT_TRUE(sockets_.packets().empty());
  EXPECT_EQ(sockets_.open_count(), 0u);
}

TEST_F(TcpStreamTest, AbortIsSilentAndResets) {
  Connect();
  sockets_.CompleteConnect(fd_, absl::Milliseconds(1));
  loop_.AdvanceBy(absl::Milliseconds(1));
  ASSERT_TRUE(connected_);
  stream_->Abort();
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_FALSE(ended_.has_value());
  EXPECT_EQ(sockets_.aborted_count(), 1u);
  EXPECT_EQ(sockets_.open_count(), 0u);
}

TEST_F(TcpStreamTest, TellsDataAndAnOrderlyEnd) {
  Connect();
  sockets_.CompleteConnect(fd_, absl::Milliseconds(1));
  ReceivedDatagram bytes;
  bytes.payload = "hello";
  sockets_.Deliver(fd_, absl::Milliseconds(2), bytes);
  sockets_.Deliver(fd_, absl::Milliseconds(3), ReceivedDatagram());
  loop_.AdvanceBy(absl::Milliseconds(5));
  EXPECT_EQ(data_, "hello");
  EXPECT_EQ(ended_, v1::CLOSED);
}

TEST_F(TcpStreamTest, MayBeDestroyedByItsLastCall) {
  destroy_at_end_ = true;
  Connect();
  sockets_.FailConnect(fd_, absl::Milliseconds(1), ECONNREFUSED);
  loop_.AdvanceBy(absl::Milliseconds(5));
  EXPECT_EQ(ended_, v1::REFUSED);
  EXPECT_EQ(loop_.watch_count(), 0u);
}

}  // namespace
}  // namespace probemesh::node
