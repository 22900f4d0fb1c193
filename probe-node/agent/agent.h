// Takes commands from the session, runs what the owner allows and the node has room for, and puts
// every result into the spool.
#ifndef PROBEMESH_PROBE_NODE_AGENT_AGENT_H_
#define PROBEMESH_PROBE_NODE_AGENT_AGENT_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "common/event/event_loop.h"
#include "probe-node/agent/policy_file.h"
#include "probe-node/agent/rate_limit.h"
#include "probe-node/agent/self_check.h"
#include "probe-node/agent/target_policy.h"
#include "probe-node/engine/probe_engine.h"
#include "probe-node/session/session_host.h"
#include "probe-node/spool/result_spool.h"

namespace probemesh::node {

// Loop thread only.
class Agent final : public SessionHost {
 public:
  // More than a spec may need, trust anchors in it included; less than a coordinator's message.
  static constexpr size_t kMaxSpecOctets = size_t{64} << 10;
  // Below what a coordinator keeps of one observation.
  static constexpr size_t kMaxObservationOctets = size_t{192} << 10;

  struct Listener {
    std::function<void(const std::string& command_id)> on_result_stored;
    std::function<void()> on_self_check;
  };

  // `description` is the hello without free slots and self-check. The engine must have room for
  // limits.max_concurrent_probes and SelfCheck::kMaxProbes. Everything must outlive the agent.
  Agent(v1::NodeHello description, const AgentLimits& limits, EventLoop& loop, ProbeEngine& engine,
        const TargetPolicy& policy, ResultSpool& spool);

  // Before anything else can happen.
  void set_listener(Listener listener) { listener_ = std::move(listener); }

  // What an earlier process began and never finished becomes INTERRUPTED.
  void ReportUnfinished();

  // The node stops: what runs ends as INTERRUPTED, now.
  void InterruptAll();

  v1::NodeHello Describe() const override;
  uint32_t in_flight() const override { return static_cast<uint32_t>(running_.size()); }
  uint32_t free_slots() const override;
  v1::SelfCheck self_check() const override { return self_check_.latest(); }
  void SetControls(std::vector<std::string> controls) override;
  void RunProbe(const v1::RunProbe& command) override;
  void RefuseProbe(const v1::RunProbe& command, v1::NotRunReason reason,
                   absl::string_view detail) override;
  void CancelProbe(const std::string& command_id) override;

 private:
  struct Refusal {
    v1::NotRunReason reason;
    std::string detail;
  };

  std::optional<Refusal> Admit(const v1::ProbeSpec& spec);
  void OnDone(v1::Observation observation);
  void Interrupt(v1::Observation draft, absl::string_view detail);
  void Store(v1::Observation observation);

  const v1::NodeHello description_;
  const AgentLimits limits_;
  EventLoop& loop_;
  ProbeEngine& engine_;
  const TargetPolicy& policy_;
  ResultSpool& spool_;
  Listener listener_;
  RateLimit rate_limit_;
  absl::btree_map<std::string, v1::Observation> running_;  // command id -> id, spec, start time
  SelfCheck self_check_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_AGENT_AGENT_H_
