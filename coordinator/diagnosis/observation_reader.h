// Adds one observation to what is known of its vantage.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_OBSERVATION_READER_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_OBSERVATION_READER_H_

#include <cstdint>
#include <map>
#include <string>

#include "coordinator/diagnosis/evidence_view.h"
#include "probemesh/v1/observation.pb.h"

namespace probemesh::coordinator {

// When this vantage's first packet left for each destination, on its own clock.
using FirstSend = std::map<std::string, int64_t>;

// The wall clock of the node, in milliseconds, when the observation began.
int64_t StartMillis(const v1::Observation& observation);

// Not for CANCELLED observations. An address-unreachable error is entered as kQuickUnreachable;
// the view settles which of them were late (unreachable_timing.h).
void ReadObservation(const v1::Observation& observation, v1::Target::Scheme scheme,
                     const FirstSend& first_send, VantageEvidence* vantage);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_OBSERVATION_READER_H_
