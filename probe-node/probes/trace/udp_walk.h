// A walk by UDP datagrams that are told apart by what is in them, not by their ports.
#ifndef PROBEMESH_PROBE_NODE_PROBES_TRACE_UDP_WALK_H_
#define PROBEMESH_PROBE_NODE_PROBES_TRACE_UDP_WALK_H_

#include <map>
#include <memory>
#include <set>

#include "common/net/ip_address.h"
#include "probe-node/engine/probe.h"
#include "probe-node/probes/stream/datagram_socket.h"
#include "probe-node/probes/trace/walk_protocol.h"
#include "probe-node/probes/trace/walk_tag.h"

namespace probemesh::node {

// One socket, one 5-tuple: the number of a packet stands in its payload, which routers quote back -
// most of them. RFC 792 asks for no more than the UDP header, of which the kernel shows nothing;
// once an answer came that quotes so little, packets go out by sockets of their own to ports of
// their own (port + TTL, as classic traceroute does), and the flow is stable no longer.
class UdpWalk final : public WalkProtocol, private DatagramSocket::Listener {
 public:
  // `source_port` 0 is any, and counts for the shared socket only; offsets are relative to `start`.
  UdpWalk(ProbeContext& context, const Endpoint& target, uint16_t source_port, MonotonicTime start,
          WalkProtocol::Listener& listener);

  std::optional<v1::LocalError> Open() override;
  v1::Flow Send(size_t packet, int ttl) override;
  void Close() override;
  bool stable_flow() const override { return own_sockets_.empty(); }

 private:
  v1::Flow SendBy(DatagramSocket& socket, size_t packet, int ttl);
  DatagramSocket* OpenOwnSocket(size_t packet, int ttl);
  std::optional<size_t> PacketOf(const DatagramSocket& socket, absl::string_view payload) const;
  void Tell(std::optional<size_t> packet, const v1::Exchange& answer);
  void OnDatagram(DatagramSocket& socket, const ReceivedDatagram& datagram) override;
  void OnQueuedError(DatagramSocket& socket, const QueuedError& error) override;

  ProbeContext& context_;
  const Endpoint target_;
  const uint16_t source_port_;
  const MonotonicTime start_;
  WalkProtocol::Listener& listener_;
  const WalkTag tag_;
  DatagramSocket shared_socket_;
  std::map<size_t, std::unique_ptr<DatagramSocket>> own_sockets_;  // by packet
  std::set<size_t> waiting_;                                       // packets without an answer
  bool quotations_are_short_ = false;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_TRACE_UDP_WALK_H_
