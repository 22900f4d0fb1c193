// How sure one may be at most, whatever the score says.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_CEILINGS_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_CEILINGS_H_

#include <cstdint>

#include "coordinator/diagnosis/cause_catalogue.h"
#include "coordinator/diagnosis/scene.h"

namespace probemesh::coordinator {

constexpr int64_t kMillion = 1'000'000;

// Of one million. One network alone: .60. Fewer than 2.5 effective vantages: .85. A claim about the
// target without a sign of where it fails: .70. Mostly vantages that never proved their own
// network: .75. Never above .99.
int64_t CeilingFor(Cause cause, const Scene& scene, const SeatSet& affected);

// The same for claims that rest on vantages rather than on probes of the target.
int64_t CeilingForGroups(int64_t effective_vantages_per_mille, size_t groups);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_CEILINGS_H_
