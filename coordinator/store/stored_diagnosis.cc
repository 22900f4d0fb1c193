#include "coordinator/store/stored_diagnosis.h"

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"

namespace probemesh::coordinator {

v1::Diagnosis WithoutObservations(const v1::Diagnosis& diagnosis) {
  v1::Diagnosis stripped = diagnosis;
  for (v1::VantageReport& vantage : *stripped.mutable_vantages()) vantage.clear_observations();
  return stripped;
}

v1::EvidenceBundle WithoutObservations(const v1::EvidenceBundle& bundle) {
  v1::EvidenceBundle stripped = bundle;
  stripped.clear_observations();
  return stripped;
}

int64_t CreateMicros(const v1::Diagnosis& diagnosis) {
  return absl::ToUnixMicros(FromProto(diagnosis.create_time()));
}

absl::Status NoSuchDiagnosis(const std::string& name) {
  return absl::NotFoundError(absl::StrCat("no such diagnosis: ", name));
}

}  // namespace probemesh::coordinator
