#include "coordinator/runs/run_manager.h"

#include <optional>
#include <utility>
#include <vector>

#include "coordinator/runs/diagnosis_runs.h"
#include "coordinator/runs/path_atlas.h"
#include "coordinator/runs/probe_runs.h"
#include "coordinator/runs/run_references.h"
#include "coordinator/runs/store_access.h"

namespace probemesh::coordinator {

class RunManager::Impl {
 public:
  Impl(RunHost& host, DiagnosisEngine engine)
      : store(host),
        references(store, [this](const std::string& name) { return Vantages(name); }),
        atlas(host),
        diagnoses(host, std::move(engine), store, references, atlas),
        probes(host, references) {}
  // Nothing that the store still does may find the rest gone.
  ~Impl() { store.Detach(); }

  std::optional<std::vector<std::string>> Vantages(const std::string& name) {
    std::optional<std::vector<std::string>> nodes = diagnoses.Vantages(name);
    return nodes ? nodes : probes.Vantages(name);
  }

  StoreAccess store;
  RunReferences references;
  PathAtlas atlas;
  DiagnosisRuns diagnoses;
  ProbeRuns probes;
};

RunManager::RunManager(RunHost& host, DiagnosisEngine engine)
    : impl_(std::make_unique<Impl>(host, std::move(engine))) {}

RunManager::~RunManager() = default;

void RunManager::CreateDiagnosis(v1::CreateDiagnosisRequest request, Reply<v1::Diagnosis> reply) {
  impl_->diagnoses.Create(std::move(request), std::move(reply));
}

void RunManager::GetDiagnosis(std::string name, Reply<v1::Diagnosis> reply) {
  impl_->diagnoses.Get(name, std::move(reply));
}

void RunManager::ListDiagnoses(v1::ListDiagnosesRequest request,
                               Reply<v1::ListDiagnosesResponse> reply) {
  impl_->diagnoses.List(request, std::move(reply));
}

void RunManager::CancelDiagnosis(std::string name, Reply<v1::Diagnosis> reply) {
  impl_->diagnoses.Cancel(name, std::move(reply));
}

void RunManager::GetEvidenceBundle(std::string name, Reply<v1::EvidenceBundle> reply) {
  impl_->diagnoses.GetBundle(name, std::move(reply));
}

void RunManager::WatchDiagnosis(std::string name, uint64_t after_sequence,
                                std::shared_ptr<DiagnosisSink> sink) {
  impl_->diagnoses.Watch(name, after_sequence, std::move(sink));
}

void RunManager::Unwatch(const DiagnosisSink* sink) { impl_->diagnoses.Unwatch(sink); }

void RunManager::CreateProbeRun(v1::CreateProbeRunRequest request, Reply<v1::ProbeRun> reply) {
  impl_->probes.Create(std::move(request), std::move(reply));
}

void RunManager::GetProbeRun(std::string name, Reply<v1::ProbeRun> reply) {
  impl_->probes.Get(name, std::move(reply));
}

void RunManager::CancelProbeRun(std::string name, Reply<v1::ProbeRun> reply) {
  impl_->probes.Cancel(name, std::move(reply));
}

void RunManager::WatchProbeRun(std::string name, uint64_t after_sequence,
                               std::shared_ptr<ProbeRunSink> sink) {
  impl_->probes.Watch(name, after_sequence, std::move(sink));
}

void RunManager::Unwatch(const ProbeRunSink* sink) { impl_->probes.Unwatch(sink); }

void RunManager::OnObservation(const std::string& run, const v1::Observation& observation) {
  if (PathAtlas::Owns(run)) return impl_->atlas.OnObservation(observation);
  impl_->diagnoses.OnObservation(run, observation);
  impl_->probes.OnObservation(run, observation);
}

void RunManager::OnCommandLost(const std::string& run, const std::string& node,
                               const std::string& command_id, absl::Status reason) {
  if (PathAtlas::Owns(run)) return impl_->atlas.OnCommandLost(node, command_id);
  impl_->diagnoses.OnCommandLost(run, node, command_id);
  impl_->probes.OnCommandLost(run, node, command_id, reason);
}

void RunManager::OnNodeGone(const std::string& node, absl::Status reason) {
  impl_->atlas.OnNodeGone(node);
  impl_->diagnoses.OnNodeGone(node, reason);
  impl_->probes.OnNodeGone(node, reason);
}

void RunManager::Shutdown(std::function<void()> done) {
  impl_->atlas.Stop();
  impl_->diagnoses.Interrupt();
  impl_->probes.Interrupt();
  impl_->store.Flush(std::move(done));
}

}  // namespace probemesh::coordinator
