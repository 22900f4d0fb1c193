// All diagnoses of this coordinator: the half of RunManager that deals with them.
#ifndef PROBEMESH_COORDINATOR_RUNS_DIAGNOSIS_RUNS_H_
#define PROBEMESH_COORDINATOR_RUNS_DIAGNOSIS_RUNS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/core/core.h"
#include "coordinator/runs/diagnosis_run.h"
#include "coordinator/runs/path_atlas.h"
#include "coordinator/runs/request_ledger.h"
#include "coordinator/runs/run_references.h"
#include "coordinator/runs/run_shelf.h"
#include "coordinator/runs/store_access.h"

namespace probemesh::coordinator {

// Core loop only. The methods have the contracts of RunManager's.
class DiagnosisRuns {
 public:
  // All must outlive this; `store` must be detached before this is destroyed.
  DiagnosisRuns(RunHost& host, DiagnosisEngine engine, StoreAccess& store,
                RunReferences& references, PathAtlas& atlas);

  void Create(v1::CreateDiagnosisRequest request, Reply<v1::Diagnosis> reply);
  void Get(const std::string& name, Reply<v1::Diagnosis> reply);
  void List(const v1::ListDiagnosesRequest& request, Reply<v1::ListDiagnosesResponse> reply);
  void Cancel(const std::string& name, Reply<v1::Diagnosis> reply);
  void GetBundle(const std::string& name, Reply<v1::EvidenceBundle> reply);
  void Watch(const std::string& name, uint64_t after_sequence, std::shared_ptr<DiagnosisSink> sink);
  void Unwatch(const DiagnosisSink* sink);

  void OnObservation(const std::string& run, const v1::Observation& observation);
  void OnCommandLost(const std::string& run, const std::string& node,
                     const std::string& command_id);
  void OnNodeGone(const std::string& node, const absl::Status& reason);

  // Vantages of a run in memory, by name.
  std::optional<std::vector<std::string>> Vantages(const std::string& name);

  // Ends all as INTERRUPTED; none is created after this.
  void Interrupt();

 private:
  struct Creation {
    DiagnosisRequest request;
    absl::Time create_time;
    MonotonicTime started;
  };

  absl::Status Admission() const;
  void Select(Creation creation, std::vector<std::vector<std::string>> run_nodes,
              Reply<v1::Diagnosis> reply);
  void Persist(Creation creation, std::vector<v1::Node> vantages, Reply<v1::Diagnosis> reply);
  void OnFinished(DiagnosisRun& run);
  void Replay(const v1::Diagnosis& diagnosis, uint64_t after_sequence, DiagnosisSink& sink);

  RunHost& host_;
  const DiagnosisEngine engine_;
  StoreAccess& store_;
  RunReferences& references_;
  PathAtlas& atlas_;
  RunShelf<DiagnosisRun> runs_;
  RequestLedger<v1::Diagnosis> ledger_;
  size_t creating_ = 0;
  // Waiting for a diagnosis of an earlier process to be loaded.
  std::map<const DiagnosisSink*, std::shared_ptr<DiagnosisSink>> loading_;
  bool interrupted_ = false;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_DIAGNOSIS_RUNS_H_
