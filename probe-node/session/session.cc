#include "probe-node/session/session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "common/log/log.h"

namespace probemesh::node {
namespace {

constexpr absl::Duration kHelloTimeout = absl::Seconds(10);
constexpr absl::Duration kDefaultHeartbeat = absl::Seconds(10);
constexpr absl::Duration kLeastHeartbeat = absl::Milliseconds(100);
constexpr absl::Duration kMostHeartbeat = absl::Minutes(1);
constexpr absl::Duration kDefaultLease = absl::Seconds(30);
constexpr absl::Duration kMostLease = absl::Minutes(10);
constexpr absl::Duration kMostReconnectAfter = absl::Minutes(10);
// A session that ends sooner counts as a failed attempt, so that two nodes with one identity do not
// chase each other out at full speed.
constexpr absl::Duration kStableAfter = absl::Seconds(10);
// The longest probe, and then some.
constexpr absl::Duration kDrainLimit = absl::Seconds(65);
constexpr absl::Duration kLeaveLimit = absl::Seconds(3);
constexpr absl::Duration kSkewWorthReporting = absl::Seconds(5);
constexpr size_t kMaxCommandIdOctets = 64;
constexpr int kLogEveryFailure = 30;

// Zero and less, as an absent field reads, is the default.
absl::Duration Bounded(const google::protobuf::Duration& proto, absl::Duration fallback,
                       absl::Duration least, absl::Duration most) {
  const absl::Duration value = FromProto(proto);
  return value <= absl::ZeroDuration() ? fallback : std::clamp(value, least, most);
}

// Answers that trying again at once will not change.
bool IsRefusal(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status) ||
         absl::IsUnimplemented(status);
}

}  // namespace

Session::Session(std::vector<std::string> coordinators, EventLoop& loop, Random& random,
                 SessionTransport& transport, ResultSpool& spool, SessionHost& host,
                 CertificateRenewer& renewer)
    : coordinators_(std::move(coordinators)),
      loop_(loop),
      transport_(transport),
      spool_(spool),
      host_(host),
      renewer_(renewer),
      reconnect_delay_(random),
      sender_(spool, transport),
      connect_timer_(loop),
      heartbeat_timer_(loop),
      lease_timer_(loop),
      limit_timer_(loop) {
  // Results of an earlier process: their commands have run.
  for (const std::string& id : spool_.UnackedCommandIds()) ledger_.Finish(id);
}

Session::~Session() {
  if (state_ != State::kWaiting && state_ != State::kLeft) transport_.Close();
}

void Session::Start() { Connect(); }

void Session::Connect() {
  state_ = State::kConnecting;
  transport_.Open(coordinators_[coordinator_], this);
  SendHello();
  lease_timer_.Set(kHelloTimeout, [this] {
    EndStream(absl::DeadlineExceededError("the coordinator did not answer the hello within 10 s"));
  });
}

void Session::SendHello() {
  hello_generation_ = spool_.generation();
  v1::NodeMessage message;
  v1::NodeHello& hello = *message.mutable_hello();
  hello = host_.Describe();
  hello.set_spool_generation(spool_.generation());
  hello.set_last_result_sequence(spool_.last_sequence());
  transport_.Send(std::move(message));
}

void Session::OnTransportMessage(v1::CoordinatorMessage message, MonotonicTime received_at) {
  if (state_ == State::kConnecting) {
    if (message.has_hello()) return OnHello(message.hello());
    return EndStream(absl::InternalError("the coordinator's first message is not its hello"));
  }
  // Acks matter to the last moment, new work does not.
  if (!is_open() && !message.has_result_ack()) return;
  if (is_open()) WatchLease(lease_, "no message from the coordinator for the lease's duration");
  switch (message.message_case()) {
    case v1::CoordinatorMessage::kHeartbeatReply:
      return OnHeartbeatReply(message.heartbeat_reply(), received_at);
    case v1::CoordinatorMessage::kRunProbe:
      return OnRunProbe(message.run_probe(), received_at);
    case v1::CoordinatorMessage::kCancelProbe:
      return OnCancelProbe(message.cancel_probe());
    case v1::CoordinatorMessage::kResultAck:
      return OnResultAck(message.result_ack());
    case v1::CoordinatorMessage::kIssuedCertificate:
      return renewer_.OnIssued(message.issued_certificate());
    case v1::CoordinatorMessage::kDrain:
      return OnDrain(message.drain());
    case v1::CoordinatorMessage::kHello:
    case v1::CoordinatorMessage::MESSAGE_NOT_SET:
      break;  // a repeated hello, or a kind from a newer coordinator
  }
}

void Session::OnTransportClosed(absl::Status status) {
  if (state_ == State::kLeaving) return FinishLeaving();
  EndStream(status.ok() ? absl::UnavailableError("the coordinator closed the session") : status);
}

void Session::OnHello(const v1::CoordinatorHello& hello) {
  state_ = State::kOpen;
  opened_at_ = Now();
  epoch_ = hello.session_epoch();
  heartbeat_interval_ =
      Bounded(hello.heartbeat_interval(), kDefaultHeartbeat, kLeastHeartbeat, kMostHeartbeat);
  lease_ = Bounded(hello.lease_duration(), std::max(kDefaultLease, 3 * heartbeat_interval_),
                   2 * heartbeat_interval_, kMostLease);
  if (hello.has_reconnect_spread())
    reconnect_delay_.set_spread(FromProto(hello.reconnect_spread()));
  clock_offset_.Reset();
  skew_reported_ = false;
  last_failure_.clear();
  LogInfo("session_open", {{"coordinator", coordinators_[coordinator_]},
                           {"epoch", absl::StrCat(epoch_)},
                           {"unacked_results", absl::StrCat(spool_.depth())}});
  // An answer about an older generation says nothing about this one.
  if (hello_generation_ == spool_.generation()) {
    if (hello.acked_result_sequence() > spool_.last_sequence()) {
      LogWarning("spool_older_than_acks", {{"acked", absl::StrCat(hello.acked_result_sequence())}});
      spool_.StartNewGeneration();
    } else {
      spool_.Ack(hello.acked_result_sequence());
    }
  }
  WatchLease(lease_, "no message from the coordinator for the lease's duration");
  host_.SetControls({hello.controls().begin(), hello.controls().end()});
  sender_.Start();
  SendHeartbeat();
}

void Session::SendHeartbeat() {
  if (!is_open()) return;
  heartbeat_timer_.Set(heartbeat_interval_, [this] { SendHeartbeat(); });
  v1::NodeMessage message;
  v1::Heartbeat& heartbeat = *message.mutable_heartbeat();
  heartbeat.set_sequence(++heartbeat_sequence_);
  const absl::Time wall = loop_.clock().Wall();
  *heartbeat.mutable_send_time() = ToProto(wall);
  heartbeat.set_in_flight(host_.in_flight());
  heartbeat.set_free_slots(host_.free_slots());
  heartbeat.set_spool_depth(static_cast<uint32_t>(spool_.depth()));
  *heartbeat.mutable_self_check() = host_.self_check();
  clock_offset_.OnSent(heartbeat_sequence_, wall, Now());
  transport_.Send(std::move(message));
  // Results may have found the outbox full.
  sender_.Pump();
  RenewCertificate();
}

void Session::RenewCertificate() {
  std::string csr = renewer_.DueRequest();
  if (csr.empty()) return;
  v1::NodeMessage message;
  message.mutable_certificate_request()->set_csr_der(std::move(csr));
  transport_.Send(std::move(message));
}

void Session::OnHeartbeatReply(const v1::HeartbeatReply& reply, MonotonicTime received_at) {
  clock_offset_.OnReply(reply.sequence(), FromProto(reply.coordinator_receive_time()), received_at);
  const auto estimate = clock_offset_.estimate();
  if (skew_reported_ || !estimate) return;
  if (absl::AbsDuration(estimate->offset) - estimate->uncertainty < kSkewWorthReporting) return;
  skew_reported_ = true;
  LogWarning("clock_skewed", {{"node_minus_coordinator", absl::FormatDuration(estimate->offset)}});
}

void Session::OnRunProbe(const v1::RunProbe& command, MonotonicTime received_at) {
  const std::string& id = command.command_id();
  if (id.empty() || id.size() > kMaxCommandIdOctets) {
    LogWarning("command_without_usable_id", {{"octets", absl::StrCat(id.size())}});
    return;
  }
  // A command seen before is acked again; its result is on its way or acked already.
  if (ledger_.Begin(id)) {
    const bool expired =
        command.has_time_to_live() && Now() - received_at > FromProto(command.time_to_live());
    if (expired) {
      host_.RefuseProbe(command, v1::EXPIRED, "the node was too busy to start it in time");
    } else {
      host_.RunProbe(command);
    }
  }
  v1::NodeMessage message;
  message.mutable_command_ack()->set_command_id(id);
  message.mutable_command_ack()->set_free_slots(host_.free_slots());
  transport_.Send(std::move(message));
}

void Session::OnCancelProbe(const v1::CancelProbe& cancel) {
  if (ledger_.IsRunning(cancel.command_id())) host_.CancelProbe(cancel.command_id());
}

void Session::OnResultStored(const std::string& command_id) {
  ledger_.Finish(command_id);
  sender_.Pump();
}

void Session::OnResultAck(const v1::ResultAck& ack) {
  if (ack.spool_generation() != spool_.generation()) return;
  spool_.Ack(ack.up_to_sequence());
  sender_.Pump();
  FinishDrainIfDone();
}

void Session::OnDrain(const v1::Drain& drain) {
  if (state_ != State::kOpen) return;
  state_ = State::kDraining;
  not_before_ = Now() + std::clamp(FromProto(drain.reconnect_after()), absl::ZeroDuration(),
                                   kMostReconnectAfter);
  LogInfo("session_draining", {{"reason", drain.reason()}});
  limit_timer_.Set(kDrainLimit, [this] { SayGoodbye("drained in part"); });
  FinishDrainIfDone();
}

// With the last ack, not with the last result: what is unacked would only have to be sent again.
void Session::FinishDrainIfDone() {
  if (state_ != State::kDraining || host_.in_flight() > 0 || spool_.depth() > 0) return;
  SayGoodbye("drained");
}

void Session::SayGoodbye(const std::string& reason) {
  heartbeat_timer_.Cancel();
  limit_timer_.Cancel();
  v1::NodeMessage message;
  message.mutable_goodbye()->set_reason(reason);
  transport_.Send(std::move(message));
  transport_.FinishSending();
}

void Session::Leave(const std::string& reason, std::function<void()> done) {
  left_ = std::move(done);
  connect_timer_.Cancel();
  if (!is_open()) {
    transport_.Close();
    return FinishLeaving();
  }
  sender_.Pump();
  SayGoodbye(reason);
  state_ = State::kLeaving;
  lease_timer_.Cancel();
  limit_timer_.Set(kLeaveLimit, [this] {
    transport_.Close();
    FinishLeaving();
  });
}

void Session::FinishLeaving() {
  state_ = State::kLeft;
  sender_.Stop();
  lease_timer_.Cancel();
  limit_timer_.Set(absl::ZeroDuration(), [this] { std::exchange(left_, nullptr)(); });
}

void Session::WatchLease(absl::Duration limit, const std::string& complaint) {
  lease_timer_.Set(limit, [this, complaint] { EndStream(absl::UnavailableError(complaint)); });
}

void Session::EndStream(const absl::Status& status) {
  transport_.Close();
  sender_.Stop();
  heartbeat_timer_.Cancel();
  lease_timer_.Cancel();
  limit_timer_.Cancel();
  renewer_.OnSessionEnded();
  const absl::Duration delay = DelayAfter(status);
  LogEnd(status, delay);
  state_ = State::kWaiting;
  connect_timer_.Set(delay, [this] { Connect(); });
}

absl::Duration Session::DelayAfter(const absl::Status& status) {
  // Asked to go: this is no failure.
  if (state_ == State::kDraining) {
    reconnect_delay_.Reset();
    return std::max(not_before_ - Now(), absl::ZeroDuration()) + reconnect_delay_.Next();
  }
  if (!is_open() || IsRefusal(status)) coordinator_ = (coordinator_ + 1) % coordinators_.size();
  if (is_open() && Now() - opened_at_ >= kStableAfter) reconnect_delay_.Reset();
  return IsRefusal(status) ? reconnect_delay_.NextAfterRefusal() : reconnect_delay_.Next();
}

// A coordinator that is away for a day is worth a few lines, not ten thousand.
void Session::LogEnd(const absl::Status& status, absl::Duration next_try) {
  if (state_ == State::kDraining) {
    LogInfo("session_drained", {{"next_try_in", absl::FormatDuration(next_try)}});
    return;
  }
  const std::string failure = status.ToString();
  if (failure == last_failure_ && ++unlogged_failures_ % kLogEveryFailure != 0) return;
  last_failure_ = failure;
  const std::string wait = absl::FormatDuration(absl::Trunc(next_try, absl::Milliseconds(1)));
  if (IsRefusal(status)) {
    LogError("session_refused",
             {{"error", failure},
              {"next_try_in", wait},
              {"hint", "a revoked or unknown node needs a new join token; see probemesh nodes"}});
    return;
  }
  LogWarning(is_open() ? "session_lost" : "connect_failed",
             {{"error", failure}, {"next_try_in", wait}});
}

}  // namespace probemesh::node
