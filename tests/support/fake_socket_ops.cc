#include "tests/support/fake_socket_ops.h"

#include <cerrno>
#include <utility>

namespace probemesh {
namespace {

bool IsIcmp(const QueuedError& error) {
  return error.origin == QueuedError::Origin::kIcmp || error.origin == QueuedError::Origin::kIcmpV6;
}

SysResult Failure(int error) { return SysResult{0, error}; }

}  // namespace

FakeSocketOps::Socket* FakeSocketOps::Find(int fd) {
  const auto socket = sockets_.find(fd);
  return socket == sockets_.end() ? nullptr : &socket->second;
}

void FakeSocketOps::FailNext(Call call, int error, int times) {
  for (int i = 0; i < times; ++i) failures_[call].push_back(error);
}

void FakeSocketOps::FailOpens(SocketKind kind, IpAddress::Family family, int error) {
  broken_opens_[{kind, family}] = error;
}

std::optional<SysResult> FakeSocketOps::PlannedFailure(Call call) {
  std::deque<int>& planned = failures_[call];
  if (planned.empty()) return std::nullopt;
  const int error = planned.front();
  planned.pop_front();
  return Failure(error);
}

void FakeSocketOps::Later(int fd, absl::Duration delay, std::function<void(Socket&)> change) {
  loop_.ScheduleAfter(delay, [this, fd, change = std::move(change)] {
    Socket* socket = Find(fd);
    if (socket == nullptr) return;
    change(*socket);
    Refresh(fd);
  });
}

void FakeSocketOps::Refresh(int fd) {
  const Socket* socket = Find(fd);
  if (socket == nullptr) return loop_.ForgetFd(fd);
  uint32_t ready = 0;
  if (!socket->input.empty()) ready |= kReadable;
  if (!socket->errors.empty() || socket->pending_error != 0) ready |= kError;
  if (socket->hung_up) ready |= kError | kReadable | kWritable;
  const bool stream = socket->kind == SocketKind::kTcp;
  if (!stream || socket->connected) ready |= kWritable;
  loop_.SetReady(fd, ready);
}

void FakeSocketOps::CompleteConnect(int fd, absl::Duration delay) {
  Later(fd, delay, [](Socket& socket) {
    if (!socket.connecting) return;
    socket.connecting = false;
    socket.connected = true;
  });
}

void FakeSocketOps::FailConnect(int fd, absl::Duration delay, int error) {
  Later(fd, delay, [error](Socket& socket) {
    if (!socket.connecting) return;
    socket.connecting = false;
    socket.hung_up = true;
    socket.pending_error = error;
  });
}

void FakeSocketOps::Deliver(int fd, absl::Duration delay, ReceivedDatagram datagram) {
  Later(fd, delay,
        [datagram = std::move(datagram)](Socket& socket) { socket.input.push_back(datagram); });
}

void FakeSocketOps::DeliverError(int fd, absl::Duration delay, QueuedError error) {
  Later(fd, delay, [error = std::move(error)](Socket& socket) {
    if (!socket.error_queue) return;
    if (!socket.connected) socket.errors.push_back(error);
    socket.pending_error = error.error;
    if (socket.connecting) socket.hung_up = true;
    socket.connecting = false;
  });
}

void FakeSocketOps::QueueErrorOnly(int fd, absl::Duration delay, QueuedError error) {
  Later(fd, delay, [error = std::move(error)](Socket& socket) { socket.errors.push_back(error); });
}

void FakeSocketOps::WakeSpuriously(int fd, absl::Duration delay, uint32_t ready) {
  loop_.ScheduleAfter(delay, [this, fd, ready] {
    if (Find(fd) == nullptr) return;
    loop_.SetReady(fd, ready);
    loop_.ScheduleAfter(absl::ZeroDuration(), [this, fd] { Refresh(fd); });
  });
}

SysResult FakeSocketOps::Open(SocketKind kind, IpAddress::Family family) {
  if (const auto failure = PlannedFailure(Call::kOpen)) return *failure;
  const auto broken = broken_opens_.find({kind, family});
  if (broken != broken_opens_.end() && broken->second != 0) return Failure(broken->second);
  const int fd = next_fd_++;
  Socket& socket = sockets_[fd];
  socket.kind = kind;
  socket.family = family;
  if (family == IpAddress::Family::kV6) socket.local.address = IpAddress::V6({});
  Refresh(fd);
  return SysResult{fd, 0};
}

SysResult FakeSocketOps::Bind(int fd, const Endpoint& local) {
  if (const auto failure = PlannedFailure(Call::kBind)) return *failure;
  Socket* socket = Find(fd);
  if (socket == nullptr) return Failure(EBADF);
  socket->local = local;
  if (socket->local.port == 0) socket->local.port = next_port_++;
  return SysResult{};
}

void FakeSocketOps::AssignLocal(Socket* socket) {
  const bool v4 = socket->family == IpAddress::Family::kV4;
  socket->local.address = v4 ? local_v4_ : local_v6_;
  if (socket->local.port == 0) socket->local.port = next_port_++;
}

void FakeSocketOps::Emit(int fd, const Endpoint& to, absl::string_view payload, bool handshake) {
  const Socket& socket = sockets_[fd];
  packets_.push_back(Packet{fd, socket.kind, socket.local, to, socket.ttl, socket.dont_fragment,
                            std::string(payload), handshake});
  const Packet packet = packets_.back();
  if (network_) network_(packet);
}

SysResult FakeSocketOps::Connect(int fd, const Endpoint& remote) {
  if (const auto failure = PlannedFailure(Call::kConnect)) return *failure;
  Socket* socket = Find(fd);
  if (socket == nullptr) return Failure(EBADF);
  AssignLocal(socket);
  socket->remote = remote;
  if (socket->kind != SocketKind::kTcp) return SysResult{};
  socket->connecting = true;
  Refresh(fd);
  Emit(fd, remote, "", true);
  return Failure(EINPROGRESS);
}

SysResult FakeSocketOps::SetTtl(int fd, IpAddress::Family, int ttl) {
  if (const auto failure = PlannedFailure(Call::kSetTtl)) return *failure;
  Socket* socket = Find(fd);
  if (socket == nullptr) return Failure(EBADF);
  socket->ttl = ttl;
  return SysResult{};
}

SysResult FakeSocketOps::SetDontFragment(int fd, IpAddress::Family, bool on) {
  Socket* socket = Find(fd);
  if (socket == nullptr) return Failure(EBADF);
  socket->dont_fragment = on;
  return SysResult{};
}

SysResult FakeSocketOps::SetErrorQueue(int fd, IpAddress::Family, bool on) {
  Socket* socket = Find(fd);
  if (socket == nullptr) return Failure(EBADF);
  socket->error_queue = on;
  return SysResult{};
}

SysResult FakeSocketOps::Send(int fd, absl::string_view payload) {
  const Socket* socket = Find(fd);
  if (socket == nullptr) return Failure(EBADF);
  if (!socket->remote) return Failure(EDESTADDRREQ);
  return SendTo(fd, payload, *socket->remote);
}

SysResult FakeSocketOps::SendTo(int fd, absl::string_view payload, const Endpoint& to) {
  if (const auto failure = PlannedFailure(Call::kSend)) return *failure;
  Socket* socket = Find(fd);
  if (socket == nullptr) return Failure(EBADF);
  if (socket->pending_error != 0) return Failure(std::exchange(socket->pending_error, 0));
  if (socket->local.port == 0) AssignLocal(socket);
  Emit(fd, to, payload, false);
  return SysResult{static_cast<int64_t>(payload.size()), 0};
}

SysResult FakeSocketOps::Receive(int fd, ReceivedDatagram* datagram) {
  Socket* socket = Find(fd);
  if (socket == nullptr) return Failure(EBADF);
  if (socket->pending_error != 0) {
    const int error = std::exchange(socket->pending_error, 0);
    Refresh(fd);
    return Failure(error);
  }
  if (socket->input.empty()) return Failure(EAGAIN);
  *datagram = socket->input.front();
  const bool end_of_stream = socket->kind == SocketKind::kTcp && datagram->payload.empty();
  if (!end_of_stream) socket->input.pop_front();
  Refresh(fd);
  return SysResult{static_cast<int64_t>(datagram->payload.size()), 0};
}

SysResult FakeSocketOps::ReceiveError(int fd, QueuedError* error) {
  Socket* socket = Find(fd);
  if (socket == nullptr) return Failure(EBADF);
  if (socket->errors.empty()) return Failure(EAGAIN);
  *error = socket->errors.front();
  socket->errors.pop_front();
  if (IsIcmp(*error)) {
    const bool more = !socket->errors.empty() && IsIcmp(socket->errors.front());
    socket->pending_error = more ? socket->errors.front().error : 0;
  }
  Refresh(fd);
  return SysResult{static_cast<int64_t>(error->quoted_payload.size()), 0};
}

SysResult FakeSocketOps::PendingError(int fd) {
  Socket* socket = Find(fd);
  if (socket == nullptr) return Failure(EBADF);
  const int error = std::exchange(socket->pending_error, 0);
  Refresh(fd);
  return SysResult{error, 0};
}

std::optional<Endpoint> FakeSocketOps::LocalEndpoint(int fd) {
  const Socket* socket = Find(fd);
  if (socket == nullptr) return std::nullopt;
  return socket->local;
}

void FakeSocketOps::Close(int fd) {
  sockets_.erase(fd);
  Refresh(fd);
}

void FakeSocketOps::Abort(int fd) {
  ++aborted_;
  Close(fd);
}

}  // namespace probemesh
