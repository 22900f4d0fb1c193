// Opaque page tokens of lists that are ordered by time and name (AIP-158).
#ifndef PROBEMESH_COORDINATOR_STORE_PAGE_TOKEN_H_
#define PROBEMESH_COORDINATOR_STORE_PAGE_TOKEN_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace probemesh::coordinator {

// The last entry of a page: the next one starts after it.
struct PagePosition {
  int64_t micros = 0;
  std::string name;
};

std::string EncodePageToken(const PagePosition& position);
// INVALID_ARGUMENT for text that EncodePageToken never made.
absl::StatusOr<PagePosition> DecodePageToken(absl::string_view token);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_STORE_PAGE_TOKEN_H_
