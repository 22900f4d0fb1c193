#include "coordinator/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"

namespace probemesh::coordinator {
namespace {

absl::Status Unusable(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("the data directory ", path, " cannot be used: ", why));
}

}  // namespace

absl::StatusOr<std::unique_ptr<DataDirectory>> DataDirectory::Open(const std::string& path) {
  std::error_code error;
  const bool existed = std::filesystem::exists(path, error);
  std::filesystem::create_directories(path, error);
  if (error) return Unusable(path, error.message());
  if (!existed) chmod(path.c_str(), 0700);
  const int fd = open((path + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Unusable(path, std::strerror(errno));
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
    return std::unique_ptr<DataDirectory>(new DataDirectory(path, fd));
  }
  const int lock_error = errno;
  close(fd);
  return Unusable(path, lock_error == EWOULDBLOCK ? "another coordinator is running on it"
                                                  : std::strerror(lock_error));
}

DataDirectory::~DataDirectory() { close(lock_fd_); }

}  // namespace probemesh::coordinator
