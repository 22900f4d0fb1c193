// The public API over mutual TLS with answers from a script: what a client meets, without a mesh.
#ifndef PROBEMESH_TESTS_INTEGRATION_SCRIPTED_COORDINATOR_H_
#define PROBEMESH_TESTS_INTEGRATION_SCRIPTED_COORDINATOR_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/sync/mutex.h"
#include "probemesh/v1/diagnosis_service.grpc.pb.h"
#include "probemesh/v1/fleet_service.grpc.pb.h"
#include "probemesh/v1/probe_service.grpc.pb.h"
#include "tests/support/test_authority.h"

namespace probemesh {

// How a watch of a diagnosis or a run goes. Set before a client connects.
template <typename Event>
struct WatchScript {
  std::vector<Event> events;  // numbered from 1; the last is `done`, unless held
  absl::Duration pause;       // before each event
  int break_after = 0;        // the first watch ends as UNAVAILABLE after this many events
  bool hold = false;          // wait for the cancellation instead of ending
};

class ScriptedDiagnoses final : public v1::DiagnosisService::Service {
 public:
  grpc::Status create_status;
  v1::Diagnosis diagnosis;  // its name is what Create returns
  WatchScript<v1::DiagnosisEvent> script;
  v1::EvidenceBundle bundle;

  v1::CreateDiagnosisRequest created() const;
  bool cancelled() const;
  int watches() const;

  grpc::Status CreateDiagnosis(grpc::ServerContext*, const v1::CreateDiagnosisRequest* request,
                               v1::Diagnosis* response) override;
  grpc::Status WatchDiagnosis(grpc::ServerContext* context,
                              const v1::WatchDiagnosisRequest* request,
                              grpc::ServerWriter<v1::DiagnosisEvent>* writer) override;
  grpc::Status CancelDiagnosis(grpc::ServerContext*, const v1::CancelDiagnosisRequest* request,
                               v1::Diagnosis* response) override;
  grpc::Status GetDiagnosis(grpc::ServerContext*, const v1::GetDiagnosisRequest* request,
                            v1::Diagnosis* response) override;
  grpc::Status ListDiagnoses(grpc::ServerContext*, const v1::ListDiagnosesRequest*,
                             v1::ListDiagnosesResponse* response) override;
  grpc::Status GetEvidenceBundle(grpc::ServerContext*, const v1::GetEvidenceBundleRequest* request,
                                 v1::EvidenceBundle* response) override;

 private:
  // False when the client went away first.
  bool AwaitCancellation(grpc::ServerContext* context, absl::Duration limit);

  mutable Mutex mutex_;
  CondVar changed_;
  v1::CreateDiagnosisRequest created_ ABSL_GUARDED_BY(mutex_);
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  int watches_ ABSL_GUARDED_BY(mutex_) = 0;
};

class ScriptedProbes final : public v1::ProbeService::Service {
 public:
  v1::ProbeRun run;
  WatchScript<v1::ProbeRunEvent> script;

  v1::CreateProbeRunRequest created() const;

  grpc::Status CreateProbeRun(grpc::ServerContext*, const v1::CreateProbeRunRequest* request,
                              v1::ProbeRun* response) override;
  grpc::Status WatchProbeRun(grpc::ServerContext*, const v1::WatchProbeRunRequest* request,
                             grpc::ServerWriter<v1::ProbeRunEvent>* writer) override;

 private:
  mutable Mutex mutex_;
  v1::CreateProbeRunRequest created_ ABSL_GUARDED_BY(mutex_);
};

class ScriptedFleet final : public v1::FleetService::Service {
 public:
  std::map<std::string, v1::Node> nodes;  // by full name

  grpc::Status ListNodes(grpc::ServerContext*, const v1::ListNodesRequest* request,
                         v1::ListNodesResponse* response) override;
  grpc::Status GetNode(grpc::ServerContext*, const v1::GetNodeRequest* request,
                       v1::Node* response) override;
  grpc::Status DrainNode(grpc::ServerContext*, const v1::DrainNodeRequest* request,
                         v1::Node* response) override;
  grpc::Status CreateJoinToken(grpc::ServerContext*, const v1::CreateJoinTokenRequest* request,
                               v1::CreateJoinTokenResponse* response) override;
};

class ScriptedCoordinator {
 public:
  ScriptedDiagnoses diagnoses;
  ScriptedProbes probes;
  ScriptedFleet fleet;

  ScriptedCoordinator();
  ~ScriptedCoordinator();

  // A context file of its administrator; lives as long as the coordinator.
  std::string context_path() const { return folder_.path() + "/admin.context"; }
  // A context of somebody whom another authority vouches for.
  std::string foreign_context_path() const { return folder_.path() + "/foreign.context"; }
  std::string endpoint() const;

  // Stops listening; the port stays unused.
  void Stop();

 private:
  void WriteContext(TestAuthority& authority, const std::string& path);

  TestAuthority authority_;
  TestAuthority foreign_;
  TempDirectory folder_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_INTEGRATION_SCRIPTED_COORDINATOR_H_
