// The mesh's own certificate authority: one P-256 key in the data directory, which signs every
// node, operator and coordinator.
#ifndef PROBEMESH_COORDINATOR_PKI_CERTIFICATE_AUTHORITY_H_
#define PROBEMESH_COORDINATOR_PKI_CERTIFICATE_AUTHORITY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/pki/identity.h"
#include "common/pki/openssl_handles.h"
#include "coordinator/core/certificate_signer.h"

namespace probemesh::coordinator {

// Nodes renew over their session at about half of this, so a stolen key is of use for days at most.
inline constexpr absl::Duration kNodeCertificateLife = absl::Hours(24 * 7);
// The coordinator's own certificate is issued anew at every start; the operator's is renewed at a
// start in the second half of its life.
inline constexpr absl::Duration kServiceCertificateLife = absl::Hours(24 * 365 * 2);
inline constexpr absl::Duration kAuthorityLife = absl::Hours(24 * 365 * 20);
// Every certificate is valid since a while before its issue: clocks differ.
inline constexpr absl::Duration kBackdating = absl::Minutes(5);

struct IssuedIdentity {
  std::string key_pem;
  std::string chain_pem;  // leaf, then the CA
};

// Every coordinator's certificate has this DNS name: foreign TLS clients can ask for it, whatever
// the address by which they reach the coordinator.
inline constexpr char kCoordinatorServerName[] = "probemesh-coordinator";

// Not thread-safe.
class CertificateAuthority final : public CertificateSigner {
 public:
  // Loads `folder`/ca.key and ca.pem, or makes them (modes 0600 and 0644) if neither exists. Errors
  // are one line naming the file: PERMISSION_DENIED, UNAVAILABLE, NOT_FOUND (the folder, or the key
  // of an existing certificate), FAILED_PRECONDITION (broken, expired, or not belonging together).
  // `clock` and `random` must outlive the authority; `random` must be fit for secrets.
  static absl::StatusOr<std::unique_ptr<CertificateAuthority>> Open(const std::string& folder,
                                                                    const Clock& clock,
                                                                    Random& random);

  const std::string& ca_pem() const { return ca_pem_; }
  // Raw SHA-256 (32 octets) of the CA's SPKI: the pin in join tokens.
  const std::string& spki_sha256() const { return spki_sha256_; }

  // Only keys on P-256 are signed: INVALID_ARGUMENT for others.
  absl::StatusOr<SignedCertificate> SignNode(absl::string_view csr_der,
                                             absl::string_view node_name) override;

  // Key and certificate for this coordinator. kCoordinatorServerName and `hosts` (names and
  // addresses) become alternative names for the sake of foreign clients; ours look at the identity.
  absl::StatusOr<IssuedIdentity> IssueCoordinator(const std::vector<std::string>& hosts);

  absl::StatusOr<IssuedIdentity> IssueOperator(absl::string_view name);

  // Whether this authority's key signed the first certificate of `pem`.
  bool Issued(absl::string_view pem) const;

 private:
  struct Leaf;

  CertificateAuthority(KeyPtr key, CertificatePtr certificate, const Clock& clock, Random& random);

  static absl::StatusOr<CertificatePtr> MakeSelfSigned(EVP_PKEY* key, absl::Time now,
                                                       Random& random);
  absl::StatusOr<CertificatePtr> Sign(const Leaf& leaf, EVP_PKEY* key);
  absl::StatusOr<IssuedIdentity> IssueWithNewKey(const Leaf& leaf);

  const KeyPtr key_;
  const CertificatePtr certificate_;
  const std::string ca_pem_;
  const std::string spki_sha256_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_PKI_CERTIFICATE_AUTHORITY_H_
