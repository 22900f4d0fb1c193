#include "coordinator/registry/secret_hash.h"

#include <gtest/gtest.h>

namespace probemesh::coordinator {
namespace {

TEST(SecretHash, IsSha256) {
  // FIPS 180-2, appendix B.1.
  EXPECT_EQ(HashSecret("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(SecretHash, MatchesTheSecretOnly) {
  const std::string hash = HashSecret("secret");
  EXPECT_TRUE(SecretMatches("secret", hash));
  EXPECT_FALSE(SecretMatches("Secret", hash));
  EXPECT_FALSE(SecretMatches("", hash));
  EXPECT_FALSE(SecretMatches("secret", ""));
  EXPECT_FALSE(SecretMatches("secret", hash + "0"));
}

}  // namespace
}  // namespace probemesh::coordinator
