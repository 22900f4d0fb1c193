#include "coordinator/api/enrollment_api.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "coordinator/api/unary_call.h"

namespace probemesh::coordinator {
namespace {

constexpr uint64_t kLimitedPerLogLine = 100;

}  // namespace

absl::Status EnrollmentApi::Admit(const grpc::CallbackServerContext& context) {
  const std::string peer = context.peer();
  if (limiter_.Allow(PeerAddressOf(peer), api_.clock.Monotonic())) return absl::OkStatus();
  // Not every one: strangers must not fill the log either.
  const uint64_t limited = ++api_.counters.enrollments_limited;
  if (limited % kLimitedPerLogLine == 1) {
    LogWarning("enrollment_limited", {{"peer", peer}, {"in_all", absl::StrCat(limited)}});
  }
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
