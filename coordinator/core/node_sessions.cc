#include "coordinator/core/node_sessions.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "coordinator/core/node_messages.h"

namespace probemesh::coordinator {
namespace {

// A returning fleet costs 3.5 ms of one core for each mutual TLS handshake (measured); half of two
// cores is to stay free for the rest.
constexpr absl::Duration kHandshakeCost = absl::Microseconds(3500);
constexpr absl::Duration kMinReconnectSpread = absl::Seconds(5);

std::string ForLog(absl::string_view text) {
  return absl::CHexEscape(text.substr(0, kMaxShortText));
}

}  // namespace

NodeSessions::NodeSessions(CoreParts& parts, Enrollment& enrollment, Listener& listener)
    : parts_(parts),
      enrollment_(enrollment),
      listener_(listener),
      ingest_(parts.loop(), parts.store(), *this, parts.counters()) {}

NodeSessions::~NodeSessions() {
  for (const auto& entry : sessions_) {
    if (entry.second->timer != 0) parts_.loop().CancelTimer(entry.second->timer);
  }
}

NodeSession* NodeSessions::Find(SessionId id) {
  const auto session = sessions_.find(id);
  return session == sessions_.end() ? nullptr : session->second.get();
}

NodeSession* NodeSessions::FindMember(const std::string& node) {
  const auto member = members_.find(node);
  return member == members_.end() ? nullptr : Find(member->second);
}

// ---- The life of a session.

SessionId NodeSessions::OpenSession(PeerIdentity peer, std::shared_ptr<SessionSink> sink) {
  const SessionId id = ++last_id_;
  absl::Status status = parts_.Open();
  if (status.ok()) status = parts_.nodes.Admit(peer.node, peer.uid, peer.serial);
  if (status.ok() && peer.not_after != absl::Time() && peer.not_after <= parts_.wall()) {
    status = absl::UnauthenticatedError("the node's certificate has expired");
  }
  if (status.ok() && sessions_.size() >= kMaxSessions) {
    parts_.HitLimit("sessions");
    status = absl::ResourceExhaustedError("this coordinator has all the sessions it can serve");
  }
  if (!status.ok()) {
    ++parts_.counters().sessions_rejected;
    LogWarning("session_refused", {{"node", peer.node}, {"reason", status.ToString()}});
    sink->Close(status);
    return id;
  }
  auto session = std::make_unique<NodeSession>();
  session->id = id;
  session->peer = std::move(peer);
  session->sink = std::move(sink);
  session->state_deadline = parts_.now() + kHelloTimeout;
  NodeSession& added = *session;
  sessions_.emplace(id, std::move(session));
  Arm(added);
  return id;
}

void NodeSessions::OnSessionMessage(SessionId id, v1::NodeMessage message) {
  NodeSession* session = Find(id);
  if (session == nullptr) return;
  absl::Status status = CheckNodeMessage(message);
  if (status.ok()) status = Handle(*session, std::move(message));
  if (!status.ok()) {
    End(id, status);
    return;
  }
  session = Find(id);
  if (session != nullptr) Arm(*session);
}

void NodeSessions::OnSessionClosed(SessionId id, absl::Status status) {
  const std::unique_ptr<NodeSession> session = Remove(id);
  if (session == nullptr) return;
  Part(*session, absl::UnavailableError(absl::StrCat("the node's session ended: ",
                                                     status.ok() ? "closed" : status.message())));
}

absl::Status NodeSessions::Handle(NodeSession& session, v1::NodeMessage message) {
  if (session.state == NodeSession::State::kNew) {
    if (message.has_hello()) return OnHello(session, std::move(*message.mutable_hello()));
    return absl::InvalidArgumentError("the first message of a session must be its hello");
  }
  if (message.has_hello()) return absl::InvalidArgumentError("a second hello");
  if (session.state == NodeSession::State::kJoining) {
    if (session.early.size() >= kMaxEarlyMessages) {
      parts_.HitLimit("early_messages");
      return absl::ResourceExhaustedError("too many messages before the coordinator's hello");
    }
    session.early.push_back(std::move(message));
    return absl::OkStatus();
  }
  if (message.has_result()) return Receive(session, std::move(*message.mutable_result()));
  if (!session.is_member()) return absl::OkStatus();
  if (message.has_heartbeat()) return OnHeartbeat(session, message.heartbeat());
  if (message.has_goodbye()) return OnGoodbye(session, message.goodbye().reason());
  if (message.has_certificate_request()) {
    return OnCertificateRequest(session, message.certificate_request().csr_der());
  }
  session.commands.OnAck(message.command_ack().command_id(), message.command_ack().free_slots());
  Pump(session);
  return absl::OkStatus();
}

absl::Status NodeSessions::OnHello(NodeSession& session, v1::NodeHello hello) {
  PM_RETURN_IF_ERROR(parts_.Open());
  session.state = NodeSession::State::kJoining;
  session.hello = std::move(hello);
  auto watermark = std::make_shared<absl::StatusOr<uint64_t>>();
  parts_.store().Submit(
      [watermark, node = session.peer.node, generation = session.hello.spool_generation()](
          Store& store) { *watermark = store.Watermark(node, generation); },
      [this, watermark, id = session.id, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) OnWatermark(id, *watermark);
      });
  return absl::OkStatus();
}

void NodeSessions::OnWatermark(SessionId id, const absl::StatusOr<uint64_t>& watermark) {
  NodeSession* session = Find(id);
  if (session == nullptr) return;
  if (!watermark.ok()) {
    ++parts_.counters().store_errors;
    End(id, absl::UnavailableError("the coordinator cannot read its store"));
    return;
  }
  // Revoked meanwhile?
  const PeerIdentity& peer = session->peer;
  const absl::Status admitted = parts_.nodes.Admit(peer.node, peer.uid, peer.serial);
  if (!admitted.ok()) {
    End(id, admitted);
    return;
  }
  const auto earlier = members_.find(peer.node);
  if (earlier != members_.end()) {
    End(earlier->second, absl::AbortedError("a newer session of this node took over"));
    session = Find(id);
    if (session == nullptr) return;
  }
  Join(*session, *watermark);
}

void NodeSessions::Join(NodeSession& session, uint64_t watermark) {
  const std::string& node = session.peer.node;
  const v1::NodeHello& hello = session.hello;
  if (hello.last_result_sequence() < watermark) {
    LogWarning("spool_behind", {{"node", node},
                                {"last_sequence", absl::StrCat(hello.last_result_sequence())},
                                {"committed", absl::StrCat(watermark)}});
  }
  session.state = NodeSession::State::kOpen;
  session.epoch = parts_.nodes.BeginSession(node, hello, parts_.now(), parts_.wall());
  session.commands = CommandQueue(hello.free_slots());
  session.generation = hello.spool_generation();
  session.received = watermark;
  session.acked = watermark;
  members_[node] = session.id;
  parts_.nodes.RetireOlderSerials(node, session.peer.serial);
  parts_.SaveNode(node);
  ++parts_.counters().sessions_opened;
  parts_.counters().connected_nodes = parts_.nodes.connected_count();
  LogInfo("session_opened", {{"node", node},
                             {"epoch", absl::StrCat(session.epoch)},
                             {"version", ForLog(hello.version())}});
  session.sink->Send(HelloFor(session));
  Arm(session);
  const SessionId id = session.id;
  for (v1::NodeMessage& message : std::exchange(session.early, {})) {
    OnSessionMessage(id, std::move(message));
  }
}

v1::CoordinatorMessage NodeSessions::HelloFor(const NodeSession& session) const {
  v1::CoordinatorMessage message;
  v1::CoordinatorHello& hello = *message.mutable_hello();
  hello.set_session_epoch(session.epoch);
  *hello.mutable_heartbeat_interval() = ToProto(kHeartbeatInterval);
  *hello.mutable_lease_duration() = ToProto(kLeaseDuration);
  *hello.mutable_reconnect_spread() = ToProto(ReconnectSpread());
  hello.set_acked_result_sequence(session.acked);
  for (const std::string& control : parts_.options.controls) hello.add_controls(control);
  return message;
}

absl::Duration NodeSessions::ReconnectSpread() const {
  return std::max(kMinReconnectSpread, kHandshakeCost * parts_.nodes.connected_count());
}

absl::Status NodeSessions::OnHeartbeat(NodeSession& session, const v1::Heartbeat& heartbeat) {
  const absl::Time received = parts_.wall();
  parts_.nodes.OnHeartbeat(session.peer.node, session.epoch, heartbeat, parts_.now(), received);
  session.commands.OnHeartbeat(heartbeat.in_flight(), heartbeat.free_slots());
  v1::CoordinatorMessage message;
  v1::HeartbeatReply& reply = *message.mutable_heartbeat_reply();
  reply.set_sequence(heartbeat.sequence());
  *reply.mutable_node_send_time() = heartbeat.send_time();
  *reply.mutable_coordinator_receive_time() = ToProto(received);
  session.sink->Send(std::move(message));
  Pump(session);
  return absl::OkStatus();
}

absl::Status NodeSessions::OnCertificateRequest(NodeSession& session, const std::string& csr_der) {
  if (session.renewing || parts_.now() - session.last_renewal < kMinRenewalInterval) {
    parts_.HitLimit("certificate_renewals");
    LogWarning("renewal_ignored", {{"node", session.peer.node}, {"reason", "too soon"}});
    return absl::OkStatus();
  }
  session.renewing = true;
  session.last_renewal = parts_.now();
  auto reply = [this, id = session.id,
                alive = std::weak_ptr<bool>(alive_)](absl::StatusOr<v1::IssuedCertificate> issued) {
    NodeSession* asker = alive.expired() ? nullptr : Find(id);
    if (asker == nullptr) return;
    asker->renewing = false;
    if (absl::IsInvalidArgument(issued.status())) {
      End(id, issued.status());
      return;
    }
    LogInfo("certificate_renewal",
            {{"node", asker->peer.node}, {"status", issued.status().ToString()}});
    if (!issued.ok()) return;
    v1::CoordinatorMessage message;
    *message.mutable_issued_certificate() = *std::move(issued);
    asker->sink->Send(std::move(message));
  };
  enrollment_.Renew(session.peer.node, csr_der, std::move(reply));
  return absl::OkStatus();
}

absl::Status NodeSessions::OnGoodbye(NodeSession& session, const std::string& reason) {
  const SessionId id = session.id;
  session.state_deadline = parts_.now() + kGoodbyeTimeout;
  const bool all_committed = session.uncommitted_results == 0;
  Part(session, absl::UnavailableError(absl::StrCat("the node left: ", ForLog(reason))));
  if (all_committed) End(id, absl::OkStatus());
  return absl::OkStatus();
}

void NodeSessions::Part(NodeSession& session, const absl::Status& reason) {
  if (!session.is_member()) return;
  const std::string node = session.peer.node;
  session.state = NodeSession::State::kLeaving;
  members_.erase(node);
  parts_.nodes.EndSession(node, session.epoch, parts_.wall());
  ++parts_.counters().sessions_closed;
  parts_.counters().connected_nodes = parts_.nodes.connected_count();
  if (!parts_.shutting_down) parts_.SaveNode(node);
  LogInfo("session_closed", {{"node", node}, {"reason", reason.ToString()}});
  const std::vector<LostCommand> lost = session.commands.TakeAll(reason);
  listener_.OnNodeGone(node, reason);
  TellLost(node, lost);
}

std::unique_ptr<NodeSession> NodeSessions::Remove(SessionId id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return nullptr;
  std::unique_ptr<NodeSession> session = std::move(found->second);
  sessions_.erase(found);
  if (session->timer != 0) parts_.loop().CancelTimer(session->timer);
  if (session->state < NodeSession::State::kOpen) ++parts_.counters().sessions_rejected;
  return session;
}

void NodeSessions::End(SessionId id, const absl::Status& reason) {
  const std::unique_ptr<NodeSession> session = Remove(id);
  if (session == nullptr) return;
  session->sink->Close(reason);
  if (session->state < NodeSession::State::kOpen) {
    LogWarning("session_refused", {{"node", session->peer.node}, {"reason", reason.ToString()}});
  }
  Part(*session, reason);
}

void NodeSessions::TellLost(const std::string& node, const std::vector<LostCommand>& lost) {
  for (const LostCommand& command : lost) {
    book_.MarkLost(command.command_id);
    ++parts_.counters().commands_lost;
    listener_.OnCommandLost(command.run, node, command.command_id, command.reason);
  }
}

void NodeSessions::CloseNode(const std::string& node, const absl::Status& reason) {
  std::vector<SessionId> ids;
  for (const auto& entry : sessions_) {
    if (entry.second->peer.node == node) ids.push_back(entry.first);
  }
  for (const SessionId id : ids) End(id, reason);
}

void NodeSessions::DrainAll(const std::string& reason) {
  for (const auto& member : members_) {
    v1::CoordinatorMessage message;
    *message.mutable_drain()->mutable_reconnect_after() =
        ToProto(FullJitter(*parts_.options.random, ReconnectSpread()));
    message.mutable_drain()->set_reason(reason);
    sessions_.at(member.second)->sink->Send(std::move(message));
  }
}

void NodeSessions::CloseAll(const absl::Status& reason) {
  std::vector<SessionId> ids;
  for (const auto& entry : sessions_) ids.push_back(entry.first);
  for (const SessionId id : ids) End(id, reason);
}

// ---- Deadlines.

void NodeSessions::Arm(NodeSession& session) {
  MonotonicTime due = session.state_deadline;
  if (session.is_member()) {
    due = parts_.nodes.LeaseEnd(session.peer.node);
    if (const auto deadline = session.commands.NextDeadline()) due = std::min(due, *deadline);
  }
  // A timer that is too early costs one look; setting it anew for every message would cost more.
  if (session.timer != 0 && session.timer_due <= due) return;
  if (session.timer != 0) parts_.loop().CancelTimer(session.timer);
  session.timer_due = due;
  session.timer =
      parts_.loop().ScheduleAfter(due - parts_.now(), [this, id = session.id] { OnTimer(id); });
}

void NodeSessions::OnTimer(SessionId id) {
  NodeSession* session = Find(id);
  if (session == nullptr) return;
  session->timer = 0;
  const MonotonicTime now = parts_.now();
  if (!session->is_member() && now >= session->state_deadline) {
    const bool leaving = session->state == NodeSession::State::kLeaving;
    End(id, leaving ? absl::OkStatus()
                    : absl::DeadlineExceededError("the node did not say hello in time"));
    return;
  }
  if (session->is_member() && now >= parts_.nodes.LeaseEnd(session->peer.node)) {
    ++parts_.counters().leases_expired;
    End(id, absl::DeadlineExceededError(
                absl::StrCat("no heartbeat for ", absl::FormatDuration(kLeaseDuration))));
    return;
  }
  TellLost(session->peer.node, session->commands.TakeExpired(now));
  session = Find(id);
  if (session == nullptr) return;
  Pump(*session);
  Arm(*session);
}

// ---- Commands.

bool NodeSessions::RunCommand(const std::string& node, const std::string& run,
                              v1::RunProbe command) {
  NodeSession* session = FindMember(node);
  const StoredNode* known = parts_.nodes.Find(node);
  if (session == nullptr || known == nullptr || known->drained || parts_.shutting_down)
    return false;
  const std::string id = command.command_id();
  if (!session->commands.Push(run, std::move(command), parts_.now())) {
    parts_.HitLimit("queued_commands");
    return false;
  }
  if (book_.Note(id, node, run)) parts_.HitLimit("remembered_commands");
  Pump(*session);
  Arm(*session);
  return true;
}

void NodeSessions::CancelCommand(const std::string& node, const std::string& command_id) {
  NodeSession* session = FindMember(node);
  if (session == nullptr) return;
  std::string run;
  switch (session->commands.Cancel(command_id, &run)) {
    case CommandQueue::Cancelled::kUnknown:
      return;
    case CommandQueue::Cancelled::kSent: {
      v1::CoordinatorMessage message;
      message.mutable_cancel_probe()->set_command_id(command_id);
      session->sink->Send(std::move(message));
      return;
    }
    case CommandQueue::Cancelled::kWaiting:
      break;
  }
  const LostCommand lost{run, command_id, absl::CancelledError("cancelled before it was sent")};
  parts_.loop().Post([this, node, lost, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) TellLost(node, {lost});
  });
}

void NodeSessions::Pump(NodeSession& session) {
  if (!session.is_member()) return;
  while (std::optional<v1::RunProbe> command = session.commands.Next(parts_.now())) {
    v1::CoordinatorMessage message;
    *message.mutable_run_probe() = *std::move(command);
    ++parts_.counters().commands_sent;
    // On false the sink is closing the session, which ends what was counted as outstanding.
    if (!session.sink->Send(std::move(message))) return;
  }
}

}  // namespace probemesh::coordinator
