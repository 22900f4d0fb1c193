#include "coordinator/cli/connection.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/pki/client_context.h"
#include "common/rpc/channel_options.h"
#include "common/rpc/credentials.h"
#include "common/rpc/status_bridge.h"
#include "coordinator/cli/render/printable.h"

namespace probemesh::cli {
namespace {

constexpr int kTickMilliseconds = 100;

// gRPC wraps the reason of a failed connection into several layers of words.
absl::string_view InnermostReason(absl::string_view message) {
  constexpr absl::string_view kLastError = "last error: ";
  const size_t at = message.rfind(kLastError);
  return at == absl::string_view::npos ? message : message.substr(at + kLastError.size());
}

// A context that cannot be used leaves the target unknown; the command line was right.
absl::Status AsContextError(const absl::Status& error) {
  return absl::FailedPreconditionError(Printable(error.message()));
}

}  // namespace

absl::StatusOr<std::string> ContextPath(const std::string& asked) {
  if (!asked.empty()) return asked;
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return absl::StrCat(home, "/.config/probemesh/context");
  return absl::FailedPreconditionError(
      "no context: HOME is not set; the coordinator writes a context to DATA-DIR/admin.context: "
      "name it with --context or PROBEMESH_CONTEXT");
}

absl::StatusOr<Connection> Connection::Open(const std::string& context, const Clock& clock) {
  PM_ASSIGN_OR_RETURN(std::string path, ContextPath(context));
  const absl::StatusOr<internal::v1::ClientContext> loaded = LoadClientContext(path);
  if (!loaded.ok()) return AsContextError(loaded.status());
  auto credentials =
      MutualTlsClientCredentials({loaded->key_pem(), loaded->certificate_pem()}, loaded->ca_pem());
  auto channel = grpc::CreateCustomChannel(GrpcTarget(loaded->endpoint()), credentials,
                                           ClientChannelArguments());
  return Connection(loaded->endpoint(), std::move(path), std::move(channel), clock);
}

absl::Status Connection::AwaitReady(const std::function<bool()>& give_up) {
  const MonotonicTime deadline = clock_->Monotonic() + kConnectTimeout;
  while (clock_->Monotonic() < deadline) {
    if (give_up()) return absl::CancelledError("interrupted");
    const grpc_connectivity_state state = channel_->GetState(/*try_to_connect=*/true);
    // After a failure the next call says at once what went wrong.
    if (state == GRPC_CHANNEL_READY || state == GRPC_CHANNEL_TRANSIENT_FAILURE) {
      return absl::OkStatus();
    }
    channel_->WaitForStateChange(state, gpr_time_from_millis(kTickMilliseconds, GPR_TIMESPAN));
  }
  return Unreachable(absl::StrCat("no answer within ", absl::FormatDuration(kConnectTimeout)));
}

void Connection::SetDeadline(grpc::ClientContext& context, absl::Duration timeout) const {
  context.set_deadline(absl::ToChronoTime(clock_->Wall() + timeout));
}

absl::Status Connection::Unreachable(absl::string_view reason) const {
  return absl::UnavailableError(
      absl::StrCat("cannot reach the coordinator at ", Printable(endpoint_), ": ", reason,
                   "; check that it runs, that this machine may reach that port, and that ",
                   Printable(context_path_), " belongs to it"));
}

absl::Status Connection::ToError(const grpc::Status& status) const {
  const std::string reason = Printable(InnermostReason(status.error_message()));
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return Unreachable(reason);
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Unreachable("no answer in time");
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      return absl::PermissionDeniedError(absl::StrCat("the coordinator at ", Printable(endpoint_),
                                                      " refuses: ", reason, "; is ",
                                                      Printable(context_path_), " still valid?"));
    case grpc::StatusCode::UNIMPLEMENTED:
      return absl::UnimplementedError(
          absl::StrCat("the coordinator at ", Printable(endpoint_), " cannot do that: ", reason));
    default: {
      const absl::Status error = FromGrpc(status);
      return absl::Status(error.code(), Printable(error.message()));
    }
  }
}

}  // namespace probemesh::cli
