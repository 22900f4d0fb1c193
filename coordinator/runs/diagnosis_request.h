// A request for a diagnosis, checked: everything that can be said about it before a node is chosen.
#ifndef PROBEMESH_COORDINATOR_RUNS_DIAGNOSIS_REQUEST_H_
#define PROBEMESH_COORDINATOR_RUNS_DIAGNOSIS_REQUEST_H_

#include <vector>

#include "absl/status/statusor.h"
#include "common/net/ip_address.h"
#include "coordinator/planner/selector.h"
#include "probemesh/v1/diagnosis.pb.h"

namespace probemesh::coordinator {

struct DiagnosisRequest {
  v1::DiagnosisSpec spec;  // as given
  v1::Target target;
  Selector selector;
  // Of the address literal, or as asked for.
  v1::AddressFamily family = v1::ADDRESS_FAMILY_UNSPECIFIED;
  // What vantages must have for it.
  v1::AddressFamily vantage_family = v1::ADDRESS_FAMILY_UNSPECIFIED;
  std::vector<HostPort> neighbors;
  absl::Duration deadline;
};

// INVALID_ARGUMENT that says which field is wrong and what would be right.
absl::StatusOr<DiagnosisRequest> CheckDiagnosisSpec(const v1::DiagnosisSpec& spec);

// The family that a vantage needs for a target of `family`: none for loopback, which every node has
// without any address towards the world.
v1::AddressFamily VantageFamily(const v1::Target& target, v1::AddressFamily family);

// The family of a literal, which must agree with `asked` if that is given.
absl::StatusOr<v1::AddressFamily> SettleFamily(const v1::Target& target, v1::AddressFamily asked);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_DIAGNOSIS_REQUEST_H_
