// The whole command line of `probemesh`: words in, one command out.
#ifndef PROBEMESH_COORDINATOR_CLI_COMMAND_LINE_H_
#define PROBEMESH_COORDINATOR_CLI_COMMAND_LINE_H_

#include <optional>
#include <string>
#include <vector>

#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/options.h"

namespace probemesh::cli {

struct CommandLine {
  GlobalOptions global;
  // Absent when everything is said already: help, the version, a usage error.
  std::optional<Command> command;
  std::string output;  // for stdout
  std::string error;   // for stderr, one line
  ExitCode exit_code = ExitCode::kHealthy;
};

// `words` without the program's name. Reads the environment (PROBEMESH_...) and the file of
// --config; nothing else.
CommandLine ParseCommandLine(const std::vector<std::string>& words);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_COMMAND_LINE_H_
