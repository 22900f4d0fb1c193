// The coordinator's single-writer core, as its neighbours see it: sessions and API calls go in,
// messages and events come out. gRPC, disk and HTTP threads never touch its state; they post to its
// loop.
#ifndef PROBEMESH_COORDINATOR_CORE_CORE_H_
#define PROBEMESH_COORDINATOR_CORE_CORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "probemesh/v1/diagnosis_service.pb.h"
#include "probemesh/v1/enrollment_service.pb.h"
#include "probemesh/v1/fleet_service.pb.h"
#include "probemesh/v1/node_service.pb.h"
#include "probemesh/v1/probe_service.pb.h"

namespace probemesh::coordinator {

using SessionId = uint64_t;

// The way back to one node session. Thread-safe, never blocks. Send after the stream ended is
// silently dropped.
class SessionSink {
 public:
  virtual ~SessionSink() = default;
  // False when the bounded outbox is full: the session is then closed by the sink itself.
  virtual bool Send(v1::CoordinatorMessage message) = 0;
  virtual void Close(absl::Status reason) = 0;
};

// Who opened a session, from its certificate.
struct PeerIdentity {
  std::string node;  // "nodes/fra-1"
  std::string uid;
  std::string serial;  // certificate serial, hex
  absl::Time not_after;
};

// A consumer of an event stream. Thread-safe, never blocks. A slow consumer whose bounded queue
// overflows is ended by the sink with RESOURCE_EXHAUSTED and may resume by sequence number.
template <typename Event>
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void Publish(const Event& event) = 0;
  virtual void End(absl::Status status) = 0;
};
using DiagnosisSink = EventSink<v1::DiagnosisEvent>;
using ProbeRunSink = EventSink<v1::ProbeRunEvent>;

// Called exactly once, on the core's loop; must not block.
template <typename T>
using Reply = std::function<void(absl::StatusOr<T>)>;

// Every method must be called on the core's loop thread (EventLoop::Post from elsewhere) and
// returns at once. Errors follow AIP-193: INVALID_ARGUMENT (bad target, selector or field),
// NOT_FOUND, FAILED_PRECONDITION (no node matches; drained), RESOURCE_EXHAUSTED (limits),
// UNAVAILABLE (store failed). Messages are fit for users.
class Core {
 public:
  virtual ~Core() = default;

  // Node sessions. The first message must be NodeHello, else the session is closed with
  // INVALID_ARGUMENT. A new session of a node fences the old one. Revoked nodes are closed with
  // PERMISSION_DENIED.
  virtual SessionId OpenSession(PeerIdentity peer, std::shared_ptr<SessionSink> sink) = 0;
  virtual void OnSessionMessage(SessionId session, v1::NodeMessage message) = 0;
  virtual void OnSessionClosed(SessionId session, absl::Status status) = 0;

  // Diagnoses.
  virtual void CreateDiagnosis(v1::CreateDiagnosisRequest request, Reply<v1::Diagnosis> reply) = 0;
  virtual void GetDiagnosis(std::string name, Reply<v1::Diagnosis> reply) = 0;
  virtual void ListDiagnoses(v1::ListDiagnosesRequest request,
                             Reply<v1::ListDiagnosesResponse> reply) = 0;
  virtual void CancelDiagnosis(std::string name, Reply<v1::Diagnosis> reply) = 0;
  virtual void GetEvidenceBundle(std::string name, Reply<v1::EvidenceBundle> reply) = 0;
  // Publishes every event with a sequence greater than `after_sequence`, then End(OK) after the
  // last one. A finished diagnosis of an earlier process yields just accepted and done. The core
  // drops its reference at End.
  virtual void WatchDiagnosis(std::string name, uint64_t after_sequence,
                              std::shared_ptr<DiagnosisSink> sink) = 0;
  // The watcher went away. No-op when unknown.
  virtual void Unwatch(const DiagnosisSink* sink) = 0;

  // Raw probe runs.
  virtual void CreateProbeRun(v1::CreateProbeRunRequest request, Reply<v1::ProbeRun> reply) = 0;
  virtual void GetProbeRun(std::string name, Reply<v1::ProbeRun> reply) = 0;
  virtual void CancelProbeRun(std::string name, Reply<v1::ProbeRun> reply) = 0;
  virtual void WatchProbeRun(std::string name, uint64_t after_sequence,
                             std::shared_ptr<ProbeRunSink> sink) = 0;
  virtual void Unwatch(const ProbeRunSink* sink) = 0;

  // Fleet.
  virtual void ListNodes(v1::ListNodesRequest request, Reply<v1::ListNodesResponse> reply) = 0;
  virtual void GetNode(std::string name, Reply<v1::Node> reply) = 0;
  virtual void DrainNode(std::string name, bool drain, Reply<v1::Node> reply) = 0;
  virtual void RevokeNode(std::string name, Reply<v1::Node> reply) = 0;
  virtual void CreateJoinToken(v1::CreateJoinTokenRequest request,
                               Reply<v1::CreateJoinTokenResponse> reply) = 0;
  virtual void ListJoinTokens(v1::ListJoinTokensRequest request,
                              Reply<v1::ListJoinTokensResponse> reply) = 0;
  virtual void RevokeJoinToken(std::string name, Reply<v1::JoinToken> reply) = 0;
  // Burns a use of the token and signs the CSR. UNAUTHENTICATED for an unknown, wrong, expired,
  // used or revoked token (each with its own reason in the log and the message); ALREADY_EXISTS
  // when the name belongs to another node.
  virtual void Enroll(v1::EnrollRequest request, Reply<v1::EnrollResponse> reply) = 0;

  virtual v1::CoordinatorInfo Info() const = 0;

  // Stops taking work, interrupts what runs, says Drain to every node; `done` when all is stored.
  virtual void Shutdown(std::function<void()> done) = 0;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_CORE_CORE_H_
