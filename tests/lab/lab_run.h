// One lab by its run id: how its namespaces and files are called, and what is remembered of it
// between two invocations of the tool.
#ifndef PROBEMESH_TESTS_LAB_LAB_RUN_H_
#define PROBEMESH_TESTS_LAB_LAB_RUN_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace probemesh::lab {

inline constexpr char kNamespacePrefix[] = "pm-";
inline constexpr char kRunFolder[] = "/run/probemesh-lab";

// A name, nothing more: copying it is free and owning it keeps nothing alive.
class LabRun {
 public:
  explicit LabRun(std::string id) : id_(std::move(id)) {}

  const std::string& id() const { return id_; }
  std::string NamespacePrefix() const;                   // "pm-<id>-"
  std::string Namespace(absl::string_view node) const;   // "pm-<id>-<node>"
  std::string Folder() const;                            // "/run/probemesh-lab/<id>"
  std::string File(absl::string_view name) const;        // a file in Folder()
  std::string ResolvConf(absl::string_view node) const;  // "/etc/netns/<namespace>/resolv.conf"
  std::vector<std::string> Namespaces() const;           // those that exist now

 private:
  std::string id_;
};

// 1 to 10 of [a-z0-9]: the namespace's name becomes part of paths.
absl::Status ValidateRunId(absl::string_view id);

// Written once the lab is up, and before each fault.
struct LabState {
  bool ready = false;
  pid_t owner = 0;  // 0: stays until `down`
  std::vector<std::string> faults;
};

absl::StatusOr<LabState> LoadState(const LabRun& run);
absl::Status SaveState(const LabRun& run, const LabState& state);

// Every lab of this machine, also half-built ones: from the state folder and from namespace names.
std::vector<LabRun> ListRuns();

// The lab called `id`, or with "" the only one that is up. NOT_FOUND / INVALID_ARGUMENT say what to
// do.
absl::StatusOr<LabRun> FindRun(absl::string_view id);

// FAILED_PRECONDITION with the reason when this user or kernel cannot have network namespaces.
absl::Status CheckCanMakeNamespaces();

}  // namespace probemesh::lab

#endif  // PROBEMESH_TESTS_LAB_LAB_RUN_H_
