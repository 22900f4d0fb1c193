#include "probe-node/probes/stream/observation_draft.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "common/base/status_macros.h"

namespace probemesh::node {
namespace {

constexpr uint32_t kMaxPort = 65535;
constexpr uint32_t kMaxTtl = 255;

}  // namespace

void ObservationDraft::Begin() {
  start_ = clock_.Monotonic();
  *observation_.mutable_start_time() = ToProto(clock_.Wall());
}

void ObservationDraft::AddStage(v1::Stage stage, absl::Duration start_offset,
                                absl::Duration duration) {
  v1::StageTiming* timing = observation_.add_stages();
  timing->set_stage(stage);
  *timing->mutable_start_offset() = ToProto(start_offset);
  *timing->mutable_duration() = ToProto(duration);
}

void ObservationDraft::EndStage(v1::Stage stage, absl::Duration start_offset) {
  AddStage(stage, start_offset, Elapsed() - start_offset);
}

v1::Observation ObservationDraft::Finish(v1::Outcome outcome, v1::Stage failed_stage,
                                         absl::string_view detail) {
  *observation_.mutable_duration() = ToProto(Elapsed());
  observation_.set_outcome(outcome);
  if (outcome != v1::ANSWERED) observation_.set_failed_stage(failed_stage);
  observation_.set_detail(std::string(detail));
  return std::exchange(observation_, v1::Observation());
}

v1::Observation ObservationDraft::Denied(const absl::Status& status) {
  observation_.set_not_run_reason(v1::POLICY_DENIED);
  return Finish(v1::NOT_RUN, v1::STAGE_UNSPECIFIED, status.message());
}

absl::StatusOr<absl::Duration> CheckedTimeout(const v1::ProbeSpec& spec) {
  const absl::Duration timeout = FromProto(spec.timeout());
  if (timeout <= absl::ZeroDuration() || timeout > absl::Seconds(60)) {
    return absl::InvalidArgumentError("timeout: must be more than 0 and at most 60 s");
  }
  return timeout;
}

absl::StatusOr<IpAddress> CheckedAddress(const v1::ProbeSpec& spec) {
  absl::StatusOr<IpAddress> address = IpAddress::Parse(spec.address());
  if (address.ok()) return address;
  return absl::InvalidArgumentError(absl::StrCat("address: ", address.status().message()));
}

absl::StatusOr<Endpoint> CheckedEndpoint(const v1::ProbeSpec& spec, uint16_t default_port) {
  PM_ASSIGN_OR_RETURN(const IpAddress address, CheckedAddress(spec));
  if (spec.port() > kMaxPort || (spec.port() == 0 && default_port == 0)) {
    return absl::InvalidArgumentError("port: must be between 1 and 65535");
  }
  const uint16_t port = spec.port() == 0 ? default_port : static_cast<uint16_t>(spec.port());
  return Endpoint{address, port};
}

absl::StatusOr<uint16_t> CheckedSourcePort(const v1::ProbeSpec& spec) {
  if (spec.source_port() > kMaxPort) {
    return absl::InvalidArgumentError("source_port: must be at most 65535");
  }
  return static_cast<uint16_t>(spec.source_port());
}

absl::StatusOr<int> CheckedTtl(uint32_t ttl) {
  if (ttl > kMaxTtl) return absl::InvalidArgumentError("ttl: must be at most 255");
  return static_cast<int>(ttl);
}

}  // namespace probemesh::node
