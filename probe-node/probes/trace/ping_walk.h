// A walk by echo requests: one ping socket, one identifier, one checksum.
#ifndef PROBEMESH_PROBE_NODE_PROBES_TRACE_PING_WALK_H_
#define PROBEMESH_PROBE_NODE_PROBES_TRACE_PING_WALK_H_

#include <set>

#include "common/net/ip_address.h"
#include "probe-node/engine/probe.h"
#include "probe-node/probes/stream/datagram_socket.h"
#include "probe-node/probes/trace/walk_protocol.h"
#include "probe-node/probes/trace/walk_tag.h"

namespace probemesh::node {

class PingWalk final : public WalkProtocol, private DatagramSocket::Listener {
 public:
  // `identifier` 0 is any; offsets are relative to `start`.
  PingWalk(ProbeContext& context, const IpAddress& target, uint16_t identifier, MonotonicTime start,
           WalkProtocol::Listener& listener);

  std::optional<v1::LocalError> Open() override;
  v1::Flow Send(size_t packet, int ttl) override;
  void Close() override { socket_.Close(); }
  bool stable_flow() const override { return true; }

 private:
  void OnDatagram(DatagramSocket& socket, const ReceivedDatagram& datagram) override;
  void OnQueuedError(DatagramSocket& socket, const QueuedError& error) override;

  ProbeContext& context_;
  const IpAddress target_;
  const uint16_t identifier_;
  const MonotonicTime start_;
  WalkProtocol::Listener& listener_;
  const WalkTag tag_;
  DatagramSocket socket_;
  std::set<size_t> waiting_;  // packets without an answer
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_TRACE_PING_WALK_H_
