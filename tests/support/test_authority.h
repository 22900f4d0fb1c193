// A certificate authority of its own for one test, on the system's clock.
#ifndef PROBEMESH_TESTS_SUPPORT_TEST_AUTHORITY_H_
#define PROBEMESH_TESTS_SUPPORT_TEST_AUTHORITY_H_

#include <memory>
#include <string>

#include "common/base/random.h"
#include "common/pki/key_and_certificate.h"
#include "coordinator/pki/certificate_authority.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_directory.h"

namespace probemesh {

// Throws when anything fails (absl::StatusOr::value), which fails the test.
class TestAuthority {
 public:
  explicit TestAuthority(const Clock& clock = SystemClock())
      : authority_(
            coordinator::CertificateAuthority::Open(folder_.path(), clock, random_).value()) {}

  coordinator::CertificateAuthority& operator*() { return *authority_; }
  coordinator::CertificateAuthority* operator->() { return authority_.get(); }

  coordinator::IssuedIdentity Node(const std::string& name) {
    const std::string key = GeneratePrivateKeyPem().value();
    return {key, authority_->SignNode(MakeCsrDer(key).value(), name).value().chain_pem};
  }

  // One that was issued so long ago that it expires after `rest`, by the system's clock.
  coordinator::IssuedIdentity NodeExpiringIn(const std::string& name, absl::Duration rest) {
    ManualClock past;
    past.SetWall(SystemClock().Wall() + rest - coordinator::kNodeCertificateLife);
    const auto authority =
        coordinator::CertificateAuthority::Open(folder_.path(), past, random_).value();
    const std::string key = GeneratePrivateKeyPem().value();
    return {key, authority->SignNode(MakeCsrDer(key).value(), name).value().chain_pem};
  }

 private:
  TempDirectory folder_;
  SystemRandom random_;
  std::unique_ptr<coordinator::CertificateAuthority> authority_;
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_TEST_AUTHORITY_H_
