// The checked form of an http command.
#ifndef PROBEMESH_PROBE_NODE_PROBES_HTTP_HTTP_SPEC_H_
#define PROBEMESH_PROBE_NODE_PROBES_HTTP_HTTP_SPEC_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/net/ip_address.h"
#include "probe-node/probes/http/http_url.h"
#include "probemesh/v1/probe.pb.h"

namespace probemesh::node {

struct HttpSpec {
  HttpUrl url;
  Endpoint peer;
  uint16_t source_port = 0;
  absl::Duration timeout;
  std::string method;
  std::vector<std::pair<std::string, std::string>> headers;  // sorted by name
  uint32_t max_redirects = 0;
  uint64_t max_body_bytes = 0;
  std::string ca_pem;
  bool verify_off = false;
};

// INVALID_ARGUMENT names the field. At most 50 headers of 8192 octets; those that frame the message
// (Content-Length, Transfer-Encoding, Connection, Upgrade, ...) cannot be set; at most 20 redirects
// and 64 MiB of body.
absl::StatusOr<HttpSpec> CheckHttpSpec(const v1::ProbeSpec& spec);

// "Name: value" lines for a request to `url`. Headers that name or authorise (Host, Authorization,
// Cookie, Proxy-Authorization) only go to the host, port and scheme of the command itself.
std::vector<std::string> HeaderLines(const HttpSpec& spec, const HttpUrl& url);

// RFC 9110 15.4: 303 becomes GET (HEAD stays); 301 and 302 do so for POST.
std::string RedirectedMethod(const std::string& method, uint32_t status);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_HTTP_HTTP_SPEC_H_
