// How the daemons read their flags: command line, then PROBEMESH_<FLAG> in the environment, then
// the file of --config; whichever comes first wins.
#ifndef PROBEMESH_COMMON_OPTIONS_DAEMON_FLAGS_H_
#define PROBEMESH_COMMON_OPTIONS_DAEMON_FLAGS_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace probemesh {

// "--data-dir" is PROBEMESH_DATA_DIR.
std::string EnvironmentName(const std::string& flag);

// `value` must outlive the parsing. `type` is what --help shows, for example "DIR".
template <typename T>
CLI::Option* AddFlag(CLI::App& app, const std::string& flag, T& value, const std::string& help,
                     const std::string& type) {
  return app.add_option(flag, value, help)->type_name(type)->envname(EnvironmentName(flag));
}

// Adds --version and --config, and the examples that end --help.
void DescribeDaemon(CLI::App& app, const std::string& version, const std::string& examples);

// What to print instead of running (--help, --version), or nullopt when all flags have been read.
// INVALID_ARGUMENT names the flag. `arguments` without the program's name.
absl::StatusOr<std::optional<std::string>> ReadFlags(CLI::App& app,
                                                     const std::vector<std::string>& arguments);

// INVALID_ARGUMENT "--flag: problem".
absl::Status FlagError(absl::string_view flag, absl::string_view problem);

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_OPTIONS_DAEMON_FLAGS_H_
