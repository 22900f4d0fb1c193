// Shell completion scripts for a tree of commands.
#ifndef PROBEMESH_COORDINATOR_CLI_RENDER_COMPLETION_H_
#define PROBEMESH_COORDINATOR_CLI_RENDER_COMPLETION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace probemesh::cli {

struct FlagInfo {
  std::vector<std::string> names;  // with their dashes
  std::string help;
  bool takes_value = false;
  bool takes_file = false;  // the value is a path
};

struct CommandInfo {
  std::string name;
  std::string help;
  std::vector<FlagInfo> flags;
  std::vector<CommandInfo> commands;
};

// `root` is the program itself. `shell` is bash, zsh or fish; INVALID_ARGUMENT otherwise.
absl::StatusOr<std::string> CompletionScript(const CommandInfo& root, absl::string_view shell);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_RENDER_COMPLETION_H_
