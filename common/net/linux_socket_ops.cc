#include "common/net/linux_socket_ops.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
// After <time.h>: it needs struct timespec.
#include <linux/errqueue.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace probemesh {
namespace {

constexpr size_t kLargestDatagram = 65536;
// Room for the extended error with its offender, the TTL and the timestamp, several times over.
constexpr size_t kControlSize = 512;

SysResult Result(int64_t value) {
  if (value < 0) return SysResult{0, errno};
  return SysResult{value, 0};
}

SysResult SetInt(int fd, int level, int name, int value) {
  return Result(setsockopt(fd, level, name, &value, sizeof(value)));
}

int Protocol(SocketKind kind, bool v6) {
  switch (kind) {
    case SocketKind::kTcp:
      return IPPROTO_TCP;
    case SocketKind::kUdp:
      return IPPROTO_UDP;
    case SocketKind::kPing:
      return v6 ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP);
  }
  return 0;
}

SysResult SetUp(int fd, bool v6) {
  SetInt(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
  if (v6) {
    SetInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    SetInt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
    return SetInt(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
  }
  SetInt(fd, IPPROTO_IP, IP_RECVTTL, 1);
  return SetInt(fd, IPPROTO_IP, IP_RECVERR, 1);
}

// A message header with all its buffers.
struct Message {
  explicit Message(std::vector<char>& buffer) {
    std::memset(&header, 0, sizeof(header));
    std::memset(&name, 0, sizeof(name));
    vector = {buffer.data(), buffer.size()};
    header.msg_name = &name;
    header.msg_namelen = sizeof(name);
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
  }

  msghdr header;
  sockaddr_storage name;
  iovec vector;
  alignas(cmsghdr) char control[kControlSize];
};

std::optional<Endpoint> NameOf(const Message& message) {
  if (message.header.msg_namelen == 0) return std::nullopt;
  return Endpoint::FromSockaddr(reinterpret_cast<const sockaddr*>(&message.name));
}

bool Is(const cmsghdr* control, int level, int type) {
  return control->cmsg_level == level && control->cmsg_type == type;
}

template <typename T>
bool Read(const cmsghdr* control, size_t offset, T* value) {
  if (control->cmsg_len < CMSG_LEN(offset + sizeof(T))) return false;
  std::memcpy(value, CMSG_DATA(control) + offset, sizeof(T));
  return true;
}

std::optional<absl::Time> ReadTimestamp(const cmsghdr* control) {
  timespec time;
  if (!Is(control, SOL_SOCKET, SCM_TIMESTAMPNS) || !Read(control, 0, &time)) return std::nullopt;
  return absl::TimeFromTimespec(time);
}

std::optional<int> ReadTtl(const cmsghdr* control) {
  int ttl = 0;
  const bool is_ttl = Is(control, IPPROTO_IP, IP_TTL) || Is(control, IPPROTO_IPV6, IPV6_HOPLIMIT);
  if (!is_ttl || !Read(control, 0, &ttl)) return std::nullopt;
  return ttl;
}

QueuedError::Origin OriginOf(uint8_t origin) {
  switch (origin) {
    case SO_EE_ORIGIN_LOCAL:
      return QueuedError::Origin::kLocal;
    case SO_EE_ORIGIN_ICMP:
      return QueuedError::Origin::kIcmp;
    case SO_EE_ORIGIN_ICMP6:
      return QueuedError::Origin::kIcmpV6;
    default:
      return QueuedError::Origin::kOther;
  }
}

// The offender's address stands behind the error; its family is AF_UNSPEC when there is none.
std::optional<IpAddress> ReadOffender(const cmsghdr* control) {
  const size_t available = control->cmsg_len - CMSG_LEN(sizeof(sock_extended_err));
  sockaddr_storage offender;
  std::memset(&offender, 0, sizeof(offender));
  std::memcpy(&offender, CMSG_DATA(control) + sizeof(sock_extended_err),
              std::min(available, sizeof(offender)));
  return IpAddress::FromSockaddr(reinterpret_cast<const sockaddr*>(&offender));
}

void ReadExtendedError(const cmsghdr* control, QueuedError* error) {
  sock_extended_err extended;
  const bool is_error =
      Is(control, IPPROTO_IP, IP_RECVERR) || Is(control, IPPROTO_IPV6, IPV6_RECVERR);
  if (!is_error || !Read(control, 0, &extended)) return;
  error->origin = OriginOf(extended.ee_origin);
  error->error = static_cast<int>(extended.ee_errno);
  error->type = extended.ee_type;
  error->code = extended.ee_code;
  error->info = extended.ee_info;
  error->offender = ReadOffender(control);
}

}  // namespace

LinuxSocketOps::LinuxSocketOps() : buffer_(kLargestDatagram) {}

SysResult LinuxSocketOps::Open(SocketKind kind, IpAddress::Family family) {
  const bool v6 = family == IpAddress::Family::kV6;
  const int type = kind == SocketKind::kTcp ? SOCK_STREAM : SOCK_DGRAM;
  const SysResult opened = Result(
      socket(v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, Protocol(kind, v6)));
  if (!opened.ok()) return opened;
  const SysResult set_up = SetUp(static_cast<int>(opened.value), v6);
  if (!set_up.ok()) {
    close(static_cast<int>(opened.value));
    return set_up;
  }
  return opened;
}

SysResult LinuxSocketOps::Bind(int fd, const Endpoint& local) {
  sockaddr_storage storage;
  const socklen_t length = local.ToSockaddr(&storage);
  SetInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  return Result(bind(fd, reinterpret_cast<const sockaddr*>(&storage), length));
}

SysResult LinuxSocketOps::Connect(int fd, const Endpoint& remote) {
  sockaddr_storage storage;
  const socklen_t length = remote.ToSockaddr(&storage);
  return Result(connect(fd, reinterpret_cast<const sockaddr*>(&storage), length));
}

SysResult LinuxSocketOps::SetTtl(int fd, IpAddress::Family family, int ttl) {
  if (family == IpAddress::Family::kV6) return SetInt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
  return SetInt(fd, IPPROTO_IP, IP_TTL, ttl);
}

// PROBE and not DO: DO stops sending after the first "fragmentation needed", which would turn the
// network's answer into a local error for every packet after it.
SysResult LinuxSocketOps::SetDontFragment(int fd, IpAddress::Family family, bool on) {
  if (family == IpAddress::Family::kV4) {
    return SetInt(fd, IPPROTO_IP, IP_MTU_DISCOVER, on ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT);
  }
  const SysResult set = SetInt(fd, IPPROTO_IPV6, IPV6_DONTFRAG, on ? 1 : 0);
  if (!set.ok()) return set;
  return SetInt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, on ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_WANT);
}

SysResult LinuxSocketOps::SetErrorQueue(int fd, IpAddress::Family family, bool on) {
  if (family == IpAddress::Family::kV4) return SetInt(fd, IPPROTO_IP, IP_RECVERR, on ? 1 : 0);
  return SetInt(fd, IPPROTO_IPV6, IPV6_RECVERR, on ? 1 : 0);
}

SysResult LinuxSocketOps::Send(int fd, absl::string_view payload) {
  return Result(send(fd, payload.data(), payload.size(), MSG_NOSIGNAL));
}

SysResult LinuxSocketOps::SendTo(int fd, absl::string_view payload, const Endpoint& to) {
  sockaddr_storage storage;
  const socklen_t length = to.ToSockaddr(&storage);
  return Result(sendto(fd, payload.data(), payload.size(), MSG_NOSIGNAL,
                       reinterpret_cast<const sockaddr*>(&storage), length));
}

SysResult LinuxSocketOps::Receive(int fd, ReceivedDatagram* datagram) {
  Message message(buffer_);
  const SysResult received = Result(recvmsg(fd, &message.header, MSG_DONTWAIT));
  if (!received.ok()) return received;
  *datagram = ReceivedDatagram();
  datagram->payload.assign(buffer_.data(), static_cast<size_t>(received.value));
  if (const auto from = NameOf(message)) datagram->from = *from;
  for (cmsghdr* control = CMSG_FIRSTHDR(&message.header); control != nullptr;
       control = CMSG_NXTHDR(&message.header, control)) {
    if (const auto time = ReadTimestamp(control)) datagram->kernel_time = time;
    if (const auto ttl = ReadTtl(control)) datagram->ttl = ttl;
  }
  return received;
}

SysResult LinuxSocketOps::ReceiveError(int fd, QueuedError* error) {
  Message message(buffer_);
  const SysResult received = Result(recvmsg(fd, &message.header, MSG_ERRQUEUE | MSG_DONTWAIT));
  if (!received.ok()) return received;
  *error = QueuedError();
  error->quoted_payload.assign(buffer_.data(), static_cast<size_t>(received.value));
  error->destination = NameOf(message);
  for (cmsghdr* control = CMSG_FIRSTHDR(&message.header); control != nullptr;
       control = CMSG_NXTHDR(&message.header, control)) {
    if (const auto time = ReadTimestamp(control)) error->kernel_time = time;
    if (const auto ttl = ReadTtl(control)) error->ttl = ttl;
    ReadExtendedError(control, error);
  }
  return received;
}

SysResult LinuxSocketOps::PendingError(int fd) {
  int error = 0;
  socklen_t length = sizeof(error);
  const SysResult asked = Result(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length));
  return asked.ok() ? SysResult{error, 0} : asked;
}

std::optional<Endpoint> LinuxSocketOps::LocalEndpoint(int fd) {
  sockaddr_storage storage;
  socklen_t length = sizeof(storage);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return std::nullopt;
  return Endpoint::FromSockaddr(reinterpret_cast<const sockaddr*>(&storage));
}

void LinuxSocketOps::Close(int fd) { close(fd); }

void LinuxSocketOps::Abort(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close(fd);
}

}  // namespace probemesh
