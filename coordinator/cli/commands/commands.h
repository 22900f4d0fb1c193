// What each command does. All run on the main thread; an error is for one line on stderr.
#ifndef PROBEMESH_COORDINATOR_CLI_COMMANDS_COMMANDS_H_
#define PROBEMESH_COORDINATOR_CLI_COMMANDS_COMMANDS_H_

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/options.h"
#include "coordinator/cli/terminal.h"

namespace probemesh::cli {

// What every command works with; all outlive it.
struct Workplace {
  const GlobalOptions& global;
  const Clock& clock;
  Random& random;
  Terminal& terminal;
};

absl::StatusOr<ExitCode> Run(const DiagnoseOptions& options, Workplace& place);
absl::StatusOr<ExitCode> Run(const ProbeOptions& options, Workplace& place);
absl::StatusOr<ExitCode> Run(const NodesOptions& options, Workplace& place);
absl::StatusOr<ExitCode> Run(const TokenOptions& options, Workplace& place);
absl::StatusOr<ExitCode> Run(const HistoryOptions& options, Workplace& place);
absl::StatusOr<ExitCode> Run(const ExplainOptions& options, Workplace& place);
absl::StatusOr<ExitCode> Run(const BundleOptions& options, Workplace& place);
absl::StatusOr<ExitCode> Run(const VersionOptions& options, Workplace& place);
absl::StatusOr<ExitCode> Run(const CompletionOptions& options, Workplace& place);

// A resource's full name: "diagnoses/x" of "x" or of itself.
std::string ResourceName(absl::string_view collection, absl::string_view id);

// A finished diagnosis in the format asked for (not kJsonLines).
void PrintDiagnosis(const v1::Diagnosis& diagnosis, OutputFormat format, bool everything,
                    Terminal& terminal);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_COMMANDS_COMMANDS_H_
