// The owner's file (--policy): what this node may do, in YAML.
//
//   allow: [10.20.0.0/16, "fd00:20::/32"]   # granted although denied by default
//   deny:  [10.20.30.0/24]                  # never
//   limits:
//     max_concurrent_probes: 64             # 1 to 1024
//     probes_per_second: 50                 # more is refused, not delayed
#ifndef PROBEMESH_PROBE_NODE_AGENT_POLICY_FILE_H_
#define PROBEMESH_PROBE_NODE_AGENT_POLICY_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "probe-node/agent/target_policy.h"

namespace probemesh::node {

struct AgentLimits {
  size_t max_concurrent_probes = 256;
  double probes_per_second = 0;  // 0: no limit
};

struct PolicyFile {
  PolicyRules rules;
  AgentLimits limits;
};

// INVALID_ARGUMENT naming the line and what is wrong; a key that is not known is wrong, because a
// rule that is misspelt would not hold.
absl::StatusOr<PolicyFile> ParsePolicy(const std::string& yaml);

// As above, or the error of reading; both name the file.
absl::StatusOr<PolicyFile> LoadPolicyFile(const std::string& path);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_AGENT_POLICY_FILE_H_
