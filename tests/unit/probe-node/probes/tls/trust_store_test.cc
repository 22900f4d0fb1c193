#include "probe-node/probes/tls/trust_store.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "tests/support/temp_file.h"
#include "tests/support/test_certificates.h"

namespace probemesh::node {
namespace {

bool Trusts(const absl::StatusOr<OpensslPtr<X509_STORE>>& store, const TestIdentity& leaf) {
  if (!store.ok()) return false;
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store->get(), leaf.certificate.get(), nullptr);
  const bool trusted = X509_verify_cert(context) == 1;
  X509_STORE_CTX_free(context);
  return trusted;
}

TEST(TrustStore, ReadsListsOfCertificates) {
  const std::string one = MakeTestAuthority("one").CertificatePem();
  const std::string two = MakeTestAuthority("two").CertificatePem();
  EXPECT_EQ(ParseCertificates("")->size(), 0u);
  EXPECT_EQ(ParseCertificates(one)->size(), 1u);
  EXPECT_EQ(ParseCertificates(absl::StrCat("# a comment\n", one, "\n", two))->size(), 2u);
}

TEST(TrustStore, RefusesWhatIsNoCertificate) {
  const std::string good = MakeTestAuthority().CertificatePem();
  std::string broken = good;
  broken.replace(100, 4, "!!!!");
  for (const std::string& bad : {std::string("nonsense"), broken, absl::StrCat(good, broken),
                                 good.substr(0, good.size() / 2)}) {
    EXPECT_EQ(ParseCertificates(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_FALSE(MakeTrustStore({bad}).ok());
  }
}

TEST(TrustStore, AddsAnchorsToThoseOfTheSystem) {
  const TestIdentity authority = MakeTestAuthority();
  const TestIdentity leaf = SignTestLeaf({}, authority);
  EXPECT_FALSE(Trusts(MakeTrustStore({}), leaf));
  EXPECT_TRUE(Trusts(MakeTrustStore({"", authority.CertificatePem()}), leaf));
  EXPECT_FALSE(Trusts(MakeTrustStore({}), leaf));
}

TEST(TrustStore, FollowsTheSystemsBundle) {
  TempFile bundle(MakeTestAuthority("another").CertificatePem());
  setenv("SSL_CERT_FILE", bundle.path().c_str(), 1);
  const TestIdentity authority = MakeTestAuthority();
  const TestIdentity leaf = SignTestLeaf({}, authority);
  EXPECT_FALSE(Trusts(MakeTrustStore({}), leaf));
  bundle.Append(authority.CertificatePem());
  EXPECT_TRUE(Trusts(MakeTrustStore({}), leaf));
  bundle.Write("nonsense");
  EXPECT_FALSE(Trusts(MakeTrustStore({}), leaf));
  unsetenv("SSL_CERT_FILE");
}

}  // namespace
}  // namespace probemesh::node
