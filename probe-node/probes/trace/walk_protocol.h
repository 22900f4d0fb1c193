// How a walk's packets are sent, and how what comes back is matched to them.
#ifndef PROBEMESH_PROBE_NODE_PROBES_TRACE_WALK_PROTOCOL_H_
#define PROBEMESH_PROBE_NODE_PROBES_TRACE_WALK_PROTOCOL_H_

#include <cstddef>
#include <optional>

#include "probemesh/v1/observation.pb.h"

namespace probemesh::node {

// Loop thread only. Packets are numbered by the caller from 0, each number once.
class WalkProtocol {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // `answer` has the reply's kind, time, TTL and error. At most one for each packet. The listener
    // may Close the protocol, not destroy it.
    virtual void OnWalkAnswer(size_t packet, const v1::Exchange& answer) = 0;
    // Something answered one of the packets, and nothing in it says which.
    virtual void OnUnattributedAnswer() = 0;
  };

  virtual ~WalkProtocol() = default;

  // Before the first Send. nullopt, or the call that failed.
  virtual std::optional<v1::LocalError> Open() = 0;
  // Sends packet number `packet` and returns its flow. A local failure is told to the listener as
  // an answer, from inside this call or later.
  virtual v1::Flow Send(size_t packet, int ttl) = 0;
  // Nothing is told any more.
  virtual void Close() = 0;
  // All packets so far belong to one flow, as a balancer of flows sees it.
  virtual bool stable_flow() const = 0;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_TRACE_WALK_PROTOCOL_H_
