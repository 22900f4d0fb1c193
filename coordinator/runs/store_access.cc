#include "coordinator/runs/store_access.h"

#include <vector>

#include "common/base/proto_time.h"
#include "common/base/status_macros.h"
#include "coordinator/runs/evidence.h"

namespace probemesh::coordinator {
namespace {

// What came after the judgement is kept in the store, but was no part of it.
void DropLate(absl::Duration elapsed, google::protobuf::RepeatedPtrField<v1::Observation>* all) {
  google::protobuf::RepeatedPtrField<v1::Observation> kept;
  for (v1::Observation& observation : *all) {
    if (!CameLate(observation, elapsed)) *kept.Add() = std::move(observation);
  }
  *all = std::move(kept);
}

absl::StatusOr<v1::Diagnosis> LoadWithObservations(Store& store, const std::string& name) {
  PM_ASSIGN_OR_RETURN(v1::Diagnosis diagnosis, store.GetDiagnosis(name));
  PM_ASSIGN_OR_RETURN(std::vector<v1::Observation> stored, store.ObservationsOf(name));
  google::protobuf::RepeatedPtrField<v1::Observation> observations;
  for (v1::Observation& observation : stored) *observations.Add() = std::move(observation);
  DropLate(FromProto(diagnosis.elapsed()), &observations);
  AttachObservations(observations, diagnosis.mutable_vantages());
  return diagnosis;
}

absl::StatusOr<v1::EvidenceBundle> LoadJudgedBundle(Store& store, const std::string& name) {
  PM_ASSIGN_OR_RETURN(v1::EvidenceBundle bundle, store.GetBundle(name));
  DropLate(FromProto(bundle.elapsed()), bundle.mutable_observations());
  return bundle;
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
