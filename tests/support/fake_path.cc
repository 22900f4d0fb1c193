#include "tests/support/fake_path.h"

#include <algorithm>
#include <cerrno>

namespace probemesh {
namespace {

constexpr int kDefaultTtl = 64;

bool IsV6(const std::string& address) { return address.find(':') != std::string::npos; }

int ErrnoOf(bool v6, uint8_t type, uint8_t code) {
  const bool port = v6 ? type == 1 && code == 4 : type == 3 && code == 3;
  if (port) return ECONNREFUSED;
  const bool net = v6 ? type == 1 && code == 0 : type == 3 && (code == 0 || code == 9);
  return net ? ENETUNREACH : EHOSTUNREACH;
}

}  // namespace

QueuedError IcmpErrorFrom(const std::string& offender, uint8_t type, uint8_t code,
                          const std::string& quoted_payload) {
  QueuedError error;
  const bool v6 = IsV6(offender);
  error.origin = v6 ? QueuedError::Origin::kIcmpV6 : QueuedError::Origin::kIcmp;
  error.error = ErrnoOf(v6, type, code);
  error.type = type;
  error.code = code;
  error.offender = *IpAddress::Parse(offender);
  error.quoted_payload = quoted_payload;
  error.ttl = 61;
  return error;
}

QueuedError TtlExceededFrom(const std::string& offender, const std::string& quoted_payload) {
  return IcmpErrorFrom(offender, IsV6(offender) ? 3 : 11, 0, quoted_payload);
}

QueuedError PortUnreachableFrom(const std::string& offender, const std::string& quoted_payload) {
  return IcmpErrorFrom(offender, IsV6(offender) ? 1 : 3, IsV6(offender) ? 4 : 3, quoted_payload);
}

QueuedError HostUnreachableFrom(const std::string& offender, const std::string& quoted_payload) {
  return IcmpErrorFrom(offender, IsV6(offender) ? 1 : 3, IsV6(offender) ? 3 : 1, quoted_payload);
}

ReceivedDatagram EchoReplyTo(const FakeSocketOps::Packet& request) {
  ReceivedDatagram reply;
  reply.payload = request.payload;
  reply.payload[0] = request.to.address.is_v4() ? '\0' : static_cast<char>(129);
  reply.from = Endpoint{request.to.address, 0};
  reply.ttl = 60;
  return reply;
}

void FakePath::Attach(FakeSocketOps* sockets) {
  sockets_ = sockets;
  sockets->set_network([this](const FakeSocketOps::Packet& packet) { OnPacket(packet); });
}

void FakePath::OnPacket(const FakeSocketOps::Packet& packet) {
  const int ttl = packet.ttl == 0 ? kDefaultTtl : packet.ttl;
  const int target_distance = static_cast<int>(routers.size()) + 1;
  int distance = std::min(ttl, target_distance);
  if (no_route) distance = std::min(distance, *no_route);
  if (cut && distance > *cut) return;
  if (lost_packets[distance]-- > 0) return;
  AnswerAt(packet, distance);
}

void FakePath::AnswerAt(const FakeSocketOps::Packet& packet, int distance) {
  const absl::Duration delay = distance * hop_delay;
  if (distance > static_cast<int>(routers.size())) return AnswerAsTarget(packet, delay);
  if (mute.count(distance) > 0) return;
  const std::string& router = routers[static_cast<size_t>(distance) - 1];
  const bool unreachable = no_route && distance == *no_route;
  sockets_->DeliverError(packet.fd, delay,
                         unreachable
                             ? IcmpErrorFrom(router, IsV6(router) ? 1 : 3, 0, Quoted(packet))
                             : TtlExceededFrom(router, Quoted(packet)));
}

void FakePath::AnswerAsTarget(const FakeSocketOps::Packet& packet, absl::Duration delay) {
  const std::string self = packet.to.address.ToString();
  if (target == Target::kSilent) return;
  if (target == Target::kProhibits) {
    return sockets_->DeliverError(
        packet.fd, delay,
        IcmpErrorFrom(self, IsV6(self) ? 1 : 3, IsV6(self) ? 1 : 13, Quoted(packet)));
  }
  switch (packet.kind) {
    case SocketKind::kTcp:
      if (target == Target::kRefuses) return sockets_->FailConnect(packet.fd, delay, ECONNREFUSED);
      return sockets_->CompleteConnect(packet.fd, delay);
    case SocketKind::kUdp:
      return sockets_->DeliverError(packet.fd, delay, PortUnreachableFrom(self, Quoted(packet)));
    case SocketKind::kPing:
      return sockets_->Deliver(packet.fd, delay, EchoReplyTo(packet));
  }
}

std::string FakePath::Quoted(const FakeSocketOps::Packet& packet) const {
  if (packet.kind != SocketKind::kUdp || !quote_at_most) return packet.payload;
  return packet.payload.substr(0, static_cast<size_t>(*quote_at_most));
}

}  // namespace probemesh
