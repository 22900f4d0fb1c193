#include "tests/support/loopback_port.h"

#include <sys/socket.h>
#include <unistd.h>

namespace probemesh {
namespace {

constexpr uint16_t kDiscardPort = 9;

const sockaddr* AsSockaddr(const sockaddr_storage& storage) {
  return reinterpret_cast<const sockaddr*>(&storage);
}

}  // namespace

LoopbackPort::LoopbackPort(Kind kind, IpAddress::Family family) {
  const bool v4 = family == IpAddress::Family::kV4;
  endpoint_.address = *IpAddress::Parse(v4 ? "127.0.0.1" : "::1");
  const int type = kind == Kind::kUdpClosed ? SOCK_DGRAM : SOCK_STREAM;
  fd_ = socket(v4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, 0);
  sockaddr_storage storage;
  socklen_t length = endpoint_.ToSockaddr(&storage);
  if (fd_ < 0 || bind(fd_, AsSockaddr(storage), length) != 0) return;
  if (kind == Kind::kTcpListening && listen(fd_, SOMAXCONN) != 0) return;
  if (kind == Kind::kUdpClosed) {
    // A socket that is connected to somebody else is closed to everybody else.
    sockaddr_storage other;
    const socklen_t other_length = Endpoint{endpoint_.address, kDiscardPort}.ToSockaddr(&other);
    if (connect(fd_, AsSockaddr(other), other_length) != 0) return;
  }
  length = sizeof(storage);
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return;
  endpoint_ = *Endpoint::FromSockaddr(AsSockaddr(storage));
}

LoopbackPort::~LoopbackPort() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace probemesh
