// Who holds a certificate: one URI subject alternative name, "spiffe://probemesh/<role>/<name>".
#ifndef PROBEMESH_COMMON_PKI_IDENTITY_H_
#define PROBEMESH_COMMON_PKI_IDENTITY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace probemesh {

struct Identity {
  enum class Role { kNode, kOperator, kCoordinator };
  Role role = Role::kNode;
  // Node: its name without "nodes/"; operator: "admin"; coordinator: "coordinator".
  std::string name;

  // "spiffe://probemesh/node/fra-1"
  std::string ToUri() const;
  // INVALID_ARGUMENT for anything else.
  static absl::StatusOr<Identity> Parse(absl::string_view uri);
};

// Node names: 1 to 63 of [a-z0-9.-], beginning and ending with a letter or digit (RFC 1123 2.1).
// INVALID_ARGUMENT with the reason, fit for users.
absl::Status CheckNodeName(absl::string_view name);

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_PKI_IDENTITY_H_
