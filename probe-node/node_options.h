// The command line of probemesh-node, with its config file and environment.
#ifndef PROBEMESH_PROBE_NODE_NODE_OPTIONS_H_
#define PROBEMESH_PROBE_NODE_NODE_OPTIONS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/net/ip_address.h"
#include "common/pki/join_token.h"

namespace probemesh::node {

struct NodeOptions {
  std::string version;
  std::string state_dir;
  std::optional<JoinToken> join_token;
  std::string join_token_file;
  std::string name;  // the host's, unless given
  std::map<std::string, std::string> labels;
  std::string group;  // empty: the coordinator takes it from the labels, or the node's name
  std::vector<IpPrefix> allow_targets;
  std::string policy_file;
  std::vector<std::string> coordinators;  // "host:port"; empty: those named at enrolment
  std::string ca_file;
  std::string log_level = "info";
};

struct CommandLine {
  std::optional<std::string> print;  // --help and --version: to stdout, instead of running
  NodeOptions options;
};

// INVALID_ARGUMENT with one line that names the flag.
absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments,
                                             const std::string& version);

// The token of the flag or of the file; nullopt if neither is given, or if the file is gone, as a
// file that was used up may be. INVALID_ARGUMENT if there is one that cannot be read.
absl::StatusOr<std::optional<JoinToken>> FindJoinToken(const NodeOptions& options);

// A node name made of a host name: lower case, other characters as "-", at most 63. "node" if
// nothing is left of it.
std::string NameFromHost(const std::string& host);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_NODE_OPTIONS_H_
