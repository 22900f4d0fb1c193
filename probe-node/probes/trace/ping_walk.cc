#include "probe-node/probes/trace/ping_walk.h"

#include "probe-node/probes/icmp/echo_packet.h"
#include "probe-node/probes/stream/evidence.h"

namespace probemesh::node {

PingWalk::PingWalk(ProbeContext& context, const IpAddress& target, uint16_t identifier,
                   MonotonicTime start, WalkProtocol::Listener& listener)
    : context_(context),
      target_(target),
      identifier_(identifier),
      start_(start),
      listener_(listener),
      tag_(context.random.Next()),
      socket_(context.loop, context.sockets, *this) {}

std::optional<v1::LocalError> PingWalk::Open() {
  return socket_.Connect(SocketKind::kPing, Endpoint{target_, 0}, identifier_);
}

v1::Flow PingWalk::Send(size_t packet, int ttl) {
  const auto number = static_cast<uint16_t>(packet);
  std::optional<v1::LocalError> error = socket_.SetTtl(ttl);
  if (!error) {
    error = socket_.Send(EchoRequest(target_.family(), number, tag_.PayloadBehindNumber(number)));
  }
  if (!error) {
    waiting_.insert(packet);
  } else {
    listener_.OnWalkAnswer(packet, LocalReply(*error));
  }
  return socket_.flow();
}

void PingWalk::OnDatagram(DatagramSocket&, const ReceivedDatagram& datagram) {
  const auto reply = ParseEchoReply(target_.family(), datagram.payload);
  if (!reply || reply->payload.size() < WalkTag::kNonceSize) return;
  if (!tag_.MatchesQuoted(reply->payload)) return;
  if (waiting_.erase(reply->sequence) == 0) return;
  v1::Exchange answer;
  FillDatagramReply(datagram, context_.loop.clock(), start_, &answer);
  listener_.OnWalkAnswer(reply->sequence, answer);
}

void PingWalk::OnQueuedError(DatagramSocket&, const QueuedError& error) {
  if (!IsIcmpError(error)) return;
  const auto quoted = ParseQuotedEcho(target_.family(), error.quoted_payload);
  if (!quoted || !tag_.MatchesQuoted(quoted->payload)) return;
  if (waiting_.erase(quoted->sequence) == 0) return;
  v1::Exchange answer;
  FillIcmpReply(error, context_.loop.clock(), start_, &answer);
  listener_.OnWalkAnswer(quoted->sequence, answer);
}

}  // namespace probemesh::node
