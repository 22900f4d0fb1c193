// Is this node's own network fit to testify? Every 10 s it looks at destinations known to be
// healthy.
#ifndef PROBEMESH_PROBE_NODE_AGENT_SELF_CHECK_H_
#define PROBEMESH_PROBE_NODE_AGENT_SELF_CHECK_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/event/event_loop.h"
#include "common/event/loop_timer.h"
#include "common/net/ip_address.h"
#include "probe-node/agent/target_policy.h"
#include "probe-node/engine/probe_engine.h"
#include "probemesh/v1/node.pb.h"

namespace probemesh::node {

// Loop thread only. The owner's policy applies: a control that it does not allow is left out of the
// result, for a node that may not look has seen no failure.
class SelfCheck {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(10);
  static constexpr absl::Duration kTimeout = absl::Seconds(1);  // of each connect, echo and lookup
  static constexpr size_t kMaxControls = 16;
  // Engine slots that a round may take beside the commands'.
  static constexpr size_t kMaxProbes = 2 * kMaxControls;

  // Everything must outlive this. `on_done` is told of the end of every round.
  SelfCheck(EventLoop& loop, ProbeEngine& engine, const TargetPolicy& policy,
            std::function<void()> on_done);

  // "host:port" each; those beyond kMaxControls are ignored. Starts a round at once.
  void SetControls(const std::vector<std::string>& controls);

  // Of the last complete round; empty before the first.
  const v1::SelfCheck& latest() const { return latest_; }

 private:
  struct Control {
    std::string text;
    HostPort host_port;
    std::optional<IpAddress> address;  // of a name: kept while connects to it succeed
    bool denied = false;
    v1::ControlResult result;
  };

  void StartRound();
  void Resolve(size_t index, const std::string& type);
  void OnResolved(size_t index, const std::string& type, const v1::Observation& observation);
  void Examine(size_t index);
  void OnTcp(size_t index, const v1::Observation& observation);
  void OnEcho(size_t index, const v1::Observation& observation);
  void Run(v1::ProbeSpec spec, std::function<void(const v1::Observation&)> then);
  void FinishRoundIfDone();

  EventLoop& loop_;
  ProbeEngine& engine_;
  const TargetPolicy& policy_;
  const std::function<void()> on_done_;
  std::vector<Control> controls_;
  v1::SelfCheck latest_;
  absl::Time round_start_;
  uint64_t round_ = 0;  // answers to earlier rounds are ignored
  uint64_t last_probe_ = 0;
  size_t pending_ = 0;
  LoopTimer timer_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_AGENT_SELF_CHECK_H_
