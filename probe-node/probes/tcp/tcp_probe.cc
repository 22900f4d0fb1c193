#include "probe-node/probes/tcp/tcp_probe.h"

#include <optional>
#include <utility>

#include "common/base/status_macros.h"
#include "probe-node/engine/icmp_gate.h"
#include "probe-node/probes/stream/observation_draft.h"
#include "probe-node/probes/stream/tcp_stream.h"
#include "probe-node/probes/tcp/syn_retransmissions.h"

namespace probemesh::node {
namespace {

struct TcpInput {
  Endpoint target;
  uint16_t source_port = 0;
  int ttl = 0;
  absl::Duration timeout;
};

class TcpProbe final : public Probe, private TcpStream::Listener {
 public:
  TcpProbe(const TcpInput& input, ProbeContext& context)
      : input_(input),
        context_(context),
        draft_(context.loop.clock()),
        gate_(context.loop, context.governor) {}

  ~TcpProbe() override { context_.loop.CancelTimer(deadline_); }

  void Start(ProbeDone done) override {
    done_ = std::move(done);
    draft_.Begin();
    const absl::Status allowed = context_.target_check(input_.target.address, input_.target.port);
    if (!allowed.ok()) {
      deadline_ = context_.loop.ScheduleAfter(absl::ZeroDuration(), [this, allowed] {
        std::exchange(done_, nullptr)(draft_.Denied(allowed));
      });
      return;
    }
    deadline_ = context_.loop.ScheduleAfter(input_.timeout, [this] { OnDeadline(); });
    gate_.Pass(input_.target.address.family(), input_.ttl,
               [this](uint32_t spend) { Connect(spend); });
  }

 private:
  void Connect(uint32_t spend) {
    spend_ = spend;
    retransmissions_.emplace(context_, input_.target.address.family(), input_.ttl);
    TcpStream::Listener& listener = *this;
    stream_.emplace(context_.loop, context_.sockets, draft_.start(), listener);
    stream_->Connect(input_.target, input_.source_port, input_.ttl);
  }

  void OnStreamConnected() override { Finish(v1::ANSWERED, ""); }

  void OnStreamData(absl::string_view) override {}

  void OnStreamEnded(v1::Outcome outcome) override { Finish(outcome, ""); }

  // An ICMP error that did not end the attempt is still what the network said.
  void OnDeadline() {
    if (!stream_) {
      draft_.observation().set_not_run_reason(v1::OVERLOADED);
      return Finish(v1::NOT_RUN, "the node's budget of TTL-limited packets was spent");
    }
    Finish(stream_->icmp_error() ? v1::ICMP_ERROR : v1::SILENT, "");
  }

  void Finish(v1::Outcome outcome, absl::string_view detail) {
    context_.loop.CancelTimer(deadline_);
    if (stream_) RecordExchange();
    draft_.EndStage(v1::CONNECT, absl::ZeroDuration());
    std::exchange(done_, nullptr)(draft_.Finish(outcome, v1::CONNECT, detail));
  }

  void RecordExchange() {
    stream_->Abort();
    retransmissions_.reset();
    v1::Observation& observation = draft_.observation();
    if (stream_->local_error()) *observation.mutable_local_error() = *stream_->local_error();
    v1::Exchange* exchange = observation.add_exchanges();
    *exchange = stream_->exchange();
    exchange->set_icmp_spend(spend_);
    if (exchange->reply() == v1::NO_REPLY && spend_ >= IcmpGovernor::kExhausted) {
      exchange->set_reply(v1::NO_REPLY_UNKNOWN);
    }
  }

  const TcpInput input_;
  ProbeContext& context_;
  ObservationDraft draft_;
  IcmpGate gate_;
  ProbeDone done_;
  TimerId deadline_ = 0;
  uint32_t spend_ = 0;
  std::optional<SynRetransmissions> retransmissions_;
  std::optional<TcpStream> stream_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeTcpProbe(const v1::ProbeSpec& spec,
                                                    ProbeContext& context) {
  TcpInput input;
  PM_ASSIGN_OR_RETURN(input.target, CheckedEndpoint(spec, 0));
  PM_ASSIGN_OR_RETURN(input.source_port, CheckedSourcePort(spec));
  PM_ASSIGN_OR_RETURN(input.timeout, CheckedTimeout(spec));
  PM_ASSIGN_OR_RETURN(input.ttl, CheckedTtl(spec.tcp().ttl()));
  return std::make_unique<TcpProbe>(input, context);
}

}  // namespace probemesh::node
