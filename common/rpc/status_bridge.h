// absl::Status across gRPC, with the google.rpc error details that AIP-193 asks for.
#ifndef PROBEMESH_COMMON_RPC_STATUS_BRIDGE_H_
#define PROBEMESH_COMMON_RPC_STATUS_BRIDGE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"

namespace probemesh {

// Attaches an UPPER_SNAKE reason, which ToGrpc puts into ErrorInfo.reason. Without one the reason
// is the code's name.
absl::Status WithReason(absl::Status status, absl::string_view reason);
// The reason attached by WithReason or received by FromGrpc; empty if there is none.
std::string ReasonOf(const absl::Status& status);

// Carries exactly one google.rpc.ErrorInfo with domain "probemesh".
grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_RPC_STATUS_BRIDGE_H_
