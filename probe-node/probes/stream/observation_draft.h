// An observation in the making: when the probe began, what it has seen, and how it ends.
#ifndef PROBEMESH_PROBE_NODE_PROBES_STREAM_OBSERVATION_DRAFT_H_
#define PROBEMESH_PROBE_NODE_PROBES_STREAM_OBSERVATION_DRAFT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/net/ip_address.h"
#include "probemesh/v1/observation.pb.h"
#include "probemesh/v1/probe.pb.h"

namespace probemesh::node {

// `clock` must outlive it.
class ObservationDraft {
 public:
  explicit ObservationDraft(const Clock& clock) : clock_(clock) {}

  // Takes the start times; call once, from Probe::Start.
  void Begin();

  MonotonicTime start() const { return start_; }
  absl::Duration Elapsed() const { return clock_.Monotonic() - start_; }
  v1::Observation& observation() { return observation_; }
  void AddStage(v1::Stage stage, absl::Duration start_offset, absl::Duration duration);
  // Stage from `start_offset` until now.
  void EndStage(v1::Stage stage, absl::Duration start_offset);

  // The finished observation; the draft is empty afterwards. `failed_stage` is ignored for
  // ANSWERED.
  v1::Observation Finish(v1::Outcome outcome, v1::Stage failed_stage, absl::string_view detail);
  // NOT_RUN with POLICY_DENIED.
  v1::Observation Denied(const absl::Status& status);

 private:
  const Clock& clock_;
  MonotonicTime start_;
  v1::Observation observation_;
};

// The timeout of a spec: more than zero and at most 60 s, or INVALID_ARGUMENT naming "timeout".
absl::StatusOr<absl::Duration> CheckedTimeout(const v1::ProbeSpec& spec);

// INVALID_ARGUMENT naming "address".
absl::StatusOr<IpAddress> CheckedAddress(const v1::ProbeSpec& spec);

// The endpoint of a spec, with `default_port` for port 0; INVALID_ARGUMENT naming "address" or
// "port".
absl::StatusOr<Endpoint> CheckedEndpoint(const v1::ProbeSpec& spec, uint16_t default_port);

// INVALID_ARGUMENT naming "source_port" unless it is a port or 0.
absl::StatusOr<uint16_t> CheckedSourcePort(const v1::ProbeSpec& spec);

// The value as it is, or INVALID_ARGUMENT naming "ttl" unless it is at most 255.
absl::StatusOr<int> CheckedTtl(uint32_t ttl);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_STREAM_OBSERVATION_DRAFT_H_
