// Secrets are stored as digests only, and compared without telling how much of them was right.
#ifndef PROBEMESH_COORDINATOR_REGISTRY_SECRET_HASH_H_
#define PROBEMESH_COORDINATOR_REGISTRY_SECRET_HASH_H_

#include <string>

#include "absl/strings/string_view.h"

namespace probemesh::coordinator {

// Lower-case hex SHA-256. No salt and no stretching: the secrets are 128 random bits.
std::string HashSecret(absl::string_view secret);

// Whether `secret` has this hash; takes the same time wherever they differ.
bool SecretMatches(absl::string_view secret, absl::string_view hash);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_REGISTRY_SECRET_HASH_H_
