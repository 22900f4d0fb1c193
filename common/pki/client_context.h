// The CLI's context file: written by the coordinator, read by every client.
#ifndef PROBEMESH_COMMON_PKI_CLIENT_CONTEXT_H_
#define PROBEMESH_COMMON_PKI_CLIENT_CONTEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "probemesh/internal/v1/client_context.pb.h"

namespace probemesh {

// NOT_FOUND, PERMISSION_DENIED or INVALID_ARGUMENT, each naming the path and what to do.
absl::StatusOr<internal::v1::ClientContext> LoadClientContext(const std::string& path);

// Atomically, mode 0600.
absl::Status SaveClientContext(const internal::v1::ClientContext& context, const std::string& path);

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_PKI_CLIENT_CONTEXT_H_
