// Keeps the node's certificate young: a new key and a new certificate from its half life on.
#ifndef PROBEMESH_PROBE_NODE_IDENTITY_CERTIFICATE_RENEWAL_H_
#define PROBEMESH_PROBE_NODE_IDENTITY_CERTIFICATE_RENEWAL_H_

#include <string>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "probe-node/identity/identity_file.h"
#include "probe-node/session/session_host.h"

namespace probemesh::node {

// Loop thread only. Due at a random moment of the third quarter of the certificate's life, by the
// wall clock, so that a fleet enrolled together does not renew together.
class CertificateRenewal final : public CertificateRenewer {
 public:
  // An answer that stays away, or cannot be used, is asked for again after this.
  static constexpr absl::Duration kRetryAfter = absl::Minutes(1);

  // `identity` must be enrolled; a new one is written to `path`, then to `identity`.
  CertificateRenewal(NodeIdentity& identity, std::string path, const Clock& clock, Random& random);

  std::string DueRequest() override;
  void OnIssued(const v1::IssuedCertificate& issued) override;
  void OnSessionEnded() override { pending_key_.clear(); }

  absl::Time due() const { return due_; }

 private:
  void PlanNext();
  absl::Status Accept(const v1::IssuedCertificate& issued);

  NodeIdentity& identity_;
  const std::string path_;
  const Clock& clock_;
  Random& random_;
  absl::Time due_;
  std::string pending_key_;     // of the request under way
  MonotonicTime next_request_;  // not earlier than this
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_IDENTITY_CERTIFICATE_RENEWAL_H_
