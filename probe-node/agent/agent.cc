#include "probe-node/agent/agent.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"

namespace probemesh::node {

Agent::Agent(v1::NodeHello description, const AgentLimits& limits, EventLoop& loop,
             ProbeEngine& engine, const TargetPolicy& policy, ResultSpool& spool)
    : description_(std::move(description)),
      limits_(limits),
      loop_(loop),
      engine_(engine),
      policy_(policy),
      spool_(spool),
      rate_limit_(limits.probes_per_second, loop.clock()),
      self_check_(loop, engine, policy, [this] {
        if (listener_.on_self_check) listener_.on_self_check();
      }) {}

void Agent::ReportUnfinished() {
  for (v1::Observation& draft : spool_.TakeUnfinished()) {
    Interrupt(std::move(draft), "the node restarted while it ran");
  }
}

void Agent::InterruptAll() {
  for (auto& [command_id, draft] : std::exchange(running_, {})) {
    engine_.Cancel(command_id);
    Interrupt(std::move(draft), "the node was stopped while it ran");
  }
}

void Agent::Interrupt(v1::Observation draft, absl::string_view detail) {
  draft.set_outcome(v1::NOT_RUN);
  draft.set_not_run_reason(v1::INTERRUPTED);
  draft.set_detail(std::string(detail));
  Store(std::move(draft));
}

v1::NodeHello Agent::Describe() const {
  v1::NodeHello hello = description_;
  hello.mutable_capabilities()->set_max_concurrent_probes(
      static_cast<uint32_t>(limits_.max_concurrent_probes));
  hello.set_free_slots(free_slots());
  *hello.mutable_self_check() = self_check();
  return hello;
}

uint32_t Agent::free_slots() const {
  const size_t used = std::min(running_.size(), limits_.max_concurrent_probes);
  return static_cast<uint32_t>(limits_.max_concurrent_probes - used);
}

void Agent::SetControls(std::vector<std::string> controls) { self_check_.SetControls(controls); }

std::optional<Agent::Refusal> Agent::Admit(const v1::ProbeSpec& spec) {
  if (spec.ByteSizeLong() > kMaxSpecOctets) {
    return Refusal{v1::INVALID_SPEC,
                   absl::StrCat("the spec is larger than ", kMaxSpecOctets, " octets")};
  }
  // An address that cannot be read is the probe's to complain about; it would never be used.
  const auto address = IpAddress::Parse(spec.address());
  const absl::Status allowed = address.ok() ? policy_.Check(*address) : absl::OkStatus();
  if (!allowed.ok()) return Refusal{v1::POLICY_DENIED, std::string(allowed.message())};
  if (free_slots() == 0) {
    return Refusal{v1::OVERLOADED,
                   absl::StrCat("all ", limits_.max_concurrent_probes, " slots are in use")};
  }
  if (!rate_limit_.Take()) {
    return Refusal{v1::OVERLOADED, absl::StrCat("the owner of this node allows ",
                                                limits_.probes_per_second, " probes a second")};
  }
  return std::nullopt;
}

void Agent::RunProbe(const v1::RunProbe& command) {
  const std::optional<Refusal> refusal = Admit(command.spec());
  if (refusal) return RefuseProbe(command, refusal->reason, refusal->detail);
  v1::Observation& draft = running_[command.command_id()];
  draft.set_command_id(command.command_id());
  *draft.mutable_spec() = command.spec();
  *draft.mutable_start_time() = ToProto(loop_.clock().Wall());
  spool_.RecordStarted(draft);
  engine_.Run(command.command_id(), command.spec(),
              [this](v1::Observation observation) { OnDone(std::move(observation)); });
}

void Agent::RefuseProbe(const v1::RunProbe& command, v1::NotRunReason reason,
                        absl::string_view detail) {
  v1::Observation observation;
  observation.set_command_id(command.command_id());
  if (command.spec().ByteSizeLong() <= kMaxSpecOctets) {
    *observation.mutable_spec() = command.spec();
  }
  *observation.mutable_start_time() = ToProto(loop_.clock().Wall());
  observation.set_outcome(v1::NOT_RUN);
  observation.set_not_run_reason(reason);
  observation.set_detail(std::string(detail));
  Store(std::move(observation));
}

void Agent::CancelProbe(const std::string& command_id) { engine_.Cancel(command_id); }

void Agent::OnDone(v1::Observation observation) {
  // Reported already, if the node is stopping.
  if (running_.erase(observation.command_id()) > 0) Store(std::move(observation));
}

void Agent::Store(v1::Observation observation) {
  const std::string command_id = observation.command_id();
  if (const size_t octets = observation.ByteSizeLong(); octets > kMaxObservationOctets) {
    // Without all of its evidence it must not testify.
    v1::Observation left;
    left.set_command_id(command_id);
    *left.mutable_spec() = observation.spec();
    *left.mutable_start_time() = observation.start_time();
    left.set_outcome(v1::NOT_RUN);
    left.set_not_run_reason(v1::OVERLOADED);
    left.set_detail(absl::StrCat("its evidence took ", octets, " octets, more than fit"));
    observation = std::move(left);
  }
  spool_.Append(observation);
  if (listener_.on_result_stored) listener_.on_result_stored(command_id);
}

}  // namespace probemesh::node
