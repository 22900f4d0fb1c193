// Targets with an IPv4 and an IPv6 address: each family is judged by its own evidence.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_FAMILY_VERDICT_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_FAMILY_VERDICT_H_

#include <optional>
#include <set>

#include "probemesh/v1/diagnosis.pb.h"

namespace probemesh::coordinator {

// nullopt when all families together are to be judged as one: fewer than two were tried from fit
// vantages, or both work. One works and the other does not: DEGRADED. Both fail: the verdict that
// is surer, over both families where they agree, with the other as a secondary fault where they do
// not.
std::optional<v1::Judgement> JudgeByFamily(const v1::EvidenceBundle& bundle,
                                           const std::set<v1::AddressFamily>& families);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_FAMILY_VERDICT_H_
