// Who says host-unreachable, and after how long: a router that waited for an address (ARP, ND)
// tells of a host that is gone, one that answers at once tells of its configuration.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_UNREACHABLE_TIMING_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_UNREACHABLE_TIMING_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "coordinator/diagnosis/evidence_view.h"

namespace probemesh::coordinator {

// One vantage's errors, and the median round trip of its walks' answers in milliseconds, if it has
// any.
struct TimedErrors {
  std::vector<ErrorSeen>* errors = nullptr;
  std::optional<int64_t> round_trip_ms;
};

std::optional<int64_t> MedianRoundTrip(std::vector<int64_t> round_trips_ms);

// Makes every host-unreachable kLateUnreachable or kQuickUnreachable by what its offender was seen
// to do mesh-wide, and removes those that prove neither.
void SettleUnreachables(const std::vector<TimedErrors>& vantages);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_UNREACHABLE_TIMING_H_
