// Small files that must never be half-written and, at times, never be read by others.
#ifndef PROBEMESH_COMMON_PKI_PRIVATE_FILE_H_
#define PROBEMESH_COMMON_PKI_PRIVATE_FILE_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace probemesh {

// At most 4 MiB. NOT_FOUND, PERMISSION_DENIED or UNAVAILABLE naming the path.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

// Temporary file, fsync, rename, fsync of the folder: after a crash the old or the new content is
// there. UNAVAILABLE (disk full, I/O error) or PERMISSION_DENIED naming the path.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view content, mode_t mode);

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_PKI_PRIVATE_FILE_H_
