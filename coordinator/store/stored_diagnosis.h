// What of a diagnosis goes into its row: everything but the observations, which have rows of their
// own.
#ifndef PROBEMESH_COORDINATOR_STORE_STORED_DIAGNOSIS_H_
#define PROBEMESH_COORDINATOR_STORE_STORED_DIAGNOSIS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "probemesh/v1/diagnosis.pb.h"

namespace probemesh::coordinator {

v1::Diagnosis WithoutObservations(const v1::Diagnosis& diagnosis);
v1::EvidenceBundle WithoutObservations(const v1::EvidenceBundle& bundle);

// Microseconds since the Unix epoch.
int64_t CreateMicros(const v1::Diagnosis& diagnosis);

absl::Status NoSuchDiagnosis(const std::string& name);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_STORE_STORED_DIAGNOSIS_H_
