#include "probe-node/identity/identity_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/test_authority.h"

namespace probemesh::node {
namespace {

using testing::HasSubstr;

class IdentityFileTest : public testing::Test {
 protected:
  NodeIdentity Enrolled() {
    const auto issued = authority_.Node("fra-1");
    NodeIdentity identity;
    identity.set_node("nodes/fra-1");
    identity.set_token_id("token");
    identity.set_key_pem(issued.key_pem);
    identity.set_certificate_chain_pem(issued.chain_pem);
    identity.set_ca_bundle_pem(authority_->ca_pem());
    identity.add_coordinators("192.0.2.1:7443");
    return identity;
  }

  TempDirectory dir_;
  std::string path_ = dir_ / "identity.json";
  TestAuthority authority_;
};

TEST_F(IdentityFileTest, KeepsEverythingForItsOwnerAlone) {
  const NodeIdentity identity = Enrolled();
  ASSERT_TRUE(SaveIdentity(identity, path_).ok());
  const auto loaded = LoadIdentity(path_);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->DebugString(), identity.DebugString());
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(IdentityFileTest, KeyAloneIsAnIdentityThatIsNotEnrolled) {
  NodeIdentity identity;
  identity.set_key_pem(GeneratePrivateKeyPem().value());
  ASSERT_TRUE(SaveIdentity(identity, path_).ok());
  ASSERT_TRUE(LoadIdentity(path_).ok());
  EXPECT_FALSE(IsEnrolled(*LoadIdentity(path_)));
}

TEST_F(IdentityFileTest, MissingFileIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(LoadIdentity(path_).status()));
}

TEST_F(IdentityFileTest, BrokenFileSaysWhatToDo) {
  for (const char* content : {"", "{", "{}", "{\"keyPem\": \"nonsense\"}", "[1]"}) {
    std::ofstream(path_) << content;
    const absl::Status status = LoadIdentity(path_).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << content;
    EXPECT_THAT(std::string(status.message()), HasSubstr("identity.json is broken")) << content;
    EXPECT_THAT(std::string(status.message()), HasSubstr("new join token")) << content;
  }
}

TEST_F(IdentityFileTest, CertificateOfAnotherKeyOrNodeIsNotAccepted) {
  NodeIdentity identity = Enrolled();
  identity.set_key_pem(GeneratePrivateKeyPem().value());
  ASSERT_TRUE(SaveIdentity(identity, path_).ok());
  EXPECT_THAT(std::string(LoadIdentity(path_).status().message()), HasSubstr("key"));

  identity = Enrolled();
  identity.set_node("nodes/ams-1");
  ASSERT_TRUE(SaveIdentity(identity, path_).ok());
  EXPECT_THAT(std::string(LoadIdentity(path_).status().message()), HasSubstr("nodes/ams-1"));
}

}  // namespace
}  // namespace probemesh::node
