#include "coordinator/registry/secret_hash.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "absl/strings/escaping.h"

namespace probemesh::coordinator {

std::string HashSecret(absl::string_view secret) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return absl::BytesToHexString(digest);
}

bool SecretMatches(absl::string_view secret, absl::string_view hash) {
  const std::string actual = HashSecret(secret);
  return actual.size() == hash.size() &&
         CRYPTO_memcmp(actual.data(), hash.data(), actual.size()) == 0;
}

}  // namespace probemesh::coordinator
