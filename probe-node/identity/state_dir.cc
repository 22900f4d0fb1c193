#include "probe-node/identity/state_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace probemesh::node {
namespace {

constexpr mode_t kOwnerOnlyFolder = 0700;
constexpr mode_t kOwnerOnlyFile = 0600;

absl::Status MakeFolder(const std::string& path) {
  if (mkdir(path.c_str(), kOwnerOnlyFolder) == 0) return absl::OkStatus();
  struct stat info {};
  if (errno == EEXIST && stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(path, " is not a folder"));
  }
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot make the state folder ", path));
}

}  // namespace

absl::StatusOr<StateDir> StateDir::Open(const std::string& path) {
  PM_RETURN_IF_ERROR(MakeFolder(path));
  const std::string lock = absl::StrCat(path, "/lock");
  const int fd = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnlyFile);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write to ", path));
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return StateDir(path, fd);
  const int error = errno;
  close(fd);
  if (error == EWOULDBLOCK) {
    return absl::FailedPreconditionError(absl::StrCat("another node is running on ", path));
  }
  return absl::ErrnoToStatus(error, absl::StrCat("cannot lock ", lock));
}

StateDir::StateDir(StateDir&& other) noexcept
    : path_(std::move(other.path_)), lock_fd_(std::exchange(other.lock_fd_, -1)) {}

StateDir::~StateDir() {
  if (lock_fd_ >= 0) close(lock_fd_);
}

}  // namespace probemesh::node
