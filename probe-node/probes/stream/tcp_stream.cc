#include "probe-node/probes/stream/tcp_stream.h"

#include <netinet/in.h>

#include <cerrno>

#include "common/base/proto_time.h"
#include "probe-node/probes/stream/evidence.h"

namespace probemesh::node {

TcpStream::TcpStream(EventLoop& loop, SocketOps& sockets, MonotonicTime start, Listener& listener)
    : loop_(loop), sockets_(sockets), start_(start), listener_(listener) {
  exchange_.set_reply(v1::NO_REPLY);
}

TcpStream::~TcpStream() {
  if (end_timer_ != 0) loop_.CancelTimer(end_timer_);
  CloseSocket();
}

void TcpStream::Connect(const Endpoint& remote, uint16_t source_port, int ttl) {
  remote_ = remote;
  exchange_.set_ttl_sent(static_cast<uint32_t>(ttl));
  *exchange_.mutable_send_offset() = ToProto(loop_.clock().Monotonic() - start_);
  *exchange_.mutable_flow() = StreamFlow(std::nullopt, remote, IPPROTO_TCP);
  if (!OpenAndConnect(remote, source_port, ttl)) {
    CloseSocket();
    return EndLater(local_error_ ? v1::LOCAL_ERROR : v1::REFUSED);
  }
  *exchange_.mutable_flow() = StreamFlow(sockets_.LocalEndpoint(fd_), remote, IPPROTO_TCP);
}

bool TcpStream::OpenAndConnect(const Endpoint& remote, uint16_t source_port, int ttl) {
  const IpAddress::Family family = remote.address.family();
  const SysResult opened = sockets_.Open(SocketKind::kTcp, family);
  if (!opened.ok()) return FailLocally("socket", opened.error);
  fd_ = static_cast<int>(opened.value);
  if (ttl != 0) {
    const SysResult set = sockets_.SetTtl(fd_, family, ttl);
    if (!set.ok()) return FailLocally("setsockopt", set.error);
  }
  if (source_port != 0) {
    const IpAddress any = remote.address.is_v4() ? IpAddress() : IpAddress::V6({});
    const SysResult bound = sockets_.Bind(fd_, Endpoint{any, source_port});
    if (!bound.ok()) return FailLocally("bind", bound.error);
  }
  const SysResult started = sockets_.Connect(fd_, remote);
  if (!started.ok() && started.error != EINPROGRESS) {
    if (started.error != ECONNREFUSED) return FailLocally("connect", started.error);
    RecordReply(v1::RST);
    return false;
  }
  const absl::Status watched =
      loop_.WatchFd(fd_, kWritable, [this](uint32_t ready) { OnReady(ready); });
  if (!watched.ok()) return FailLocally("epoll_ctl", EMFILE);
  watched_ = true;
  return true;
}

bool TcpStream::FailLocally(absl::string_view call, int error) {
  local_error_ = StreamLocalError(call, error, /*synchronous=*/true, /*from_error_queue=*/false);
  exchange_.set_reply(v1::LOCAL);
  *exchange_.mutable_local_error() = *local_error_;
  return false;
}

// Failures of the first calls are told from the loop, so that no owner is called back by its own
// call.
void TcpStream::EndLater(v1::Outcome outcome) {
  end_timer_ = loop_.ScheduleAfter(absl::ZeroDuration(), [this, outcome] {
    end_timer_ = 0;
    End(outcome);
  });
}

void TcpStream::OnReady(uint32_t ready) {
  if (!connected_) return OnConnecting(ready);
  if ((ready & kWritable) != 0) FlushOutput();
  if ((ready & (kReadable | kError)) != 0) ReadOnce();
}

void TcpStream::OnConnecting(uint32_t ready) {
  // SO_ERROR first: reading an ICMP error off the queue clears it (sock_dequeue_err_skb).
  const int error = static_cast<int>(sockets_.PendingError(fd_).value);
  if ((ready & kError) != 0) TakeErrorQueue();
  // A reset of the handshake is ECONNREFUSED; these two are resets of a connection that was there
  // (tcp_reset in the kernel), as a server makes them whose queue is full.
  const bool reset_at_once = (error == ECONNRESET || error == EPIPE) && !icmp_error_;
  if (error != 0 && !reset_at_once) return EndConnecting(error);
  if (error == 0 && (ready & kWritable) == 0) {
    // The kernel gives up at the first ICMP error, unless that comes while connect() still holds
    // the socket's lock, as it does on a fast path: then it is in the queue only, and ends it here.
    if (icmp_error_) End(v1::ICMP_ERROR);
    return;
  }
  connected_ = true;
  sockets_.SetErrorQueue(fd_, remote_.address.family(), false);
  RecordReply(v1::POSITIVE);
  if (reset_at_once) {
    loop_.UnwatchFd(fd_);
    watched_ = false;
    EndLater(v1::RESET);
  } else {
    loop_.UpdateFd(fd_, kReadable);
  }
  listener_.OnStreamConnected();
}

void TcpStream::TakeErrorQueue() {
  const ErrorQueueContent content = DrainErrorQueue(sockets_, fd_);
  if (content.icmp && !icmp_error_) {
    icmp_error_ = StreamIcmpError(*content.icmp);
    error_time_ = content.icmp->kernel_time;
    error_ttl_ = content.icmp->ttl;
    RecordReply(v1::ICMP);
  }
  if (content.local && !local_error_) {
    local_error_ = StreamLocalError("connect", content.local->error, /*synchronous=*/false,
                                    /*from_error_queue=*/true);
    RecordReply(v1::LOCAL);
  }
}

void TcpStream::RecordReply(v1::ReplyKind reply) {
  const auto kernel_time = reply == v1::ICMP ? error_time_ : std::nullopt;
  const MonotonicTime arrival = ArrivalTime(loop_.clock(), kernel_time);
  exchange_.set_reply(reply);
  *exchange_.mutable_receive_offset() = ToProto(arrival - start_);
  if (reply == v1::ICMP) *exchange_.mutable_icmp_error() = *icmp_error_;
  if (reply == v1::ICMP && error_ttl_) {
    exchange_.set_reply_ttl(static_cast<uint32_t>(*error_ttl_));
  }
  if (reply == v1::LOCAL) *exchange_.mutable_local_error() = *local_error_;
}

// ECONNREFUSED is a reset only if no ICMP error stands behind it. ETIMEDOUT cannot be seen within
// 60 s with the kernel's default retries, and would be silence.
void TcpStream::EndConnecting(int error) {
  if (icmp_error_) return End(v1::ICMP_ERROR);
  if (local_error_) return End(v1::LOCAL_ERROR);
  if (error == ECONNREFUSED) {
    RecordReply(v1::RST);
    return End(v1::REFUSED);
  }
  local_error_ = StreamLocalError("connect", error, false, false);
  RecordReply(v1::LOCAL);
  End(v1::LOCAL_ERROR);
}

void TcpStream::Send(absl::string_view bytes) {
  output_.append(bytes.data(), bytes.size());
  if (!output_.empty() && fd_ >= 0) FlushOutput();
}

// A failed write is not reported here: the read that follows says why.
void TcpStream::FlushOutput() {
  while (!output_.empty()) {
    const SysResult sent = sockets_.Send(fd_, output_);
    if (!sent.ok() || sent.value <= 0) {
      if (sent.error != EAGAIN) output_.clear();
      break;
    }
    output_.erase(0, static_cast<size_t>(sent.value));
  }
  if (watched_) loop_.UpdateFd(fd_, output_.empty() ? kReadable : (kReadable | kWritable));
}

void TcpStream::ReadOnce() {
  ReceivedDatagram chunk;
  const SysResult received = sockets_.Receive(fd_, &chunk);
  if (!received.ok()) {
    if (received.error != EAGAIN && received.error != EINTR) EndReading(received.error);
    return;
  }
  if (received.value == 0) return EndReading(0);
  listener_.OnStreamData(chunk.payload);
}

void TcpStream::EndReading(int error) {
  if (error == 0) return End(v1::CLOSED);
  if (error == ECONNRESET || error == EPIPE) return End(v1::RESET);
  if (!local_error_) local_error_ = StreamLocalError("recv", error, false, false);
  End(v1::LOCAL_ERROR);
}

void TcpStream::End(v1::Outcome outcome) {
  if (ended_) return;
  ended_ = true;
  CloseSocket();
  listener_.OnStreamEnded(outcome);
}

int TcpStream::Release() {
  if (end_timer_ != 0) loop_.CancelTimer(end_timer_);
  end_timer_ = 0;
  if (watched_) loop_.UnwatchFd(fd_);
  watched_ = false;
  ended_ = true;
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

void TcpStream::Abort() {
  ended_ = true;
  if (fd_ >= 0) sockets_.Abort(Release());
}

void TcpStream::CloseSocket() {
  if (fd_ < 0) return;
  if (watched_) loop_.UnwatchFd(fd_);
  watched_ = false;
  sockets_.Close(fd_);
  fd_ = -1;
}

}  // namespace probemesh::node
