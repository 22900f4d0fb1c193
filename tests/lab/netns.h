// One named network namespace: entering it, running programs in it, ending what runs in it.
#ifndef PROBEMESH_TESTS_LAB_NETNS_H_
#define PROBEMESH_TESTS_LAB_NETNS_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/lab/process.h"
#include "tests/lab/topology.h"

namespace probemesh::lab {

// `ip netns exec NAMESPACE command...`: in the namespace, and with its own /etc/resolv.conf. The
// process id of the caller's child stays that of `command`.
Command InNamespace(const std::string& name, const Command& command);

// Runs `work` on a thread of its own inside the namespace. Sockets opened there stay there.
absl::Status WithNamespace(const std::string& name, const std::function<absl::Status()>& work);

// Writes /proc/sys/<key> for each pair, as the namespace sees it. Keys use '/'.
absl::Status WriteSysctls(const std::string& name,
                          const std::vector<std::pair<std::string, std::string>>& values);

// Every process whose network namespace is one of `names` (found by inode, like `ip netns pids`).
std::vector<pid_t> ProcessesIn(const std::vector<std::string>& names);

// SIGKILLs them until none is left. False if some survive `limit`.
bool KillProcessesIn(const std::vector<std::string>& names, absl::Duration limit);

// The named namespaces of this machine that start with `prefix`, sorted.
std::vector<std::string> NamespacesWithPrefix(const std::string& prefix);

// A packet sent by hand, to see whether a fault really happened or a service is up.
enum class TrialKind { kTcp, kUdp, kEcho };

struct Trial {
  TrialKind kind = TrialKind::kTcp;
  Family family = Family::kV4;
  int port = 0;
  int ttl = 0;  // 0: the system's
};

// Sends one packet from `name` to `address` and does not wait for an answer.
absl::Status SendTrial(const std::string& name, const std::string& address, const Trial& trial);

// connect() from `name`: 0 when the handshake completed, else its errno (ETIMEDOUT after `limit`).
int TryConnect(const std::string& name, const std::string& address, const Trial& trial,
               absl::Duration limit);

}  // namespace probemesh::lab

#endif  // PROBEMESH_TESTS_LAB_NETNS_H_
