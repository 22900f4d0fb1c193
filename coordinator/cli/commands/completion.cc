// `probemesh completion SHELL`
#include "coordinator/cli/commands/commands.h"

namespace probemesh::cli {

absl::StatusOr<ExitCode> Run(const CompletionOptions& options, Workplace& place) {
  place.terminal.Print(options.script);
  return ExitCode::kHealthy;
}

}  // namespace probemesh::cli
