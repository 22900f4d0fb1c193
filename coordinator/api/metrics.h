// What the coordinator tells Prometheus.
#ifndef PROBEMESH_COORDINATOR_API_METRICS_H_
#define PROBEMESH_COORDINATOR_API_METRICS_H_

#include <string>

#include "absl/time/time.h"
#include "coordinator/api/api_context.h"
#include "coordinator/core/core_counters.h"

namespace probemesh::coordinator {

// The text exposition format, version 0.0.4. No label has more values than the code has names for:
// no node, target, hop or error text.
std::string RenderMetrics(const std::string& version, absl::Time start_time,
                          const CoreCounters& core, const ApiCounters& api);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_API_METRICS_H_
