#include "probe-node/probes/trace/trace_probe.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/proto_time.h"
#include "common/base/status_macros.h"
#include "probe-node/engine/icmp_gate.h"
#include "probe-node/probes/stream/datagram_socket.h"
#include "probe-node/probes/stream/observation_draft.h"
#include "probe-node/probes/trace/ping_walk.h"
#include "probe-node/probes/trace/tcp_walk.h"
#include "probe-node/probes/trace/udp_walk.h"
#include "probe-node/probes/trace/walk_table.h"
#include "probe-node/probes/udp/udp_probe.h"

namespace probemesh::node {
namespace {

constexpr uint32_t kDefaultLastTtl = 30;
constexpr uint32_t kHighestLastTtl = 64;
constexpr absl::Duration kLongestWait = absl::Seconds(1);

struct TraceInput {
  v1::TraceProbe::Protocol protocol = v1::TraceProbe::PROTOCOL_UNSPECIFIED;
  Endpoint target;
  uint16_t source_port = 0;
  absl::Duration timeout;
  int first_ttl = 1;
  int last_ttl = 30;
  absl::Duration reprobe_after;  // zero: never
};

class TraceProbe final : public Probe, private WalkProtocol::Listener {
 public:
  TraceProbe(const TraceInput& input, ProbeContext& context)
      : input_(input),
        context_(context),
        draft_(context.loop.clock()),
        gate_(context.loop, context.governor) {}

  ~TraceProbe() override { CancelTimers(); }

  void Start(ProbeDone done) override {
    done_ = std::move(done);
    draft_.Begin();
    table_.emplace(input_.target.address, draft_.start());
    deadline_ = context_.loop.ScheduleAfter(input_.timeout, [this] { Finish(); });
    pace_ = context_.loop.ScheduleAfter(absl::ZeroDuration(), [this] { Begin(); });
  }

 private:
  void Begin() {
    const absl::Status allowed = context_.target_check(input_.target.address, input_.target.port);
    if (!allowed.ok()) {
      CancelTimers();
      return std::exchange(done_, nullptr)(draft_.Denied(allowed));
    }
    protocol_ = MakeProtocol();
    if (const std::optional<v1::LocalError> error = protocol_->Open()) {
      *draft_.observation().mutable_local_error() = *error;
      return FinishAs(v1::LOCAL_ERROR);
    }
    StartPass(/*again=*/false);
  }

  std::unique_ptr<WalkProtocol> MakeProtocol() {
    WalkProtocol::Listener& listener = *this;
    const MonotonicTime start = draft_.start();
    if (input_.protocol == v1::TraceProbe::TCP) {
      return std::make_unique<TcpWalk>(context_, input_.target, input_.source_port, start,
                                       listener);
    }
    if (input_.protocol == v1::TraceProbe::UDP) {
      return std::make_unique<UdpWalk>(context_, input_.target, input_.source_port, start,
                                       listener);
    }
    return std::make_unique<PingWalk>(context_, input_.target.address, input_.source_port, start,
                                      listener);
  }

  // One pass over all TTLs; the second one asks the silent again.
  void StartPass(bool again) {
    asking_again_ = again;
    next_ttl_ = input_.first_ttl;
    Pace();
  }

  void Pace() {
    pace_ = 0;
    while (TtlLeft() && !Wanted(next_ttl_)) ++next_ttl_;
    if (!TtlLeft()) return EndPass();
    pace_ = context_.loop.ScheduleAfter(kWalkGap, [this] { Pace(); });
    Ask(next_ttl_++);
  }

  bool TtlLeft() const {
    return next_ttl_ <= std::min(input_.last_ttl, table_->barrier().value_or(input_.last_ttl));
  }

  bool Wanted(int ttl) const {
    return !asking_again_ || (!table_->Answered(ttl) && table_->AllSent(ttl));
  }

  void EndPass() {
    const absl::Duration until_again = input_.reprobe_after - draft_.Elapsed();
    if (asking_again_ || input_.reprobe_after == absl::ZeroDuration()) {
      last_pass_ended_ = true;
    } else {
      pace_ = context_.loop.ScheduleAfter(until_again, [this] { StartPass(/*again=*/true); });
    }
    EndIfSettled();
  }

  void Ask(int ttl) {
    const size_t packet = table_->Add(ttl);
    gate_.Pass(input_.target.address.family(), ttl,
               [this, packet](uint32_t spend) { Send(packet, spend); });
  }

  void Send(size_t packet, uint32_t spend) {
    const int ttl = table_->TtlOf(packet);
    if (ttl > table_->barrier().value_or(ttl)) return;  // it waited until nobody wants it any more
    table_->MarkSent(packet, context_.loop.clock().Monotonic(), spend);
    table_->SetFlow(packet, protocol_->Send(packet, ttl));
    EndIfSettled();
  }

  void OnWalkAnswer(size_t packet, const v1::Exchange& answer) override {
    table_->SetAnswer(packet, answer);
    // What fails for the first packet would fail for all.
    if (answer.reply() == v1::LOCAL && !table_->AnyLeft()) return FinishLater();
    EndIfSettled();
  }

  void OnUnattributedAnswer() override { table_->NoteUnattributedAnswer(); }

  // When every TTL up to the end has answered or been given up; nullopt while that is open.
  std::optional<MonotonicTime> SettledAt() const {
    MonotonicTime settled = context_.loop.clock().Monotonic();
    if (!table_->end()) {
      const bool whole = next_ttl_ > input_.last_ttl && table_->AllAnswered();
      return whole ? std::optional<MonotonicTime>(settled) : std::nullopt;
    }
    const absl::Duration wait = std::clamp(3 * table_->rtt_at_end(), kMinListen, kLongestWait);
    for (int ttl = input_.first_ttl; ttl < *table_->end(); ++ttl) {
      if (table_->Answered(ttl)) continue;
      if (!last_pass_ended_ || !table_->AllSent(ttl)) return std::nullopt;
      settled = std::max(settled, table_->LastSent(ttl) + wait);
    }
    return settled;
  }

  void EndIfSettled() {
    const std::optional<MonotonicTime> settled = SettledAt();
    if (!settled) return;
    context_.loop.CancelTimer(settled_);
    settled_ = context_.loop.ScheduleAfter(*settled - context_.loop.clock().Monotonic(),
                                           [this] { OnSettled(); });
  }

  // Answers may have come since, also one at a lower TTL.
  void OnSettled() {
    settled_ = 0;
    const std::optional<MonotonicTime> settled = SettledAt();
    if (settled && *settled <= context_.loop.clock().Monotonic()) return Finish();
    EndIfSettled();
  }

  void FinishLater() {
    context_.loop.CancelTimer(settled_);
    settled_ = context_.loop.ScheduleAfter(absl::ZeroDuration(), [this] { Finish(); });
  }

  void Finish() {
    const v1::Outcome outcome = table_->OutcomeNow();
    v1::Observation& observation = draft_.observation();
    if (outcome == v1::NOT_RUN) observation.set_not_run_reason(v1::OVERLOADED);
    const std::optional<v1::LocalError> error = table_->FirstLocalError();
    if (outcome == v1::LOCAL_ERROR && error) *observation.mutable_local_error() = *error;
    FinishAs(outcome);
  }

  void FinishAs(v1::Outcome outcome) {
    CancelTimers();
    gate_.Clear();
    protocol_->Close();
    v1::TraceEvidence* evidence = draft_.observation().mutable_trace();
    table_->Fill(context_.loop.clock().Monotonic(), evidence);
    evidence->set_stable_flow(protocol_->stable_flow());
    std::exchange(done_, nullptr)(draft_.Finish(outcome, v1::STAGE_UNSPECIFIED, ""));
  }

  void CancelTimers() {
    for (const TimerId timer : {deadline_, pace_, settled_}) context_.loop.CancelTimer(timer);
  }

  const TraceInput input_;
  ProbeContext& context_;
  ObservationDraft draft_;
  IcmpGate gate_;
  std::optional<WalkTable> table_;
  std::unique_ptr<WalkProtocol> protocol_;
  ProbeDone done_;
  int next_ttl_ = 0;
  bool asking_again_ = false;
  bool last_pass_ended_ = false;
  TimerId deadline_ = 0;
  TimerId pace_ = 0;
  TimerId settled_ = 0;
};

absl::StatusOr<Endpoint> CheckedTarget(const v1::ProbeSpec& spec) {
  switch (spec.trace().protocol()) {
    case v1::TraceProbe::TCP:
      return CheckedEndpoint(spec, 0);
    case v1::TraceProbe::UDP:
      return CheckedEndpoint(spec, kPresumablyClosedPort);
    case v1::TraceProbe::ICMP: {
      PM_ASSIGN_OR_RETURN(const IpAddress address, CheckedAddress(spec));
      return Endpoint{address, 0};
    }
    default:
      return absl::InvalidArgumentError("protocol: must be ICMP, TCP or UDP");
  }
}

absl::StatusOr<TraceInput> CheckedInput(const v1::ProbeSpec& spec) {
  TraceInput input;
  const v1::TraceProbe& trace = spec.trace();
  input.protocol = trace.protocol();
  PM_ASSIGN_OR_RETURN(input.target, CheckedTarget(spec));
  PM_ASSIGN_OR_RETURN(input.source_port, CheckedSourcePort(spec));
  PM_ASSIGN_OR_RETURN(input.timeout, CheckedTimeout(spec));
  const uint32_t last = trace.last_ttl() == 0 ? kDefaultLastTtl : trace.last_ttl();
  if (last > kHighestLastTtl) return absl::InvalidArgumentError("last_ttl: must be at most 64");
  const uint32_t first = std::max(trace.first_ttl(), 1U);
  if (first > last) return absl::InvalidArgumentError("first_ttl: must be at most last_ttl");
  input.first_ttl = static_cast<int>(first);
  input.last_ttl = static_cast<int>(last);
  const absl::Duration reprobe_after = FromProto(trace.reprobe_after());
  if (reprobe_after < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("reprobe_after: must not be negative");
  }
  // What could not be listened to is not sent.
  if (reprobe_after + kMinListen <= input.timeout) input.reprobe_after = reprobe_after;
  return input;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeTraceProbe(const v1::ProbeSpec& spec,
                                                      ProbeContext& context) {
  PM_ASSIGN_OR_RETURN(const TraceInput input, CheckedInput(spec));
  if (input.protocol == v1::TraceProbe::ICMP) {
    PM_RETURN_IF_ERROR(CheckPingSockets(context.sockets, input.target.address.family()));
  }
  return std::make_unique<TraceProbe>(input, context);
}

}  // namespace probemesh::node
