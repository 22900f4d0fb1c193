#include "tests/support/loopback_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>

namespace probemesh {
namespace {

struct BoundSocket {
  int fd = -1;
  Endpoint endpoint;
};

std::optional<BoundSocket> TryBind(int type, const IpAddress& ip) {
  BoundSocket bound;
  bound.fd = socket(ip.is_v4() ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, 0);
  if (bound.fd < 0) return std::nullopt;
  sockaddr_storage storage;
  socklen_t size = Endpoint{ip, 0}.ToSockaddr(&storage);
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  const bool ok = bind(bound.fd, address, size) == 0;
  size = sizeof(storage);
  if (!ok || getsockname(bound.fd, address, &size) != 0) {
    close(bound.fd);
    return std::nullopt;
  }
  bound.endpoint = *Endpoint::FromSockaddr(address);
  return bound;
}

BoundSocket Bind(int type, const IpAddress& ip = IpAddress::V4({127, 0, 0, 1})) {
  const std::optional<BoundSocket> bound = TryBind(type, ip);
  if (!bound) std::abort();
  return *bound;
}

// False when `stop_fd` has been signalled first.
bool WaitForEither(int fd, short events, int stop_fd) {  // NOLINT(google-runtime-int)
  pollfd fds[2] = {{fd, events, 0}, {stop_fd, POLLIN, 0}};
  while (poll(fds, 2, -1) < 0) {
  }
  return fds[1].revents == 0;
}

// A peer that is gone is for the script to see. Blocked on this thread only: the probes under test
// must raise no signal themselves.
void BlockBrokenPipe() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void Signal(int stop_fd) {
  const uint64_t one = 1;
  if (write(stop_fd, &one, sizeof(one)) != sizeof(one)) std::abort();
}

}  // namespace

ServerConnection::~ServerConnection() { Close(); }

bool ServerConnection::WaitFor(short events) {  // NOLINT(google-runtime-int)
  return fd_ >= 0 && WaitForEither(fd_, events, stop_fd_);
}

bool ServerConnection::StartTls(SSL_CTX* context) {
  ssl_.reset(SSL_new(context));
  SSL_set_fd(ssl_.get(), fd_);
  while (true) {
    const int result = SSL_accept(ssl_.get());
    if (result == 1) return true;
    if (!WaitForTls(result)) return false;
  }
}

std::string ServerConnection::ServerName() const {
  const char* name = ssl_ ? SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name) : nullptr;
  return name == nullptr ? "" : name;
}

bool ServerConnection::WaitForTls(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return WaitFor(POLLIN);
    case SSL_ERROR_WANT_WRITE:
      return WaitFor(POLLOUT);
    default:
      return false;
  }
}

std::string ServerConnection::Read() {
  char buffer[4096];
  while (fd_ >= 0) {
    const auto size = ssl_ ? SSL_read(ssl_.get(), buffer, sizeof(buffer))
                           : static_cast<int>(recv(fd_, buffer, sizeof(buffer), MSG_DONTWAIT));
    if (size > 0) return std::string(buffer, static_cast<size_t>(size));
    const bool again = ssl_ ? WaitForTls(size) : (size < 0 && errno == EAGAIN && WaitFor(POLLIN));
    if (!again) return "";
  }
  return "";
}

std::string ServerConnection::ReadUntil(absl::string_view token) {
  std::string all;
  while (absl::string_view(all).find(token) == absl::string_view::npos) {
    const std::string more = Read();
    if (more.empty()) break;
    all += more;
  }
  return all;
}

bool ServerConnection::Write(absl::string_view data) {
  while (!data.empty() && fd_ >= 0) {
    const auto size =
        ssl_ ? SSL_write(ssl_.get(), data.data(), static_cast<int>(data.size()))
             : static_cast<int>(send(fd_, data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
    if (size > 0) {
      data.remove_prefix(static_cast<size_t>(size));
      continue;
    }
    const bool again = ssl_ ? WaitForTls(size) : (errno == EAGAIN && WaitFor(POLLOUT));
    if (!again) return false;
  }
  return data.empty();
}

void ServerConnection::AwaitPeerClose() {
  while (!Read().empty()) {
  }
}

void ServerConnection::Reset() {
  if (fd_ < 0) return;
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close(std::exchange(fd_, -1));
}

void ServerConnection::Close() {
  if (fd_ < 0) return;
  if (ssl_) SSL_shutdown(ssl_.get());
  close(std::exchange(fd_, -1));
}

LoopbackServer::LoopbackServer(Script script, const IpAddress& address)
    : script_(std::move(script)) {
  const BoundSocket bound = Bind(SOCK_STREAM, address);
  listen_fd_ = bound.fd;
  endpoint_ = bound.endpoint;
  stop_fd_ = eventfd(0, EFD_CLOEXEC);
  if (listen(listen_fd_, 16) != 0 || stop_fd_ < 0) std::abort();
  thread_ = std::thread([this] { Run(); });
}

LoopbackServer::~LoopbackServer() {
  Signal(stop_fd_);
  thread_.join();
  close(listen_fd_);
  close(stop_fd_);
}

void LoopbackServer::Run() {
  BlockBrokenPipe();
  while (WaitForEither(listen_fd_, POLLIN, stop_fd_)) {
    const int fd = accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) continue;
    const int on = 1;  // small writes must not wait for the client's delayed acknowledgement
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ++connections_;
    ServerConnection connection(fd, stop_fd_);
    script_(connection);
  }
}

LoopbackUdpServer::LoopbackUdpServer(Script script) : script_(std::move(script)) {
  const BoundSocket bound = Bind(SOCK_DGRAM);
  fd_ = bound.fd;
  endpoint_ = bound.endpoint;
  stop_fd_ = eventfd(0, EFD_CLOEXEC);
  if (stop_fd_ < 0) std::abort();
  thread_ = std::thread([this] { Run(); });
}

LoopbackUdpServer::~LoopbackUdpServer() {
  Signal(stop_fd_);
  thread_.join();
  close(fd_);
  close(stop_fd_);
}

void LoopbackUdpServer::Run() {
  char buffer[65536];
  while (WaitForEither(fd_, POLLIN, stop_fd_)) {
    sockaddr_storage peer;
    socklen_t size = sizeof(peer);
    auto* address = reinterpret_cast<sockaddr*>(&peer);
    const ssize_t got = recvfrom(fd_, buffer, sizeof(buffer), MSG_DONTWAIT, address, &size);
    if (got < 0) continue;
    for (const std::string& reply : script_(std::string(buffer, static_cast<size_t>(got)))) {
      sendto(fd_, reply.data(), reply.size(), MSG_NOSIGNAL, address, size);
    }
  }
}

bool HasLoopbackV6() {
  std::array<uint8_t, 16> bytes{};
  bytes[15] = 1;
  const std::optional<BoundSocket> bound = TryBind(SOCK_STREAM, IpAddress::V6(bytes));
  if (bound) close(bound->fd);
  return bound.has_value();
}

Endpoint ClosedLoopbackPort() {
  const BoundSocket bound = Bind(SOCK_STREAM);
  close(bound.fd);
  return bound.endpoint;
}

}  // namespace probemesh
