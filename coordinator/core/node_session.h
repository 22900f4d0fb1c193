// What the core keeps of one open stream of a node.
#ifndef PROBEMESH_COORDINATOR_CORE_NODE_SESSION_H_
#define PROBEMESH_COORDINATOR_CORE_NODE_SESSION_H_

#include <memory>
#include <vector>

#include "coordinator/core/command_queue.h"
#include "coordinator/core/core.h"
#include "coordinator/core/limits.h"

namespace probemesh::coordinator {

struct NodeSession {
  enum class State {
    kNew,      // its hello is awaited
    kJoining,  // the store is asked where the node's results ended
    kOpen,
    kLeaving,  // the node said goodbye; what it sent is still being committed
  };

  SessionId id = 0;
  PeerIdentity peer;
  std::shared_ptr<SessionSink> sink;
  State state = State::kNew;
  MonotonicTime state_deadline;  // of kNew, kJoining and kLeaving
  uint64_t epoch = 0;
  v1::NodeHello hello;
  std::vector<v1::NodeMessage> early;  // came while joining

  CommandQueue commands{0};
  TimerId timer = 0;
  MonotonicTime timer_due;
  bool renewing = false;
  MonotonicTime last_renewal = -absl::InfiniteDuration();

  // Results. `received` is the highest sequence of this session in `generation`; before the first,
  // the watermark.
  uint64_t generation = 0;
  uint64_t received = 0;
  bool any_result = false;
  uint64_t acked = 0;
  size_t uncommitted_results = 0;
  size_t uncommitted_octets = 0;

  bool is_member() const { return state == State::kOpen; }
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_CORE_NODE_SESSION_H_
