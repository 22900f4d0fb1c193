#include "common/rpc/grpc_log.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/log/log.h"
#include "grpc/support/log.h"

namespace probemesh {
namespace {

absl::string_view BaseName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

// Said of every client that reaches this server by address; our clients look at the identity.
bool IsNoise(absl::string_view message) {
  return absl::StartsWith(message, "No match found for server name");
}

void Forward(gpr_log_func_args* args) {
  if (IsNoise(args->message)) return;
  const LogLevel level =
      args->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kWarning : LogLevel::kDebug;
  Log(level, "grpc",
      {{"message", args->message}, {"at", absl::StrCat(BaseName(args->file), ":", args->line)}});
}

}  // namespace

void LogGrpcMessages() { gpr_set_log_function(&Forward); }

}  // namespace probemesh
