#include "common/pki/key_and_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_authority.h"

namespace probemesh {
namespace {

TEST(Keys, AreDifferentAndReadable) {
  const std::string first = GeneratePrivateKeyPem().value();
  const std::string second = GeneratePrivateKeyPem().value();
  EXPECT_THAT(first, testing::StartsWith("-----BEGIN PRIVATE KEY-----"));
  EXPECT_EQ(SpkiSha256OfKey(first).value().size(), 32u);
  EXPECT_NE(SpkiSha256OfKey(first).value(), SpkiSha256OfKey(second).value());
  EXPECT_EQ(SpkiSha256OfKey("nonsense").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Csr, CarriesTheKeyAndProvesIt) {
  const std::string key = GeneratePrivateKeyPem().value();
  const std::string csr = MakeCsrDer(key).value();
  EXPECT_EQ(SpkiSha256OfCsr(csr).value(), SpkiSha256OfKey(key).value());
}

TEST(Csr, EveryDamageIsRefused) {
  const std::string csr = MakeCsrDer(GeneratePrivateKeyPem().value()).value();
  for (size_t i = 0; i < csr.size(); ++i) {
    std::string damaged = csr;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x01);
    EXPECT_EQ(SpkiSha256OfCsr(damaged).status().code(), absl::StatusCode::kInvalidArgument) << i;
  }
  for (size_t i = 0; i < csr.size(); ++i) {
    EXPECT_FALSE(SpkiSha256OfCsr(csr.substr(0, i)).ok()) << i;
  }
  EXPECT_FALSE(SpkiSha256OfCsr(csr + "x").ok());
}

TEST(Certificate, IsReadBack) {
  TestAuthority authority;
  const coordinator::IssuedIdentity node = authority.Node("fra-1");
  const CertificateFacts facts = ReadCertificatePem(node.chain_pem).value();
  EXPECT_EQ(facts.common_name, "fra-1");
  EXPECT_THAT(facts.uris, testing::ElementsAre("spiffe://probemesh/node/fra-1"));
  EXPECT_EQ(facts.spki_sha256, SpkiSha256OfKey(node.key_pem).value());
  EXPECT_GE(facts.serial.size(), 24u);
  EXPECT_THAT(facts.serial, testing::MatchesRegex("[0-9a-f]+"));
  EXPECT_EQ(facts.not_after - facts.not_before,
            coordinator::kNodeCertificateLife + coordinator::kBackdating);
}

TEST(Certificate, OnlyPemIsRead) {
  TestAuthority authority;
  const std::string pem = authority->ca_pem();
  for (const std::string& text :
       {std::string(), std::string("nonsense"), pem.substr(0, pem.size() / 2), pem.substr(40)}) {
    EXPECT_EQ(ReadCertificatePem(text).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace probemesh
