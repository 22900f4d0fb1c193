#include "common/rpc/status_bridge.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace probemesh {
namespace {

TEST(StatusBridge, OkIsOk) {
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
}

TEST(StatusBridge, CarriesExactlyOneErrorInfo) {
  const grpc::Status sent = ToGrpc(WithReason(absl::NotFoundError("no such node"), "NO_NODE"));
  EXPECT_EQ(sent.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(sent.error_message(), "no such node");
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(sent.error_details()));
  ASSERT_EQ(details.details_size(), 1);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "NO_NODE");
  EXPECT_EQ(info.domain(), "probemesh");
}

TEST(StatusBridge, TheReasonComesBack) {
  const absl::Status status = WithReason(absl::UnavailableError("later"), "STORE_FAILED");
  const absl::Status received = FromGrpc(ToGrpc(status));
  EXPECT_EQ(received.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(received.message(), "later");
  EXPECT_EQ(ReasonOf(received), "STORE_FAILED");
}

TEST(StatusBridge, WithoutAReasonItIsTheCode) {
  EXPECT_EQ(ReasonOf(absl::AbortedError("x")), "");
  EXPECT_EQ(ReasonOf(FromGrpc(ToGrpc(absl::AbortedError("x")))), "ABORTED");
}

TEST(StatusBridge, ForeignStatusesAreTaken) {
  const absl::Status received =
      FromGrpc(grpc::Status(grpc::StatusCode::INTERNAL, "odd", "\xff\xff not protobuf"));
  EXPECT_EQ(received.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ReasonOf(received), "");
}

TEST(StatusBridge, LongMessagesFitIntoTrailers) {
  std::string message;
  while (message.size() < 100000) message += "\xc3\xa4";
  const grpc::Status sent = ToGrpc(absl::InternalError(message));
  EXPECT_LT(sent.error_message().size() + sent.error_details().size(), 6000u);
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(sent.error_details()));
}

}  // namespace
}  // namespace probemesh
