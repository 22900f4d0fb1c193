// EnrollmentService over the core: the one service that strangers may call.
#ifndef PROBEMESH_COORDINATOR_API_ENROLLMENT_API_H_
#define PROBEMESH_COORDINATOR_API_ENROLLMENT_API_H_

#include "coordinator/api/api_context.h"
#include "coordinator/api/rate_limiter.h"
#include "probemesh/v1/enrollment_service.grpc.pb.h"

namespace probemesh::coordinator {

// A request holds a token, a CSR and a few labels.
inline constexpr int kMaxEnrollmentMessageBytes = 64 << 10;

class EnrollmentApi final : public v1::EnrollmentService::CallbackService {
 public:
  explicit EnrollmentApi(const ApiContext& api) : api_(api), limiter_(kEnrollmentRates) {}

  grpc::ServerUnaryReactor* Enroll(grpc::CallbackServerContext* context,
                                   const v1::EnrollRequest* request,
                                   v1::EnrollResponse* response) override;

 private:
  absl::Status Admit(const grpc::CallbackServerContext& context);

  const ApiContext api_;
  RateLimiter limiter_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_API_ENROLLMENT_API_H_
