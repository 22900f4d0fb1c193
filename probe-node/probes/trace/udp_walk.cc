#include "probe-node/probes/trace/udp_walk.h"

#include "probe-node/probes/stream/evidence.h"

namespace probemesh::node {
namespace {

// Above it, port + TTL could be no port any more; ports are counted downwards then.
constexpr int kHighestBase = 65535 - 255;

}  // namespace

UdpWalk::UdpWalk(ProbeContext& context, const Endpoint& target, uint16_t source_port,
                 MonotonicTime start, WalkProtocol::Listener& listener)
    : context_(context),
      target_(target),
      source_port_(source_port),
      start_(start),
      listener_(listener),
      tag_(context.random.Next()),
      shared_socket_(context.loop, context.sockets, *this) {}

std::optional<v1::LocalError> UdpWalk::Open() {
  return shared_socket_.Connect(SocketKind::kUdp, target_, source_port_);
}

void UdpWalk::Close() {
  shared_socket_.Close();
  for (const auto& entry : own_sockets_) entry.second->Close();
}

v1::Flow UdpWalk::Send(size_t packet, int ttl) {
  if (!quotations_are_short_) return SendBy(shared_socket_, packet, ttl);
  DatagramSocket* socket = OpenOwnSocket(packet, ttl);
  return socket != nullptr ? SendBy(*socket, packet, ttl) : v1::Flow();
}

v1::Flow UdpWalk::SendBy(DatagramSocket& socket, size_t packet, int ttl) {
  std::optional<v1::LocalError> error = socket.SetTtl(ttl);
  if (!error) error = socket.Send(tag_.Payload(static_cast<uint16_t>(packet)));
  if (!error) {
    waiting_.insert(packet);
  } else {
    listener_.OnWalkAnswer(packet, LocalReply(*error));
  }
  return socket.flow();
}

DatagramSocket* UdpWalk::OpenOwnSocket(size_t packet, int ttl) {
  DatagramSocket::Listener& listener = *this;
  auto socket = std::make_unique<DatagramSocket>(context_.loop, context_.sockets, listener);
  const int port = target_.port > kHighestBase ? target_.port - ttl : target_.port + ttl;
  const auto error =
      socket->Connect(SocketKind::kUdp, Endpoint{target_.address, static_cast<uint16_t>(port)}, 0);
  if (error) {
    listener_.OnWalkAnswer(packet, LocalReply(*error));
    return nullptr;
  }
  DatagramSocket* opened = socket.get();
  own_sockets_[packet] = std::move(socket);
  return opened;
}

std::optional<size_t> UdpWalk::PacketOf(const DatagramSocket& socket,
                                        absl::string_view payload) const {
  for (const auto& [packet, own] : own_sockets_) {
    if (own.get() == &socket) return packet;
  }
  const std::optional<uint16_t> number = tag_.Parse(payload);
  if (!number) return std::nullopt;
  return size_t{*number};
}

void UdpWalk::Tell(std::optional<size_t> packet, const v1::Exchange& answer) {
  if (!packet) {
    quotations_are_short_ = true;
    return listener_.OnUnattributedAnswer();
  }
  if (waiting_.erase(*packet) > 0) listener_.OnWalkAnswer(*packet, answer);
}

void UdpWalk::OnDatagram(DatagramSocket& socket, const ReceivedDatagram& datagram) {
  v1::Exchange answer;
  FillDatagramReply(datagram, context_.loop.clock(), start_, &answer);
  Tell(PacketOf(socket, datagram.payload), answer);
}

void UdpWalk::OnQueuedError(DatagramSocket& socket, const QueuedError& error) {
  if (!IsIcmpError(error)) return;
  v1::Exchange answer;
  FillIcmpReply(error, context_.loop.clock(), start_, &answer);
  Tell(PacketOf(socket, error.quoted_payload), answer);
}

}  // namespace probemesh::node
