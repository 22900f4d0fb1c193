// The command line of probemesh-coordinator, with its config file and environment.
#ifndef PROBEMESH_COORDINATOR_COORDINATOR_OPTIONS_H_
#define PROBEMESH_COORDINATOR_COORDINATOR_OPTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/net/ip_address.h"

namespace probemesh::coordinator {

struct CoordinatorOptions {
  std::string version;
  std::string data_dir;
  Endpoint listen;
  Endpoint enroll_listen;
  Endpoint http_listen;
  std::vector<std::string> advertise;  // host names and addresses, without ports; may be empty
  std::vector<std::string> controls;   // "address:port"
  std::string log_level = "info";
};

struct CommandLine {
  std::optional<std::string> print;  // --help and --version: to stdout, instead of running
  CoordinatorOptions options;
};

// INVALID_ARGUMENT with one line that names the flag.
absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments,
                                             const std::string& version);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_COORDINATOR_OPTIONS_H_
