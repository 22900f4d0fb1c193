#include "coordinator/runs/store_access.h"

#include <vector>

#include "common/base/status_macros.h"
#include "coordinator/runs/evidence.h"

namespace probemesh::coordinator {
namespace {

absl::StatusOr<v1::EvidenceBundle> LoadJudgedBundle(Store& store, const std::string& name) {
  PM_ASSIGN_OR_RETURN(v1::EvidenceBundle bundle, store.GetBundle(name));
  KeepJudged(&bundle);
  return bundle;
}

absl::StatusOr<v1::Diagnosis> LoadWithObservations(Store& store, const std::string& name) {
  PM_ASSIGN_OR_RETURN(v1::Diagnosis diagnosis, store.GetDiagnosis(name));
  PM_ASSIGN_OR_RETURN(const v1::EvidenceBundle bundle, LoadJudgedBundle(store, name));
  AttachObservations(bundle.observations(), diagnosis.mutable_vantages());
  return diagnosis;
}

}  // namespace

void StoreAccess::Flush(std::function<void()> done) {
  Do<absl::Status>([](Store&) { return absl::OkStatus(); },
                   [done = std::move(done)](const absl::Status&) { done(); });
}

bool StoreAccess::Overloaded() const { return host_.store().full(); }

void StoreAccess::Load(const std::string& name,
                       std::function<void(absl::StatusOr<v1::Diagnosis>)> done) {
  Do<absl::StatusOr<v1::Diagnosis>>(
      [name](Store& store) { return LoadWithObservations(store, name); }, std::move(done));
}

void StoreAccess::LoadBundle(const std::string& name,
                             std::function<void(absl::StatusOr<v1::EvidenceBundle>)> done) {
  Do<absl::StatusOr<v1::EvidenceBundle>>(
      [name](Store& store) { return LoadJudgedBundle(store, name); }, std::move(done));
}

}  // namespace probemesh::coordinator
