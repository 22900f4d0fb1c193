// Absolute http and https URLs, taken apart by libcurl's own parser so that both read them alike.
#ifndef PROBEMESH_PROBE_NODE_PROBES_HTTP_HTTP_URL_H_
#define PROBEMESH_PROBE_NODE_PROBES_HTTP_HTTP_URL_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace probemesh::node {

struct HttpUrl {
  std::string text;  // without fragment
  bool https = false;
  std::string host;  // without brackets
  uint16_t port = 0;
};

// INVALID_ARGUMENT for anything but an absolute http or https URL of at most 8192 octets, without
// credentials and without a scope id, whose host is ASCII (an international name in its xn-- form).
absl::StatusOr<HttpUrl> ParseHttpUrl(absl::string_view text);

// `location` as a reference relative to `base` (RFC 3986 5.2), under the same conditions.
absl::StatusOr<HttpUrl> ResolveLocation(const HttpUrl& base, absl::string_view location);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_HTTP_HTTP_URL_H_
