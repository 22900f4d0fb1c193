#include "probe-node/probes/stream/datagram_socket.h"

#include <netinet/in.h>

#include <cerrno>
#include <string>

#include "absl/strings/str_cat.h"
#include "probe-node/probes/stream/evidence.h"

namespace probemesh::node {
namespace {

// So that a flood cannot hold the loop; the watch is level-triggered and calls again.
constexpr int kMaxPerTurn = 64;

uint32_t ProtocolOf(SocketKind kind, IpAddress::Family family) {
  if (kind == SocketKind::kUdp) return IPPROTO_UDP;
  return family == IpAddress::Family::kV4 ? uint32_t{IPPROTO_ICMP} : uint32_t{IPPROTO_ICMPV6};
}

}  // namespace

std::optional<v1::LocalError> DatagramSocket::Connect(SocketKind kind, const Endpoint& remote,
                                                      uint16_t source_port) {
  remote_ = remote;
  const IpAddress::Family family = remote.address.family();
  flow_ = StreamFlow(std::nullopt, remote, ProtocolOf(kind, family));
  const SysResult opened = sockets_.Open(kind, family);
  if (!opened.ok()) return Fail("socket", opened.error);
  fd_ = static_cast<int>(opened.value);
  if (source_port != 0) {
    const IpAddress any = remote.address.is_v4() ? IpAddress() : IpAddress::V6({});
    const SysResult bound = sockets_.Bind(fd_, Endpoint{any, source_port});
    if (!bound.ok()) return Fail("bind", bound.error);
  }
  const SysResult connected = sockets_.Connect(fd_, remote);
  if (!connected.ok()) return Fail("connect", connected.error);
  flow_ = StreamFlow(sockets_.LocalEndpoint(fd_), remote, ProtocolOf(kind, family));
  const absl::Status watched = loop_.WatchFd(fd_, kReadable, [this](uint32_t) {
    if (TakeErrors()) TakeDatagrams();
  });
  if (!watched.ok()) return Fail("epoll_ctl", EMFILE);
  watched_ = true;
  open_ = std::make_shared<const bool>(true);
  return std::nullopt;
}

std::optional<v1::LocalError> DatagramSocket::SetTtl(int ttl) {
  const SysResult set = sockets_.SetTtl(fd_, remote_.address.family(), ttl);
  if (set.ok()) return std::nullopt;
  return StreamLocalError("setsockopt", set.error, true, false);
}

std::optional<v1::LocalError> DatagramSocket::SetDontFragment() {
  const SysResult set = sockets_.SetDontFragment(fd_, remote_.address.family(), true);
  if (set.ok()) return std::nullopt;
  return StreamLocalError("setsockopt", set.error, true, false);
}

std::optional<v1::LocalError> DatagramSocket::Send(absl::string_view payload) {
  SysResult sent = sockets_.Send(fd_, payload);
  if (!sent.ok()) sent = sockets_.Send(fd_, payload);
  if (sent.ok()) return std::nullopt;
  return StreamLocalError("send", sent.error, true, false);
}

void DatagramSocket::Close() {
  open_.reset();
  if (fd_ < 0) return;
  if (watched_) loop_.UnwatchFd(fd_);
  watched_ = false;
  sockets_.Close(fd_);
  fd_ = -1;
}

std::optional<v1::LocalError> DatagramSocket::Fail(absl::string_view call, int error) {
  Close();
  return StreamLocalError(call, error, true, false);
}

bool DatagramSocket::TakeErrors() {
  const std::weak_ptr<const bool> open = open_;
  for (int i = 0; i < kMaxPerTurn && !open.expired(); ++i) {
    QueuedError error;
    if (!sockets_.ReceiveError(fd_, &error).ok()) break;
    listener_.OnQueuedError(*this, error);
  }
  return !open.expired();
}

// A pending error that the queue had no room for is taken by the first Receive, and says nothing.
void DatagramSocket::TakeDatagrams() {
  const std::weak_ptr<const bool> open = open_;
  for (int i = 0; i < kMaxPerTurn && !open.expired(); ++i) {
    ReceivedDatagram datagram;
    const SysResult received = sockets_.Receive(fd_, &datagram);
    if (!received.ok()) return;
    if (datagram.from.address == remote_.address) listener_.OnDatagram(*this, datagram);
  }
}

absl::Status CheckPingSockets(SocketOps& sockets, IpAddress::Family family) {
  const SysResult opened = sockets.Open(SocketKind::kPing, family);
  if (opened.ok()) {
    sockets.Close(static_cast<int>(opened.value));
    return absl::OkStatus();
  }
  const bool out_of_resources =
      opened.error == EMFILE || opened.error == ENFILE || opened.error == ENOBUFS;
  if (out_of_resources) return absl::OkStatus();  // the probe itself will say so
  return absl::FailedPreconditionError(
      absl::StrCat("this node has no ICMP echo: ping sockets are refused (",
                   strerrorname_np(opened.error) != nullptr ? strerrorname_np(opened.error) : "?",
                   "); see net.ipv4.ping_group_range"));
}

}  // namespace probemesh::node
