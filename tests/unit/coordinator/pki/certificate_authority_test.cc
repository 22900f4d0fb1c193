#include "coordinator/pki/certificate_authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/pki/key_and_certificate.h"
#include "common/pki/private_file.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_directory.h"

namespace probemesh::coordinator {
namespace {

class AuthorityTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<CertificateAuthority>> Open() {
    return CertificateAuthority::Open(folder_.path(), clock_, random_);
  }
  absl::Status OpenError() { return Open().status(); }

  TempDirectory folder_;
  ManualClock clock_;
  SeededRandom random_{1};
};

TEST_F(AuthorityTest, IsMadeOnceAndKept) {
  const std::string pin = Open().value()->spki_sha256();
  EXPECT_EQ(pin.size(), 32u);
  EXPECT_EQ(Open().value()->spki_sha256(), pin);
  struct stat info {};
  ASSERT_EQ(stat((folder_ / "ca.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(AuthorityTest, ACrashBetweenKeyAndCertificateLosesNothing) {
  const std::string pin = Open().value()->spki_sha256();
  ASSERT_EQ(unlink((folder_ / "ca.pem").c_str()), 0);
  EXPECT_EQ(Open().value()->spki_sha256(), pin);
}

TEST_F(AuthorityTest, WhatIsMissingOrBrokenIsNamed) {
  ASSERT_TRUE(Open().ok());
  const std::string key = ReadSmallFile(folder_ / "ca.key").value();
  ASSERT_EQ(unlink((folder_ / "ca.key").c_str()), 0);
  EXPECT_EQ(OpenError().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(OpenError().ToString(), testing::HasSubstr("ca.key"));

  ASSERT_TRUE(WriteFileAtomically(folder_ / "ca.key", "nonsense", 0600).ok());
  EXPECT_THAT(OpenError().ToString(), testing::HasSubstr("ca.key: not a private key"));
  const std::string other = GeneratePrivateKeyPem().value();
  ASSERT_TRUE(WriteFileAtomically(folder_ / "ca.key", other, 0600).ok());
  EXPECT_THAT(OpenError().ToString(), testing::HasSubstr("does not belong to the key"));

  ASSERT_TRUE(WriteFileAtomically(folder_ / "ca.key", key, 0600).ok());
  ASSERT_TRUE(WriteFileAtomically(folder_ / "ca.pem", "nonsense", 0644).ok());
  EXPECT_THAT(OpenError().ToString(), testing::HasSubstr("ca.pem: not a PEM certificate"));
}

TEST_F(AuthorityTest, AMissingFolderIsAnError) {
  EXPECT_EQ(CertificateAuthority::Open(folder_ / "none", clock_, random_).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(AuthorityTest, AnExpiredAuthorityIsAnError) {
  ASSERT_TRUE(Open().ok());
  clock_.Advance(kAuthorityLife + absl::Hours(1));
  EXPECT_THAT(OpenError().ToString(), testing::HasSubstr("the CA expired"));
}

TEST_F(AuthorityTest, SignsNodes) {
  const auto authority = Open().value();
  const std::string key = GeneratePrivateKeyPem().value();
  const SignedCertificate signed_certificate =
      authority->SignNode(MakeCsrDer(key).value(), "fra-1").value();
  const CertificateFacts facts = ReadCertificatePem(signed_certificate.chain_pem).value();
  EXPECT_THAT(facts.uris, testing::ElementsAre("spiffe://probemesh/node/fra-1"));
  EXPECT_EQ(facts.spki_sha256, SpkiSha256OfKey(key).value());
  EXPECT_EQ(facts.serial, signed_certificate.serial);
  EXPECT_EQ(facts.not_before, clock_.Wall() - kBackdating);
  EXPECT_EQ(signed_certificate.expire_time, clock_.Wall() + kNodeCertificateLife);
  EXPECT_EQ(signed_certificate.ca_bundle_pem, authority->ca_pem());
  EXPECT_TRUE(authority->Issued(signed_certificate.chain_pem));
}

TEST_F(AuthorityTest, SerialsDiffer) {
  const auto authority = Open().value();
  const std::string csr = MakeCsrDer(GeneratePrivateKeyPem().value()).value();
  EXPECT_NE(authority->SignNode(csr, "a").value().serial,
            authority->SignNode(csr, "a").value().serial);
}

TEST_F(AuthorityTest, RefusesBadRequestsAndNames) {
  const auto authority = Open().value();
  const std::string csr = MakeCsrDer(GeneratePrivateKeyPem().value()).value();
  for (const char* name : {"", "Fra", "a,DNS:example.com", "a/b"}) {
    EXPECT_EQ(authority->SignNode(csr, name).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(authority->SignNode("nonsense", "fra-1").status().code(),
            absl::StatusCode::kInvalidArgument);
  const KeyPtr rsa(EVP_RSA_gen(2048));
  const std::string rsa_csr = MakeCsrDer(PrivateKeyToPem(rsa.get())).value();
  EXPECT_THAT(authority->SignNode(rsa_csr, "fra-1").status().ToString(),
              testing::HasSubstr("not on P-256"));
}

TEST_F(AuthorityTest, IssuesTheCoordinatorWithItsHosts) {
  const auto authority = Open().value();
  const IssuedIdentity coordinator =
      authority->IssueCoordinator({"mesh.example.com", "192.0.2.1", "2001:db8::1", "odd,name", ""})
          .value();
  EXPECT_THAT(ReadCertificatePem(coordinator.chain_pem).value().uris,
              testing::ElementsAre("spiffe://probemesh/coordinator/coordinator"));
  const auto chain = ParseCertificatesPem(coordinator.chain_pem).value();
  EXPECT_EQ(chain.size(), 2u);
  EXPECT_EQ(X509_check_host(chain[0].get(), "mesh.example.com", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(chain[0].get(), kCoordinatorServerName, 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(chain[0].get(), "192.0.2.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(chain[0].get(), "2001:db8::1", 0), 1);
}

TEST_F(AuthorityTest, KnowsItsOwn) {
  const auto authority = Open().value();
  const TempDirectory elsewhere;
  const auto other = CertificateAuthority::Open(elsewhere.path(), clock_, random_).value();
  EXPECT_TRUE(authority->Issued(authority->IssueOperator("admin").value().chain_pem));
  EXPECT_FALSE(authority->Issued(other->IssueOperator("admin").value().chain_pem));
  EXPECT_FALSE(authority->Issued("nonsense"));
}

}  // namespace
}  // namespace probemesh::coordinator
