#include "probe-node/probes/udp/udp_probe.h"

#include <optional>
#include <string>
#include <utility>

#include "common/base/proto_time.h"
#include "common/base/status_macros.h"
#include "probe-node/engine/icmp_gate.h"
#include "probe-node/probes/stream/datagram_socket.h"
#include "probe-node/probes/stream/evidence.h"
#include "probe-node/probes/stream/observation_draft.h"

namespace probemesh::node {
namespace {

constexpr size_t kMaxPayload = 512;
constexpr size_t kDefaultPayload = 16;

struct UdpInput {
  Endpoint target;
  uint16_t source_port = 0;
  absl::Duration timeout;
  int ttl = 0;
  std::string payload;
};

class UdpProbe final : public Probe, private DatagramSocket::Listener {
 public:
  UdpProbe(UdpInput input, ProbeContext& context)
      : input_(std::move(input)),
        context_(context),
        draft_(context.loop.clock()),
        gate_(context.loop, context.governor),
        socket_(context.loop, context.sockets, *this) {}

  ~UdpProbe() override {
    context_.loop.CancelTimer(deadline_);
    context_.loop.CancelTimer(first_step_);
  }

  void Start(ProbeDone done) override {
    done_ = std::move(done);
    draft_.Begin();
    deadline_ = context_.loop.ScheduleAfter(input_.timeout, [this] { OnDeadline(); });
    first_step_ = context_.loop.ScheduleAfter(absl::ZeroDuration(), [this] { Begin(); });
  }

 private:
  void Begin() {
    const absl::Status allowed = context_.target_check(input_.target.address, input_.target.port);
    if (!allowed.ok()) {
      context_.loop.CancelTimer(deadline_);
      return std::exchange(done_, nullptr)(draft_.Denied(allowed));
    }
    auto error = socket_.Connect(SocketKind::kUdp, input_.target, input_.source_port);
    if (!error && input_.ttl != 0) error = socket_.SetTtl(input_.ttl);
    if (error) return FailLocally(*error);
    gate_.Pass(input_.target.address.family(), input_.ttl, [this](uint32_t spend) { Send(spend); });
  }

  void Send(uint32_t spend) {
    sent_ = true;
    exchange_.set_ttl_sent(static_cast<uint32_t>(input_.ttl));
    exchange_.set_icmp_spend(spend);
    exchange_.set_reply(spend >= IcmpGovernor::kExhausted ? v1::NO_REPLY_UNKNOWN : v1::NO_REPLY);
    *exchange_.mutable_flow() = socket_.flow();
    *exchange_.mutable_send_offset() = ToProto(draft_.Elapsed());
    if (const auto error = socket_.Send(input_.payload)) FailLocally(*error);
  }

  void FailLocally(const v1::LocalError& error) {
    exchange_.MergeFrom(LocalReply(error));
    *exchange_.mutable_flow() = socket_.flow();
    *draft_.observation().mutable_local_error() = error;
    Finish(v1::LOCAL_ERROR);
  }

  void OnDatagram(DatagramSocket&, const ReceivedDatagram& datagram) override {
    FillDatagramReply(datagram, context_.loop.clock(), draft_.start(), &exchange_);
    Finish(v1::ANSWERED);
  }

  void OnQueuedError(DatagramSocket&, const QueuedError& error) override {
    if (error.origin == QueuedError::Origin::kLocal) {
      return FailLocally(StreamLocalError("send", error.error, /*synchronous=*/false,
                                          /*from_error_queue=*/true));
    }
    if (!IsIcmpError(error)) return;
    FillIcmpReply(error, context_.loop.clock(), draft_.start(), &exchange_);
    const bool from_target = error.offender == input_.target.address;
    Finish(IsPortUnreachable(error) && from_target ? v1::ANSWERED : v1::ICMP_ERROR);
  }

  void OnDeadline() {
    if (sent_) return Finish(v1::SILENT);
    draft_.observation().set_not_run_reason(v1::OVERLOADED);
    Finish(v1::NOT_RUN);
  }

  void Finish(v1::Outcome outcome) {
    socket_.Close();
    gate_.Clear();
    context_.loop.CancelTimer(deadline_);
    if (outcome != v1::NOT_RUN) *draft_.observation().add_exchanges() = exchange_;
    std::exchange(done_, nullptr)(draft_.Finish(outcome, v1::STAGE_UNSPECIFIED, ""));
  }

  const UdpInput input_;
  ProbeContext& context_;
  ObservationDraft draft_;
  IcmpGate gate_;
  DatagramSocket socket_;
  ProbeDone done_;
  TimerId deadline_ = 0;
  TimerId first_step_ = 0;
  bool sent_ = false;
  v1::Exchange exchange_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeUdpProbe(const v1::ProbeSpec& spec,
                                                    ProbeContext& context) {
  UdpInput input;
  PM_ASSIGN_OR_RETURN(input.target, CheckedEndpoint(spec, kPresumablyClosedPort));
  PM_ASSIGN_OR_RETURN(input.source_port, CheckedSourcePort(spec));
  PM_ASSIGN_OR_RETURN(input.timeout, CheckedTimeout(spec));
  PM_ASSIGN_OR_RETURN(input.ttl, CheckedTtl(spec.udp().ttl()));
  input.payload = spec.udp().payload();
  if (input.payload.size() > kMaxPayload) {
    return absl::InvalidArgumentError("payload: must be at most 512 octets");
  }
  if (input.payload.empty()) input.payload.resize(kDefaultPayload, '\0');
  return std::make_unique<UdpProbe>(std::move(input), context);
}

}  // namespace probemesh::node
