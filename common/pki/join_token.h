// The text that brings a node into the mesh: one use, a short life, and a pin of the CA, so that
// the node knows whom it talks to before it trusts anything.
//   pm1.<id>.<secret>.<base64url SHA-256 of the CA's SPKI>@<host:port of enrolment>
#ifndef PROBEMESH_COMMON_PKI_JOIN_TOKEN_H_
#define PROBEMESH_COMMON_PKI_JOIN_TOKEN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace probemesh {

struct JoinToken {
  std::string id;              // 16 of [a-z0-9]
  std::string secret;          // 128 bits or more, base64url without padding
  std::string ca_spki_sha256;  // raw, 32 octets
  std::string endpoint;        // "host:port"

  std::string ToString() const;
  // INVALID_ARGUMENT that says what is wrong without repeating the secret. Surrounding white space
  // is ignored.
  static absl::StatusOr<JoinToken> Parse(absl::string_view text);
};

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_PKI_JOIN_TOKEN_H_
