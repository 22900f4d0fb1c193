// Runs many probes at once on one loop: admission, deadlines, cancellation, and the measurement of its own delay.
#ifndef PROBEMESH_PROBE_NODE_ENGINE_PROBE_ENGINE_H_
#define PROBEMESH_PROBE_NODE_ENGINE_PROBE_ENGINE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "probe-node/engine/probe.h"
#include "probemesh/v1/node.pb.h"

namespace probemesh::node {

struct EngineLimits {
  size_t max_in_flight = 256;
  // A probe that has not ended this long after its own timeout is ended by the engine as SILENT.
  absl::Duration overrun = absl::Seconds(2);
};

// Loop thread only.
class ProbeEngine {
 public:
  using ResultCallback = std::function<void(v1::Observation)>;

  // `context` must outlive the engine.
  ProbeEngine(ProbeContext& context, EngineLimits limits);
  ~ProbeEngine();

  // Starts the probe; `done` is called exactly once, never from inside Run, with a complete Observation. What
  // cannot run comes back as outcome NOT_RUN with its reason, never as an error.
  void Run(const std::string& command_id, const v1::ProbeSpec& spec, ResultCallback done);

  // The probe ends with outcome CANCELLED. False if no such probe is running.
  bool Cancel(absl::string_view command_id);

  size_t in_flight() const;
  size_t free_slots() const;

 private:
  struct Running;
  void Finish(const std::string& command_id, v1::Observation observation);

  ProbeContext& context_;
  EngineLimits limits_;
  absl::flat_hash_map<std::string, std::unique_ptr<Running>> running_;
};

// What this process can look at, tried for real with sockets of each kind.
v1::Capabilities DetectCapabilities(SocketOps& sockets, const EngineLimits& limits);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_ENGINE_PROBE_ENGINE_H_
