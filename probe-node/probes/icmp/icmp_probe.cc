#include "probe-node/probes/icmp/icmp_probe.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/proto_time.h"
#include "common/base/status_macros.h"
#include "probe-node/engine/icmp_gate.h"
#include "probe-node/probes/icmp/echo_packet.h"
#include "probe-node/probes/icmp/echo_statistics.h"
#include "probe-node/probes/stream/datagram_socket.h"
#include "probe-node/probes/stream/evidence.h"
#include "probe-node/probes/stream/observation_draft.h"

namespace probemesh::node {
namespace {

constexpr uint32_t kMaxCount = 100;
constexpr uint32_t kMaxPayload = 1472;
constexpr uint32_t kDefaultPayload = 56;
constexpr absl::Duration kMinInterval = absl::Milliseconds(10);
constexpr absl::Duration kDefaultInterval = absl::Seconds(1);
constexpr size_t kNonceSize = sizeof(uint64_t);

struct IcmpInput {
  IpAddress target;
  uint16_t identifier = 0;
  absl::Duration timeout;
  uint32_t count = 1;
  absl::Duration interval = kDefaultInterval;
  uint32_t payload_size = kDefaultPayload;
  int ttl = 0;
  bool dont_fragment = false;
};

class IcmpProbe final : public Probe, private DatagramSocket::Listener {
 public:
  IcmpProbe(const IcmpInput& input, ProbeContext& context)
      : input_(input),
        context_(context),
        draft_(context.loop.clock()),
        gate_(context.loop, context.governor),
        socket_(context.loop, context.sockets, *this) {
    const uint64_t nonce = context.random.Next();
    nonce_.resize(std::min<size_t>(kNonceSize, input.payload_size));
    std::memcpy(nonce_.data(), &nonce, nonce_.size());
  }

  ~IcmpProbe() override {
    context_.loop.CancelTimer(deadline_);
    context_.loop.CancelTimer(next_request_);
  }

  void Start(ProbeDone done) override {
    done_ = std::move(done);
    draft_.Begin();
    const absl::Status allowed = context_.target_check(input_.target, 0);
    if (!allowed.ok()) {
      return EndLater([this, allowed] { std::exchange(done_, nullptr)(draft_.Denied(allowed)); });
    }
    if (const std::optional<v1::LocalError> error = SetUp()) {
      *draft_.observation().mutable_local_error() = *error;
      return EndLater([this] { Finish(v1::LOCAL_ERROR); });
    }
    deadline_ = context_.loop.ScheduleAfter(input_.timeout, [this] { OnDeadline(); });
    next_request_ = context_.loop.ScheduleAfter(absl::ZeroDuration(), [this] { RequestNext(); });
  }

 private:
  struct Request {
    bool passed = false;  // the governor let it out
    bool settled = false;
    MonotonicTime sent;
    v1::Exchange exchange;
  };

  void EndLater(EventLoop::Task end) {
    deadline_ = context_.loop.ScheduleAfter(absl::ZeroDuration(), std::move(end));
  }

  std::optional<v1::LocalError> SetUp() {
    auto error = socket_.Connect(SocketKind::kPing, Endpoint{input_.target, 0}, input_.identifier);
    if (!error && input_.ttl != 0) error = socket_.SetTtl(input_.ttl);
    if (!error && input_.dont_fragment) error = socket_.SetDontFragment();
    return error;
  }

  void RequestNext() {
    next_request_ = 0;
    const size_t sequence = requests_.size();
    requests_.emplace_back();
    if (requests_.size() < input_.count) {
      next_request_ = context_.loop.ScheduleAfter(input_.interval, [this] { RequestNext(); });
    }
    gate_.Pass(input_.target.family(), input_.ttl,
               [this, sequence](uint32_t spend) { Send(sequence, spend); });
  }

  void Send(size_t sequence, uint32_t spend) {
    Request& request = requests_[sequence];
    request.passed = true;
    request.sent = context_.loop.clock().Monotonic();
    request.exchange.set_sequence(static_cast<uint32_t>(sequence));
    request.exchange.set_ttl_sent(static_cast<uint32_t>(input_.ttl));
    request.exchange.set_icmp_spend(spend);
    request.exchange.set_reply(spend >= IcmpGovernor::kExhausted ? v1::NO_REPLY_UNKNOWN
                                                                 : v1::NO_REPLY);
    *request.exchange.mutable_flow() = socket_.flow();
    *request.exchange.mutable_send_offset() = ToProto(request.sent - draft_.start());
    std::string payload = nonce_;
    payload.resize(input_.payload_size, '\0');
    const auto error =
        socket_.Send(EchoRequest(input_.target.family(), static_cast<uint16_t>(sequence), payload));
    if (!error) return statistics_.AddSent();
    request.settled = true;
    request.exchange.MergeFrom(LocalReply(*error));
    EndIfSettled();
  }

  // nullptr unless the message belongs to a request of this probe.
  Request* FindRequest(const std::optional<EchoMessage>& message) {
    if (!message || message->sequence >= requests_.size()) return nullptr;
    // A quoted payload may be cut before the nonce.
    const size_t compared = std::min(nonce_.size(), message->payload.size());
    if (message->payload.substr(0, compared) != nonce_.substr(0, compared)) return nullptr;
    Request& request = requests_[message->sequence];
    return request.passed ? &request : nullptr;
  }

  void OnDatagram(DatagramSocket&, const ReceivedDatagram& datagram) override {
    const auto message = ParseEchoReply(input_.target.family(), datagram.payload);
    Request* request = FindRequest(message);
    if (request == nullptr || message->payload.size() < nonce_.size()) return;
    const v1::ReplyKind before = request->exchange.reply();
    if (before == v1::POSITIVE || before == v1::LATE) return statistics_.AddDuplicate();
    const MonotonicTime arrival = ArrivalTime(context_.loop.clock(), datagram.kernel_time);
    const absl::Duration rtt = arrival - request->sent;
    statistics_.AddReply(message->sequence, rtt);
    FillDatagramReply(datagram, context_.loop.clock(), draft_.start(), &request->exchange);
    if (rtt > kEchoReplyDeadline) request->exchange.set_reply(v1::LATE);
    request->settled = true;
    EndIfSettled();
  }

  void OnQueuedError(DatagramSocket&, const QueuedError& error) override {
    if (!IsIcmpError(error)) return;
    Request* request = FindRequest(ParseQuotedEcho(input_.target.family(), error.quoted_payload));
    if (request == nullptr || request->settled) return;
    FillIcmpReply(error, context_.loop.clock(), draft_.start(), &request->exchange);
    request->settled = true;
    EndIfSettled();
  }

  void EndIfSettled() {
    const bool settled = std::all_of(requests_.begin(), requests_.end(),
                                     [](const Request& request) { return request.settled; });
    if (settled && requests_.size() == input_.count) OnDeadline();
  }

  v1::Outcome OutcomeNow() const {
    if (statistics_.received() > 0) return v1::ANSWERED;
    const auto any = [this](v1::ReplyKind reply) {
      return std::any_of(requests_.begin(), requests_.end(), [reply](const Request& request) {
        return request.exchange.reply() == reply;
      });
    };
    if (any(v1::ICMP)) return v1::ICMP_ERROR;
    if (statistics_.sent() > 0) return v1::SILENT;
    return any(v1::LOCAL) ? v1::LOCAL_ERROR : v1::NOT_RUN;
  }

  void OnDeadline() {
    const v1::Outcome outcome = OutcomeNow();
    if (outcome == v1::NOT_RUN) draft_.observation().set_not_run_reason(v1::OVERLOADED);
    Finish(outcome);
  }

  void Finish(v1::Outcome outcome) {
    socket_.Close();
    gate_.Clear();
    context_.loop.CancelTimer(deadline_);
    context_.loop.CancelTimer(next_request_);
    v1::Observation& observation = draft_.observation();
    for (const Request& request : requests_) {
      if (!request.passed) continue;
      *observation.add_exchanges() = request.exchange;
      if (outcome == v1::LOCAL_ERROR && !observation.has_local_error()) {
        *observation.mutable_local_error() = request.exchange.local_error();
      }
    }
    *observation.mutable_icmp() = statistics_.Evidence();
    std::exchange(done_, nullptr)(draft_.Finish(outcome, v1::STAGE_UNSPECIFIED, ""));
  }

  const IcmpInput input_;
  ProbeContext& context_;
  ObservationDraft draft_;
  IcmpGate gate_;
  DatagramSocket socket_;
  EchoStatistics statistics_;
  std::string nonce_;
  std::vector<Request> requests_;
  ProbeDone done_;
  TimerId deadline_ = 0;
  TimerId next_request_ = 0;
};

absl::StatusOr<IcmpInput> CheckedInput(const v1::ProbeSpec& spec) {
  IcmpInput input;
  PM_ASSIGN_OR_RETURN(input.target, CheckedAddress(spec));
  PM_ASSIGN_OR_RETURN(input.identifier, CheckedSourcePort(spec));
  PM_ASSIGN_OR_RETURN(input.timeout, CheckedTimeout(spec));
  PM_ASSIGN_OR_RETURN(input.ttl, CheckedTtl(spec.icmp().ttl()));
  const v1::IcmpProbe& icmp = spec.icmp();
  if (icmp.count() > kMaxCount) return absl::InvalidArgumentError("count: must be at most 100");
  if (icmp.count() != 0) input.count = icmp.count();
  if (icmp.has_interval()) input.interval = FromProto(icmp.interval());
  if (input.interval < kMinInterval) {
    return absl::InvalidArgumentError("interval: must be at least 10 ms");
  }
  if (icmp.payload_size() > kMaxPayload) {
    return absl::InvalidArgumentError("payload_size: must be at most 1472");
  }
  if (icmp.payload_size() != 0) input.payload_size = icmp.payload_size();
  input.dont_fragment = icmp.dont_fragment();
  return input;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeIcmpProbe(const v1::ProbeSpec& spec,
                                                     ProbeContext& context) {
  PM_ASSIGN_OR_RETURN(const IcmpInput input, CheckedInput(spec));
  PM_RETURN_IF_ERROR(CheckPingSockets(context.sockets, input.target.family()));
  return std::make_unique<IcmpProbe>(input, context);
}

}  // namespace probemesh::node
