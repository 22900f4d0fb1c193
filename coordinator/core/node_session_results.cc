// The half of NodeSessions that deals with results: what is received, and what becomes of it once
// committed.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "coordinator/core/node_messages.h"
#include "coordinator/core/node_sessions.h"

namespace probemesh::coordinator {
namespace {

// The name of a run carries the millisecond in which it was made ("diagnoses/<UUIDv7>"). Counted
// from the end of that millisecond, so that nothing looks later than it was.
std::optional<absl::Duration> SinceStartOf(absl::string_view run, absl::Time now) {
  const size_t slash = run.find('/');
  if (slash == absl::string_view::npos) return std::nullopt;
  const std::optional<absl::Time> start = TimeOfUuidV7(run.substr(slash + 1));
  if (!start.has_value()) return std::nullopt;
  return std::max(now - *start - absl::Milliseconds(1), absl::ZeroDuration());
}

}  // namespace

absl::Status NodeSessions::Receive(NodeSession& session, v1::ProbeResult result) {
  const uint64_t generation = result.spool_generation();
  const uint64_t sequence = result.sequence();
  if (generation != session.generation) {
    if (sequence != 1) {
      return absl::InvalidArgumentError("a new spool generation must begin with result 1");
    }
    session.generation = generation;
    session.received = 0;
    session.acked = 0;
    session.any_result = true;
  }
  const std::string command_id = result.observation().command_id();
  if (sequence <= session.received) {
    OnRepeat(session, command_id, sequence);
    return absl::OkStatus();
  }
  PM_RETURN_IF_ERROR(CheckSequence(session, sequence));
  ReceivedResult received;
  received.octets = result.observation().ByteSizeLong();
  PM_RETURN_IF_ERROR(CheckRoom(session, received.octets));

  v1::Observation& observation = received.item.observation;
  observation = std::move(*result.mutable_observation());
  if (received.octets > kMaxObservationOctets) {
    parts_.HitLimit("observation_octets");
    observation = RefusedObservation(
        observation,
        absl::StrCat("more than the ", kMaxObservationOctets, " that a coordinator keeps of one"));
  }
  received.session = session.id;
  received.node = session.peer.node;
  received.generation = generation;
  received.first_of_session = !session.any_result;
  received.item.sequence = sequence;
  received.item.run = book_.Claim(command_id, session.peer.node, generation, sequence);
  if (received.item.run.empty()) ShortenUnattributed(session.peer.node, &observation);
  observation.set_node(session.peer.node);
  observation.clear_arrival_offset();
  if (const auto offset = SinceStartOf(received.item.run, parts_.wall())) {
    *observation.mutable_arrival_offset() = ToProto(*offset);
  }

  session.received = sequence;
  session.any_result = true;
  ++session.uncommitted_results;
  session.uncommitted_octets += received.octets;
  session.commands.OnResult(command_id);
  ingest_.Add(std::move(received));
  Pump(session);
  return absl::OkStatus();
}

void NodeSessions::ShortenUnattributed(const std::string& node, v1::Observation* observation) {
  size_t& kept = unattributed_octets_[node];
  const size_t octets = observation->ByteSizeLong();
  if (kept + octets <= kMaxUnattributedOctets) {
    kept += octets;
    return;
  }
  parts_.HitLimit("unattributed_octets");
  *observation =
      RefusedObservation(*observation, "and this node has sent too many that answer no command");
}

// A result under a number that was received before. That is what a node sends again when an ack was
// lost; but under the number of an older result it cannot be the answer to a command that is still
// open, unless the node's spool went back in time (a restored disk image), and then it is lost.
void NodeSessions::OnRepeat(NodeSession& session, const std::string& command_id,
                            uint64_t sequence) {
  ++parts_.counters().observations_duplicate;
  if (sequence <= session.acked) SendAck(session);
  if (!session.commands.IsOutstanding(command_id)) return;
  const std::string run = book_.Claim(command_id, session.peer.node, session.generation, sequence);
  session.commands.OnResult(command_id);
  LogWarning("result_number_reused",
             {{"node", session.peer.node}, {"sequence", absl::StrCat(sequence)}});
  if (run.empty()) return;
  TellLost(
      session.peer.node,
      {{run, command_id, absl::DataLossError("the node reused the number of an older result")}});
}

absl::Status NodeSessions::CheckSequence(NodeSession& session, uint64_t sequence) {
  const uint64_t missing = sequence - session.received - 1;
  if (missing == 0) return absl::OkStatus();
  if (session.any_result) {
    return absl::InvalidArgumentError(
        absl::StrCat("result ", sequence, " follows result ", session.received));
  }
  // A node begins with the oldest result that it has: the ones before are gone for good.
  parts_.counters().result_gaps += missing;
  LogWarning("result_gap", {{"node", session.peer.node},
                            {"committed", absl::StrCat(session.received)},
                            {"next", absl::StrCat(sequence)}});
  return absl::OkStatus();
}

// Nothing is lost by closing the session: the node keeps what was not acked.
absl::Status NodeSessions::CheckRoom(const NodeSession& session, size_t octets) const {
  if (session.uncommitted_results >= kMaxUncommittedResults ||
      session.uncommitted_octets + octets > kMaxUncommittedOctets) {
    parts_.HitLimit("uncommitted_results");
    return absl::ResourceExhaustedError("too many results at once; send the rest after the acks");
  }
  if (ingest_.octets() + octets > kMaxUncommittedOctetsInAll) {
    parts_.HitLimit("uncommitted_octets_in_all");
    return absl::ResourceExhaustedError("the coordinator's store is behind");
  }
  return absl::OkStatus();
}

bool NodeSessions::IsLive(SessionId session) const { return sessions_.count(session) > 0; }

void NodeSessions::OnResult(const ReceivedResult& result, bool accepted, uint64_t acked_sequence) {
  if (NodeSession* session = Find(result.session)) {
    --session->uncommitted_results;
    session->uncommitted_octets -= result.octets;
  }
  const std::string& command_id = result.item.observation.command_id();
  if (accepted) {
    ++parts_.counters().observations_ingested;
    if (result.item.run.empty()) {
      ++parts_.counters().observations_unattributed;
      return;
    }
    book_.Forget(command_id);
    listener_.OnObservation(result.item.run, result.item.observation);
    return;
  }
  if (result.item.sequence > acked_sequence) {
    End(result.session, absl::AbortedError("results do not follow those that were committed"));
    return;
  }
  ++parts_.counters().observations_duplicate;
}

void NodeSessions::OnDropped(const ReceivedResult& result) {
  const std::string& command_id = result.item.observation.command_id();
  if (result.item.run.empty() || !book_.MarkLost(command_id)) return;
  ++parts_.counters().commands_lost;
  listener_.OnCommandLost(result.item.run, result.node, command_id,
                          absl::UnavailableError("the coordinator could not store the result"));
}

void NodeSessions::OnAck(SessionId id, uint64_t generation, uint64_t acked_sequence) {
  NodeSession* session = Find(id);
  if (session == nullptr || session->generation != generation) return;
  session->acked = acked_sequence;
  SendAck(*session);
  const bool finished =
      session->state == NodeSession::State::kLeaving && session->uncommitted_results == 0;
  if (finished) End(id, absl::OkStatus());
}

void NodeSessions::SendAck(NodeSession& session) {
  v1::CoordinatorMessage message;
  message.mutable_result_ack()->set_spool_generation(session.generation);
  message.mutable_result_ack()->set_up_to_sequence(session.acked);
  session.sink->Send(std::move(message));
}

}  // namespace probemesh::coordinator
