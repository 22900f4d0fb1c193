#include "probe-node/engine/probe_engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"

namespace probemesh::node {
namespace {

constexpr absl::Duration kLagTick = absl::Milliseconds(20);
constexpr absl::Duration kLongestTimeout = absl::Seconds(60);

v1::NotRunReason ReasonFor(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return v1::INVALID_SPEC;
    case absl::StatusCode::kPermissionDenied:
      return v1::POLICY_DENIED;
    case absl::StatusCode::kResourceExhausted:
      return v1::OVERLOADED;
    default:
      return v1::UNSUPPORTED;
  }
}

}  // namespace

struct ProbeEngine::Running {
  std::string command_id;
  v1::ProbeSpec spec;
  ResultCallback done;
  std::unique_ptr<Probe> probe;
  MonotonicTime start;
  absl::Time start_time;
  absl::Duration longest_lag;
  TimerId overrun_timer = 0;
};

struct ProbeEngine::Delivery {
  std::unique_ptr<Running> ended;
  v1::Observation observation;
  TimerId timer = 0;
};

ProbeEngine::ProbeEngine(ProbeContext& context, EngineLimits limits, ProbeFactory factory)
    : context_(context), limits_(limits), factory_(std::move(factory)) {}

ProbeEngine::~ProbeEngine() {
  for (const auto& entry : running_) context_.loop.CancelTimer(entry.second->overrun_timer);
  for (const auto& entry : deliveries_) context_.loop.CancelTimer(entry.second->timer);
  if (lag_timer_ != 0) context_.loop.CancelTimer(lag_timer_);
}

size_t ProbeEngine::free_slots() const {
  return limits_.max_in_flight - std::min(limits_.max_in_flight, running_.size());
}

void ProbeEngine::Run(const std::string& command_id, const v1::ProbeSpec& spec,
                      ResultCallback done) {
  auto running = std::make_unique<Running>();
  running->command_id = command_id;
  running->spec = spec;
  running->done = std::move(done);
  running->start = context_.loop.clock().Monotonic();
  running->start_time = context_.loop.clock().Wall();
  if (running_.contains(command_id)) {
    return Refuse(std::move(running), v1::INVALID_SPEC, "a command of this id is running already");
  }
  if (free_slots() == 0) {
    return Refuse(std::move(running), v1::OVERLOADED,
                  absl::StrCat("all ", limits_.max_in_flight, " probe slots are in use"));
  }
  absl::StatusOr<std::unique_ptr<Probe>> probe = factory_(spec, context_);
  if (!probe.ok()) {
    return Refuse(std::move(running), ReasonFor(probe.status()), probe.status().message());
  }
  running->probe = *std::move(probe);
  const absl::Duration timeout =
      std::clamp(FromProto(spec.timeout()), absl::ZeroDuration(), kLongestTimeout);
  running->overrun_timer = context_.loop.ScheduleAfter(
      timeout + limits_.overrun, [this, command_id] { OnOverrun(command_id); });
  Probe& started = *running->probe;
  running_[command_id] = std::move(running);
  WatchLag();
  started.Start([this, command_id](v1::Observation observation) {
    OnProbeDone(command_id, std::move(observation));
  });
}

bool ProbeEngine::Cancel(absl::string_view command_id) {
  if (!running_.contains(command_id)) return false;
  EndByEngine(std::string(command_id), v1::CANCELLED, v1::NOT_RUN_REASON_UNSPECIFIED, "cancelled");
  return true;
}

void ProbeEngine::OnOverrun(const std::string& command_id) {
  EndByEngine(command_id, v1::NOT_RUN, v1::INTERRUPTED, "the probe did not end by itself");
}

void ProbeEngine::Refuse(std::unique_ptr<Running> refused, v1::NotRunReason reason,
                         absl::string_view detail) {
  v1::Observation observation;
  *observation.mutable_start_time() = ToProto(refused->start_time);
  *observation.mutable_duration() = ToProto(absl::ZeroDuration());
  observation.set_outcome(v1::NOT_RUN);
  observation.set_not_run_reason(reason);
  observation.set_detail(std::string(detail));
  DeliverLater(std::move(refused), std::move(observation));
}

void ProbeEngine::OnProbeDone(const std::string& command_id, v1::Observation observation) {
  std::unique_ptr<Running> ended = Take(command_id);
  if (ended != nullptr) DeliverLater(std::move(ended), std::move(observation));
}

void ProbeEngine::EndByEngine(const std::string& command_id, v1::Outcome outcome,
                              v1::NotRunReason reason, absl::string_view detail) {
  std::unique_ptr<Running> ended = Take(command_id);
  if (ended == nullptr) return;
  v1::Observation observation;
  *observation.mutable_start_time() = ToProto(ended->start_time);
  *observation.mutable_duration() = ToProto(context_.loop.clock().Monotonic() - ended->start);
  observation.set_outcome(outcome);
  observation.set_not_run_reason(reason);
  observation.set_detail(std::string(detail));
  DeliverLater(std::move(ended), std::move(observation));
}

std::unique_ptr<ProbeEngine::Running> ProbeEngine::Take(const std::string& command_id) {
  NoteLag();
  const auto found = running_.find(command_id);
  if (found == running_.end()) return nullptr;
  std::unique_ptr<Running> taken = std::move(found->second);
  running_.erase(found);
  context_.loop.CancelTimer(taken->overrun_timer);
  return taken;
}

void ProbeEngine::DeliverLater(std::unique_ptr<Running> ended, v1::Observation observation) {
  observation.set_command_id(ended->command_id);
  *observation.mutable_spec() = ended->spec;
  *observation.mutable_scheduling_delay() = ToProto(ended->longest_lag);
  const uint64_t id = ++last_delivery_;
  auto delivery = std::make_unique<Delivery>();
  delivery->ended = std::move(ended);
  delivery->observation = std::move(observation);
  delivery->timer = context_.loop.ScheduleAfter(absl::ZeroDuration(), [this, id] { Deliver(id); });
  deliveries_[id] = std::move(delivery);
}

// The callback comes last: it may destroy the engine.
void ProbeEngine::Deliver(uint64_t id) {
  const std::unique_ptr<Delivery> delivery = std::move(deliveries_[id]);
  deliveries_.erase(id);
  delivery->ended->probe.reset();
  delivery->ended->done(std::move(delivery->observation));
}

// A timer that should fire every 20 ms while something runs: how late it is, the loop is.
void ProbeEngine::WatchLag() {
  if (lag_timer_ != 0) return;
  lag_tick_due_ = context_.loop.clock().Monotonic() + kLagTick;
  lag_timer_ = context_.loop.ScheduleAfter(kLagTick, [this] { OnLagTick(); });
}

void ProbeEngine::OnLagTick() {
  lag_timer_ = 0;
  NoteLag();
  if (!running_.empty()) WatchLag();
}

void ProbeEngine::NoteLag() {
  const absl::Duration lag = context_.loop.clock().Monotonic() - lag_tick_due_;
  for (const auto& entry : running_) {
    entry.second->longest_lag = std::max(entry.second->longest_lag, lag);
  }
}

}  // namespace probemesh::node
