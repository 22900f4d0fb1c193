// The folder where a node keeps what must outlive it. One process at a time.
#ifndef PROBEMESH_PROBE_NODE_IDENTITY_STATE_DIR_H_
#define PROBEMESH_PROBE_NODE_IDENTITY_STATE_DIR_H_

#include <string>

#include "absl/status/statusor.h"

namespace probemesh::node {

class StateDir {
 public:
  // Makes the folder (mode 0700) if only its last part is missing, and locks it until destruction
  // or the end of the process. Errors are one line naming the folder: FAILED_PRECONDITION (another
  // node runs on it, or it is no folder), NOT_FOUND (no parent), PERMISSION_DENIED (cannot be
  // written).
  static absl::StatusOr<StateDir> Open(const std::string& path);

  StateDir(StateDir&& other) noexcept;
  StateDir& operator=(StateDir&&) = delete;
  ~StateDir();

  const std::string& path() const { return path_; }
  std::string IdentityFile() const { return path_ + "/identity.json"; }

 private:
  StateDir(std::string path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}

  std::string path_;
  int lock_fd_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_IDENTITY_STATE_DIR_H_
