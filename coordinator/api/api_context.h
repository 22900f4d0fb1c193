// What every service of the API needs.
#ifndef PROBEMESH_COORDINATOR_API_API_CONTEXT_H_
#define PROBEMESH_COORDINATOR_API_API_CONTEXT_H_

#include <atomic>
#include <cstdint>

#include "common/base/clock.h"
#include "coordinator/core/core_gate.h"

namespace probemesh::coordinator {

// Counted on gRPC's threads.
struct ApiCounters {
  std::atomic<uint64_t> calls{0};
  std::atomic<uint64_t> calls_refused{0};  // no operator, or no valid certificate
  std::atomic<uint64_t> calls_in_flight{0};
  std::atomic<uint64_t> calls_over_limit{0};
  std::atomic<uint64_t> watchers_overflowed{0};
  std::atomic<uint64_t> enrollments_limited{0};
};

// The referents outlive every call.
struct ApiContext {
  CoreGate& gate;
  const Clock& clock;
  ApiCounters& counters;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_API_API_CONTEXT_H_
