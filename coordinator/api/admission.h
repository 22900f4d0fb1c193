// Who may call the API, and how many calls there may be.
#ifndef PROBEMESH_COORDINATOR_API_ADMISSION_H_
#define PROBEMESH_COORDINATOR_API_ADMISSION_H_

#include "absl/status/status.h"
#include "coordinator/api/api_context.h"
#include "grpcpp/grpcpp.h"

namespace probemesh::coordinator {

// Calls and streams under way in the process, beyond which new ones get RESOURCE_EXHAUSTED.
inline constexpr uint64_t kMaxCallsInFlight = 1024;

// One call, from its admission until its end. Thread-compatible.
class CallSlot {
 public:
  explicit CallSlot(ApiCounters& counters);
  ~CallSlot();
  CallSlot(const CallSlot&) = delete;
  CallSlot& operator=(const CallSlot&) = delete;

  // RESOURCE_EXHAUSTED when there are too many.
  absl::Status status() const;

 private:
  ApiCounters& counters_;
  bool over_limit_ = false;
};

// OK, UNAUTHENTICATED or PERMISSION_DENIED; the latter two are logged.
absl::Status CheckOperator(const ApiContext& api, const grpc::CallbackServerContext& context);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_API_ADMISSION_H_
