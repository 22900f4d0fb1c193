// How a machine becomes a node: a join token goes in, an identity comes out.
#ifndef PROBEMESH_PROBE_NODE_ENROLLMENT_ENROLL_H_
#define PROBEMESH_PROBE_NODE_ENROLLMENT_ENROLL_H_

#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/pki/join_token.h"
#include "probe-node/identity/identity_file.h"

namespace probemesh::node {

struct EnrollOptions {
  std::string name;  // asked for; the token may prescribe another
  std::map<std::string, std::string> labels;
  std::string version;
  std::string identity_path;
  // How long a coordinator that cannot be reached is tried.
  absl::Duration patience = absl::Seconds(30);
  // Waits between two attempts; false gives up (the process is told to stop).
  std::function<bool(absl::Duration)> pause;
};

// Blocks. The identity in the file if it was made with this very token; otherwise the result of
// enrolling, which is in the file by then. The key is made here, is in the file before it is used,
// and is kept for good, so that a reply that got lost can be asked for again, and a node that
// enrols anew is still the same one. Errors are one line for people; the file keeps what it had.
absl::StatusOr<NodeIdentity> Enroll(const JoinToken& token, const EnrollOptions& options,
                                    const Clock& clock);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_ENROLLMENT_ENROLL_H_
