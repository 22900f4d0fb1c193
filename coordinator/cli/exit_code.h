// What the program's exit status says. Scripts rely on these numbers.
#ifndef PROBEMESH_COORDINATOR_CLI_EXIT_CODE_H_
#define PROBEMESH_COORDINATOR_CLI_EXIT_CODE_H_

#include "absl/status/status.h"
#include "probemesh/v1/diagnosis.pb.h"
#include "probemesh/v1/probe_service.pb.h"

namespace probemesh::cli {

enum class ExitCode : int {
  kHealthy = 0,   // every trusted vantage can use the target; for other commands: done
  kPartial = 1,   // some can, some cannot; or degraded
  kUnusable = 2,  // no trusted vantage can use the target
  kUnknown = 3,   // inconclusive, nothing ran, cancelled, coordinator unreachable
  kUsage = 64,    // bad flag, target or selector (EX_USAGE of sysexits.h)
};

ExitCode ExitCodeOf(const v1::Diagnosis& diagnosis);
ExitCode ExitCodeOf(const v1::ProbeRun& run);
// Of an error: INVALID_ARGUMENT is the caller's, everything else leaves the target unknown.
ExitCode ExitCodeOf(const absl::Status& error);

// How the vantages of a raw probe run fared. A vantage that could not look counts in neither of the
// first two.
struct ProbeTally {
  int answered = 0;
  int failed = 0;
  int lossy = 0;  // of those that were answered
  int not_looked = 0;
};
ProbeTally TallyOf(const v1::ProbeRun& run);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_EXIT_CODE_H_
