// probemesh: the command line, a client of the gRPC API.
#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "coordinator/cli/command_line.h"
#include "coordinator/cli/commands/commands.h"
#include "coordinator/cli/terminal.h"
#include "grpc/support/log.h"

namespace probemesh::cli {
namespace {

// An error is one line on stderr, and it is ours. Whoever sets GRPC_VERBOSITY wants to see more.
void SilenceGrpc() {
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
}

ExitCode Finish(ExitCode code, Terminal& terminal) {
  const absl::Status flushed = terminal.Flush();
  if (flushed.ok()) return code;
  terminal.PrintError(flushed.message());
  return ExitCode::kUnknown;
}

ExitCode Main(const std::vector<std::string>& words) {
  const CommandLine line = ParseCommandLine(words);
  Terminal terminal(line.global.plain);
  terminal.Print(line.output);
  if (!line.error.empty()) terminal.PrintError(line.error);
  if (!line.command) return Finish(line.exit_code, terminal);

  SilenceGrpc();
  SystemRandom random;
  Workplace place{line.global, SystemClock(), random, terminal};
  const absl::StatusOr<ExitCode> code =
      std::visit([&place](const auto& options) { return Run(options, place); }, *line.command);
  if (code.ok()) return Finish(*code, terminal);
  terminal.PrintError(code.status().message());
  return Finish(ExitCodeOf(code.status()), terminal);
}

}  // namespace
}  // namespace probemesh::cli

int main(int argc, char** argv) {
  // Debian's Abseil ships with its lock-order detector on; gRPC trips it under connection churn.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return static_cast<int>(probemesh::cli::Main(std::vector<std::string>(argv + 1, argv + argc)));
}
