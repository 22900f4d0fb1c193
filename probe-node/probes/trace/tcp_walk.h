// A walk by TCP handshakes with the service's own port.
#ifndef PROBEMESH_PROBE_NODE_PROBES_TRACE_TCP_WALK_H_
#define PROBEMESH_PROBE_NODE_PROBES_TRACE_TCP_WALK_H_

#include <map>
#include <memory>

#include "common/net/ip_address.h"
#include "probe-node/engine/probe.h"
#include "probe-node/probes/trace/walk_protocol.h"

namespace probemesh::node {

// Linux lets no two TCP sockets share a 5-tuple, so that handshakes that are under way at once need
// a source port each; a balancer of flows may send them different ways. Ports lie as close together
// as the kernel or `source_port` (the first packet's; one more for each further packet) makes them.
// All handshakes stay open until they are answered or the walk ends, for what comes late (a host
// that is gone is reported after 3.1 s); the kernel repeats each SYN meanwhile. A connection that
// comes about is closed with a reset at once.
class TcpWalk final : public WalkProtocol {
 public:
  // `source_port` 0 is any; offsets are relative to `start`.
  TcpWalk(ProbeContext& context, const Endpoint& target, uint16_t source_port, MonotonicTime start,
          WalkProtocol::Listener& listener);
  ~TcpWalk() override;

  std::optional<v1::LocalError> Open() override { return std::nullopt; }
  v1::Flow Send(size_t packet, int ttl) override;
  void Close() override;
  bool stable_flow() const override { return handshakes_.size() <= 1; }

 private:
  class Handshake;

  uint16_t SourcePortFor(size_t packet) const;

  ProbeContext& context_;
  const Endpoint target_;
  const uint16_t source_port_;
  const MonotonicTime start_;
  WalkProtocol::Listener& listener_;
  std::map<size_t, std::unique_ptr<Handshake>> handshakes_;  // by packet
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_TRACE_TCP_WALK_H_
