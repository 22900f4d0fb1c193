// All open node sessions: who is let in, what they are sent, and what becomes of what they say.
#ifndef PROBEMESH_COORDINATOR_CORE_NODE_SESSIONS_H_
#define PROBEMESH_COORDINATOR_CORE_NODE_SESSIONS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/core/command_book.h"
#include "coordinator/core/core_parts.h"
#include "coordinator/core/enrollment.h"
#include "coordinator/core/node_session.h"
#include "coordinator/core/result_ingest.h"

namespace probemesh::coordinator {

// Core loop only. The methods that Core and RunHost declare as well have their contracts.
class NodeSessions final : private ResultIngest::Handler {
 public:
  // Who asked for the commands. Called from the loop, never from inside RunCommand or
  // CancelCommand; may call both.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnObservation(const std::string& run, const v1::Observation& observation) = 0;
    virtual void OnCommandLost(const std::string& run, const std::string& node,
                               const std::string& command_id, absl::Status reason) = 0;
    virtual void OnNodeGone(const std::string& node, absl::Status reason) = 0;
  };

  // All must outlive this.
  NodeSessions(CoreParts& parts, Enrollment& enrollment, Listener& listener);
  ~NodeSessions() override;

  SessionId OpenSession(PeerIdentity peer, std::shared_ptr<SessionSink> sink);
  void OnSessionMessage(SessionId session, v1::NodeMessage message);
  void OnSessionClosed(SessionId session, absl::Status status);

  bool RunCommand(const std::string& node, const std::string& run, v1::RunProbe command);
  void CancelCommand(const std::string& node, const std::string& command_id);

  // Ends the node's session, if it has one.
  void CloseNode(const std::string& node, const absl::Status& reason);
  // Asks every node to finish and come back later.
  void DrainAll(const std::string& reason);
  void CloseAll(const absl::Status& reason);
  // Nothing received waits for its commit.
  bool idle() const { return ingest_.idle(); }

 private:
  // ResultIngest::Handler.
  bool IsLive(SessionId session) const override;
  void OnResult(const ReceivedResult& result, bool accepted, uint64_t acked_sequence) override;
  void OnDropped(const ReceivedResult& result) override;
  void OnAck(SessionId session, uint64_t generation, uint64_t acked_sequence) override;

  NodeSession* Find(SessionId id);
  NodeSession* FindMember(const std::string& node);

  absl::Status Handle(NodeSession& session, v1::NodeMessage message);
  absl::Status OnHello(NodeSession& session, v1::NodeHello hello);
  void OnWatermark(SessionId id, const absl::StatusOr<uint64_t>& watermark);
  void Join(NodeSession& session, uint64_t watermark);
  v1::CoordinatorMessage HelloFor(const NodeSession& session) const;
  absl::Duration ReconnectSpread() const;
  absl::Status OnHeartbeat(NodeSession& session, const v1::Heartbeat& heartbeat);
  absl::Status OnCertificateRequest(NodeSession& session, const std::string& csr_der);
  absl::Status OnGoodbye(NodeSession& session, const std::string& reason);
  absl::Status Receive(NodeSession& session, v1::ProbeResult result);
  void OnRepeat(NodeSession& session, const std::string& command_id, uint64_t sequence);
  void ShortenUnattributed(const std::string& node, v1::Observation* observation);
  absl::Status CheckSequence(NodeSession& session, uint64_t sequence);
  absl::Status CheckRoom(const NodeSession& session, size_t octets) const;
  void SendAck(NodeSession& session);

  void Pump(NodeSession& session);
  void Arm(NodeSession& session);
  void OnTimer(SessionId id);

  // Leave the mesh, and tell the runs. The stream stays open.
  void Part(NodeSession& session, const absl::Status& reason);
  // Part, and close the stream.
  void End(SessionId id, const absl::Status& reason);
  std::unique_ptr<NodeSession> Remove(SessionId id);
  void TellLost(const std::string& node, const std::vector<LostCommand>& lost);

  CoreParts& parts_;
  Enrollment& enrollment_;
  Listener& listener_;
  CommandBook book_;
  std::map<SessionId, std::unique_ptr<NodeSession>> sessions_;
  std::map<std::string, SessionId> members_;           // node -> its open session
  std::map<std::string, size_t> unattributed_octets_;  // by node
  SessionId last_id_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  ResultIngest ingest_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_CORE_NODE_SESSIONS_H_
