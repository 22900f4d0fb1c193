// All diagnoses and raw probe runs of this coordinator: it creates them, feeds them with committed
// evidence, tells their watchers, and remembers the finished ones.
#ifndef PROBEMESH_COORDINATOR_RUNS_RUN_MANAGER_H_
#define PROBEMESH_COORDINATOR_RUNS_RUN_MANAGER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "coordinator/core/core.h"
#include "coordinator/runs/diagnosis_engine.h"
#include "coordinator/runs/run_host.h"

namespace probemesh::coordinator {

// Core loop only. The methods that Core declares as well have Core's contract.
class RunManager {
 public:
  // `host` must outlive the manager.
  explicit RunManager(RunHost& host);
  // With another judge than coordinator/diagnosis.
  RunManager(RunHost& host, DiagnosisEngine engine);
  ~RunManager();
  RunManager(const RunManager&) = delete;
  RunManager& operator=(const RunManager&) = delete;

  void CreateDiagnosis(v1::CreateDiagnosisRequest request, Reply<v1::Diagnosis> reply);
  void GetDiagnosis(std::string name, Reply<v1::Diagnosis> reply);
  void ListDiagnoses(v1::ListDiagnosesRequest request, Reply<v1::ListDiagnosesResponse> reply);
  void CancelDiagnosis(std::string name, Reply<v1::Diagnosis> reply);
  void GetEvidenceBundle(std::string name, Reply<v1::EvidenceBundle> reply);
  void WatchDiagnosis(std::string name, uint64_t after_sequence,
                      std::shared_ptr<DiagnosisSink> sink);
  void Unwatch(const DiagnosisSink* sink);

  void CreateProbeRun(v1::CreateProbeRunRequest request, Reply<v1::ProbeRun> reply);
  void GetProbeRun(std::string name, Reply<v1::ProbeRun> reply);
  void CancelProbeRun(std::string name, Reply<v1::ProbeRun> reply);
  void WatchProbeRun(std::string name, uint64_t after_sequence, std::shared_ptr<ProbeRunSink> sink);
  void Unwatch(const ProbeRunSink* sink);

  // Evidence of a run, after its commit; `observation.node` is the authenticated sender. Ignored
  // when the run is unknown, over, or did not send that command to that node.
  void OnObservation(const std::string& run, const v1::Observation& observation);
  // The command will never answer: its node's session ended (and with it the lease), or its
  // time-to-live passed in the queue.
  void OnCommandLost(const std::string& run, const std::string& node, const std::string& command_id,
                     absl::Status reason);
  // The node's session ended, or its lease ran out.
  void OnNodeGone(const std::string& node, absl::Status reason);

  // Ends every run as INTERRUPTED and stores it; `done` when all is stored. No new runs after this.
  void Shutdown(std::function<void()> done);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_RUN_MANAGER_H_
