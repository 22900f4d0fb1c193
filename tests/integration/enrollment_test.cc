// The enrolment port: what strangers can and cannot do there.
#include <gmock/gmock.h>

#include "common/rpc/status_bridge.h"
#include "coordinator/api/enrollment_api.h"
#include "probemesh/v1/enrollment_service.grpc.pb.h"
#include "probemesh/v1/fleet_service.grpc.pb.h"
#include "tests/integration/coordinator_fixture.h"

namespace probemesh::coordinator {
namespace {

class EnrollmentTest : public CoordinatorFixture {
 protected:
  absl::Status Enroll(const v1::EnrollRequest& request, v1::EnrollResponse* response) {
    grpc::ClientContext context;
    SetTestDeadline(&context);
    return FromGrpc(stub_->Enroll(&context, request, response));
  }
  absl::Status Enroll() {
    v1::EnrollRequest request;
    request.set_requested_name("fra-1");
    v1::EnrollResponse response;
    return Enroll(request, &response);
  }

  std::unique_ptr<v1::EnrollmentService::Stub> stub_ =
      v1::EnrollmentService::NewStub(EnrollmentChannel(authority_->spki_sha256()));
};

TEST_F(EnrollmentTest, NeedsNoCertificate) {
  v1::EnrollRequest request;
  request.set_requested_name("fra-1");
  request.set_token_secret("secret");
  v1::EnrollResponse response;
  ASSERT_TRUE(Enroll(request, &response).ok());
  EXPECT_EQ(response.node(), "nodes/fra-1");
  OnLoop([&] { EXPECT_EQ(core_.last_enrollment.token_secret(), "secret"); });
}

TEST_F(EnrollmentTest, RefusalsComeBackWithTheirReason) {
  OnLoop([&] { core_.answer = absl::UnauthenticatedError("the join token was used already"); });
  const absl::Status status = Enroll();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(status.message(), "the join token was used already");
}

TEST_F(EnrollmentTest, AWrongPinStopsTheNodeBeforeItShowsItsToken) {
  stub_ = v1::EnrollmentService::NewStub(EnrollmentChannel(std::string(32, 'x')));
  const absl::Status status = Enroll();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("wrong pin"));
  OnLoop([&] { EXPECT_TRUE(core_.calls.empty()); });
}

TEST_F(EnrollmentTest, NothingElseIsServedThere) {
  const auto fleet = v1::FleetService::NewStub(EnrollmentChannel(authority_->spki_sha256()));
  grpc::ClientContext context;
  SetTestDeadline(&context);
  v1::ListNodesResponse response;
  EXPECT_EQ(fleet->ListNodes(&context, v1::ListNodesRequest(), &response).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(EnrollmentTest, ManyAttemptsAreHeldBack) {
  int limited = 0;
  for (int i = 0; i < 150; ++i) {
    const absl::Status status = Enroll();
    if (status.ok()) continue;
    EXPECT_EQ(ReasonOf(status), "TOO_MANY_ENROLLMENTS");
    ++limited;
  }
  EXPECT_GT(limited, 0);
  EXPECT_EQ(counters_.enrollments_limited, static_cast<uint64_t>(limited));
}

TEST_F(EnrollmentTest, LargeRequestsAreRefused) {
  v1::EnrollRequest request;
  request.set_csr_der(std::string(kMaxEnrollmentMessageBytes + 1, 'x'));
  v1::EnrollResponse response;
  EXPECT_EQ(Enroll(request, &response).code(), absl::StatusCode::kResourceExhausted);
  OnLoop([&] { EXPECT_TRUE(core_.calls.empty()); });
}

}  // namespace
}  // namespace probemesh::coordinator
