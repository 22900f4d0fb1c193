// The core put together: sessions, enrolment, fleet and runs on one thread.
#ifndef PROBEMESH_COORDINATOR_CORE_COORDINATOR_CORE_H_
#define PROBEMESH_COORDINATOR_CORE_COORDINATOR_CORE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/core/core.h"
#include "coordinator/core/core_parts.h"
#include "coordinator/core/enrollment.h"
#include "coordinator/core/fleet.h"
#include "coordinator/core/node_sessions.h"
#include "coordinator/runs/run_host.h"
#include "coordinator/runs/run_manager.h"

namespace probemesh::coordinator {

// Core loop only; see Core. Built by MakeCore.
class CoordinatorCore final : public Core, private RunHost, private NodeSessions::Listener {
 public:
  explicit CoordinatorCore(CoreOptions options);
  ~CoordinatorCore() override;

  SessionId OpenSession(PeerIdentity peer, std::shared_ptr<SessionSink> sink) override;
  void OnSessionMessage(SessionId session, v1::NodeMessage message) override;
  void OnSessionClosed(SessionId session, absl::Status status) override;

  void CreateDiagnosis(v1::CreateDiagnosisRequest request, Reply<v1::Diagnosis> reply) override;
  void GetDiagnosis(std::string name, Reply<v1::Diagnosis> reply) override;
  void ListDiagnoses(v1::ListDiagnosesRequest request,
                     Reply<v1::ListDiagnosesResponse> reply) override;
  void CancelDiagnosis(std::string name, Reply<v1::Diagnosis> reply) override;
  void GetEvidenceBundle(std::string name, Reply<v1::EvidenceBundle> reply) override;
  void WatchDiagnosis(std::string name, uint64_t after_sequence,
                      std::shared_ptr<DiagnosisSink> sink) override;
  void Unwatch(const DiagnosisSink* sink) override;

  void CreateProbeRun(v1::CreateProbeRunRequest request, Reply<v1::ProbeRun> reply) override;
  void GetProbeRun(std::string name, Reply<v1::ProbeRun> reply) override;
  void CancelProbeRun(std::string name, Reply<v1::ProbeRun> reply) override;
  void WatchProbeRun(std::string name, uint64_t after_sequence,
                     std::shared_ptr<ProbeRunSink> sink) override;
  void Unwatch(const ProbeRunSink* sink) override;

  void ListNodes(v1::ListNodesRequest request, Reply<v1::ListNodesResponse> reply) override;
  void GetNode(std::string name, Reply<v1::Node> reply) override;
  void DrainNode(std::string name, bool drain, Reply<v1::Node> reply) override;
  void RevokeNode(std::string name, Reply<v1::Node> reply) override;
  void CreateJoinToken(v1::CreateJoinTokenRequest request,
                       Reply<v1::CreateJoinTokenResponse> reply) override;
  void ListJoinTokens(v1::ListJoinTokensRequest request,
                      Reply<v1::ListJoinTokensResponse> reply) override;
  void RevokeJoinToken(std::string name, Reply<v1::JoinToken> reply) override;
  void Enroll(v1::EnrollRequest request, Reply<v1::EnrollResponse> reply) override;

  v1::CoordinatorInfo Info() const override;

  void Shutdown(std::function<void()> done) override;

 private:
  // RunHost.
  EventLoop& loop() override { return parts_.loop(); }
  Random& random() override { return *parts_.options.random; }
  StoreExecutor& store() override { return parts_.store(); }
  std::vector<v1::Node> Nodes() const override { return parts_.nodes.Views(false); }
  const std::vector<std::string>& Controls() const override { return parts_.options.controls; }
  bool RunCommand(const std::string& node, const std::string& run, v1::RunProbe command) override;
  void CancelCommand(const std::string& node, const std::string& command_id) override;
  void OnDiagnosisOver(const v1::Diagnosis& diagnosis) override;

  // NodeSessions::Listener.
  void OnObservation(const std::string& run, const v1::Observation& observation) override;
  void OnCommandLost(const std::string& run, const std::string& node, const std::string& command_id,
                     absl::Status reason) override;
  void OnNodeGone(const std::string& node, absl::Status reason) override;

  void FinishShutdown();

  CoreParts parts_;
  const absl::Time start_time_;
  Enrollment enrollment_;
  NodeSessions sessions_;
  Fleet fleet_;
  RunManager runs_;

  std::function<void()> shut_down_;  // while shutting down
  bool runs_stored_ = false;
  TimerId shutdown_timer_ = 0;
  MonotonicTime shutdown_deadline_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_CORE_COORDINATOR_CORE_H_
