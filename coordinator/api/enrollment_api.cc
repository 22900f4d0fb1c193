#include "coordinator/api/enrollment_api.h"

#include <utility>

#include "common/log/log.h"
#include "coordinator/api/unary_call.h"

namespace probemesh::coordinator {

absl::Status EnrollmentApi::Admit(const grpc::CallbackServerContext& context) {
  const std::string peer = context.peer();
  if (limiter_.Allow(PeerAddressOf(peer), api_.clock.Monotonic())) return absl::OkStatus();
  ++api_.counters.enrollments_limited;
  LogWarning("enrollment_limited", {{"peer", peer}});
  return WithReason(absl::ResourceExhaustedError("too many enrolments; try again in some seconds"),
                    "TOO_MANY_ENROLLMENTS");
}

grpc::ServerUnaryReactor* EnrollmentApi::Enroll(grpc::CallbackServerContext* context,
                                                const v1::EnrollRequest* request,
                                                v1::EnrollResponse* response) {
  return StartUnaryCall(api_, Admit(*context), response,
                        [request = *request](Core& core, Reply<v1::EnrollResponse> reply) {
                          core.Enroll(request, std::move(reply));
                        });
}

}  // namespace probemesh::coordinator
