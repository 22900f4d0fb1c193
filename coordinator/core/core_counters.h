// What the core counts for whoever publishes metrics.
#ifndef PROBEMESH_COORDINATOR_CORE_CORE_COUNTERS_H_
#define PROBEMESH_COORDINATOR_CORE_CORE_COUNTERS_H_

#include <cstdint>
#include <map>
#include <string>

namespace probemesh::coordinator {

// Read and written on the core's loop only. All but connected_nodes ever only grow.
struct CoreCounters {
  uint64_t connected_nodes = 0;
  uint64_t sessions_opened = 0;  // got past their hello
  uint64_t sessions_closed = 0;
  uint64_t sessions_rejected = 0;  // never got past their hello
  uint64_t leases_expired = 0;
  uint64_t commands_sent = 0;
  uint64_t commands_lost = 0;
  uint64_t observations_ingested = 0;
  uint64_t observations_duplicate = 0;
  uint64_t observations_unattributed = 0;  // ingested, but of no command that this node was sent
  uint64_t result_gaps = 0;                // results that a node no longer had
  uint64_t store_errors = 0;
  uint64_t enrollments = 0;
  uint64_t enrollments_refused = 0;
  uint64_t renewals = 0;
  std::map<std::string, uint64_t> diagnoses_by_verdict;  // over, by the verdict's name
  std::map<std::string, uint64_t>
      limits_hit;  // by the name of the limit in coordinator/core/limits.h
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_CORE_CORE_COUNTERS_H_
