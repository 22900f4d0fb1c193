// All raw probe runs of this coordinator: the half of RunManager that deals with them. They live in
// memory only; their observations are stored as all others.
#ifndef PROBEMESH_COORDINATOR_RUNS_PROBE_RUNS_H_
#define PROBEMESH_COORDINATOR_RUNS_PROBE_RUNS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/core/core.h"
#include "coordinator/runs/probe_run_run.h"
#include "coordinator/runs/request_ledger.h"
#include "coordinator/runs/run_references.h"
#include "coordinator/runs/run_shelf.h"

namespace probemesh::coordinator {

// Core loop only. The methods have the contracts of RunManager's.
class ProbeRuns {
 public:
  // Both must outlive this.
  ProbeRuns(RunHost& host, RunReferences& references) : host_(host), references_(references) {}

  void Create(v1::CreateProbeRunRequest request, Reply<v1::ProbeRun> reply);
  void Get(const std::string& name, Reply<v1::ProbeRun> reply);
  void Cancel(const std::string& name, Reply<v1::ProbeRun> reply);
  void Watch(const std::string& name, uint64_t after_sequence, std::shared_ptr<ProbeRunSink> sink);
  void Unwatch(const ProbeRunSink* sink);

  void OnObservation(const std::string& run, const v1::Observation& observation);
  void OnCommandLost(const std::string& run, const std::string& node, const std::string& command_id,
                     const absl::Status& reason);
  void OnNodeGone(const std::string& node, const absl::Status& reason);

  std::optional<std::vector<std::string>> Vantages(const std::string& name);
  void Interrupt();

 private:
  absl::Status Admission() const;
  void Begin(const ProbeRequest& request, std::vector<std::vector<std::string>> run_nodes,
             Reply<v1::ProbeRun> reply);

  RunHost& host_;
  RunReferences& references_;
  RunShelf<ProbeRunRun> runs_;
  RequestLedger<v1::ProbeRun> ledger_;
  size_t creating_ = 0;
  bool interrupted_ = false;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_PROBE_RUNS_H_
