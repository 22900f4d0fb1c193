// The coordinator's data directory, held by one process at a time.
#ifndef PROBEMESH_COORDINATOR_DATA_DIRECTORY_H_
#define PROBEMESH_COORDINATOR_DATA_DIRECTORY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace probemesh::coordinator {

class DataDirectory {
 public:
  // Makes the directory (mode 0700) and its parents if need be, and locks it for the life of the
  // object. FAILED_PRECONDITION, in one line, when it cannot be used or another process holds it.
  static absl::StatusOr<std::unique_ptr<DataDirectory>> Open(const std::string& path);
  ~DataDirectory();
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  DataDirectory(std::string path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}

  const std::string path_;
  const int lock_fd_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DATA_DIRECTORY_H_
