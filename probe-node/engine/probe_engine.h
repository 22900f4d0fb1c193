// Runs many probes at once on one loop: admission, deadlines, cancellation, and the measurement of
// its own delay.
#ifndef PROBEMESH_PROBE_NODE_ENGINE_PROBE_ENGINE_H_
#define PROBEMESH_PROBE_NODE_ENGINE_PROBE_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "probe-node/engine/probe.h"
#include "probemesh/v1/node.pb.h"

namespace probemesh::node {

struct EngineLimits {
  size_t max_in_flight = 256;
  // A probe that has not ended this long after its own timeout is ended by the engine. That is no
  // evidence of silence: it comes back as NOT_RUN with INTERRUPTED.
  absl::Duration overrun = absl::Seconds(2);
};

// Makes the probe for `spec.kind`, or INVALID_ARGUMENT (bad spec, with the field named),
// UNIMPLEMENTED (unknown kind), FAILED_PRECONDITION (this node lacks the capability),
// PERMISSION_DENIED (not allowed by the node's owner).
using ProbeFactory =
    std::function<absl::StatusOr<std::unique_ptr<Probe>>(const v1::ProbeSpec&, ProbeContext&)>;

// Loop thread only. Destroying it ends all probes silently.
class ProbeEngine {
 public:
  using ResultCallback = std::function<void(v1::Observation)>;

  // `context` must outlive the engine.
  ProbeEngine(ProbeContext& context, EngineLimits limits, ProbeFactory factory);
  ~ProbeEngine();
  ProbeEngine(const ProbeEngine&) = delete;
  ProbeEngine& operator=(const ProbeEngine&) = delete;

  // Starts the probe; `done` is called exactly once, never from inside Run, with a complete
  // Observation. What cannot run comes back as outcome NOT_RUN with its reason, never as an error;
  // so does an id that is running already (INVALID_SPEC).
  void Run(const std::string& command_id, const v1::ProbeSpec& spec, ResultCallback done);

  // The probe ends with outcome CANCELLED, told from the loop's next turn. False if no such probe
  // is running or its result is already on its way.
  bool Cancel(absl::string_view command_id);

  size_t in_flight() const { return running_.size(); }
  size_t free_slots() const;

 private:
  struct Running;
  struct Delivery;

  void Refuse(std::unique_ptr<Running> refused, v1::NotRunReason reason, absl::string_view detail);
  void OnProbeDone(const std::string& command_id, v1::Observation observation);
  void OnOverrun(const std::string& command_id);
  // An end that the engine decides on: only the times are known.
  void EndByEngine(const std::string& command_id, v1::Outcome outcome, v1::NotRunReason reason,
                   absl::string_view detail);
  std::unique_ptr<Running> Take(const std::string& command_id);
  // The result is delivered from a turn of its own: a probe is never destroyed by its own call.
  void DeliverLater(std::unique_ptr<Running> ended, v1::Observation observation);
  void Deliver(uint64_t id);
  void WatchLag();
  void OnLagTick();
  void NoteLag();

  ProbeContext& context_;
  const EngineLimits limits_;
  const ProbeFactory factory_;
  absl::flat_hash_map<std::string, std::unique_ptr<Running>> running_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Delivery>> deliveries_;
  uint64_t last_delivery_ = 0;
  TimerId lag_timer_ = 0;
  MonotonicTime lag_tick_due_;
};

// What this process can look at, tried for real with sockets of each kind.
v1::Capabilities DetectCapabilities(SocketOps& sockets, const EngineLimits& limits);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_ENGINE_PROBE_ENGINE_H_
