#include "probe-node/identity/certificate_renewal.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/pki/key_and_certificate.h"

namespace probemesh::node {

CertificateRenewal::CertificateRenewal(NodeIdentity& identity, std::string path, const Clock& clock,
                                       Random& random)
    : identity_(identity),
      path_(std::move(path)),
      clock_(clock),
      random_(random),
      next_request_(-absl::InfiniteDuration()) {
  PlanNext();
}

void CertificateRenewal::PlanNext() {
  const auto facts = ReadCertificatePem(identity_.certificate_chain_pem());
  if (!facts.ok()) {
    due_ = absl::InfinitePast();
    return;
  }
  const absl::Duration life = facts->not_after - facts->not_before;
  due_ = facts->not_before + life / 2 + FullJitter(random_, life / 4);
}

std::string CertificateRenewal::DueRequest() {
  const MonotonicTime now = clock_.Monotonic();
  if (clock_.Wall() < due_ || now < next_request_) return "";
  next_request_ = now + kRetryAfter;
  auto key = GeneratePrivateKeyPem();
  auto csr = key.ok() ? MakeCsrDer(*key) : key.status();
  if (!csr.ok()) {
    LogError("certificate_request_failed", {{"error", csr.status().ToString()}});
    return "";
  }
  pending_key_ = *std::move(key);
  return *std::move(csr);
}

void CertificateRenewal::OnIssued(const v1::IssuedCertificate& issued) {
  if (pending_key_.empty()) return;
  const absl::Status accepted = Accept(issued);
  pending_key_.clear();
  if (!accepted.ok()) {
    LogError("certificate_not_renewed", {{"error", accepted.ToString()}});
    return;
  }
  PlanNext();
  LogInfo("certificate_renewed", {{"next", absl::FormatTime(due_, absl::UTCTimeZone())}});
}

absl::Status CertificateRenewal::Accept(const v1::IssuedCertificate& issued) {
  PM_RETURN_IF_ERROR(
      CheckCertificate(issued.certificate_chain_pem(), pending_key_, identity_.node()));
  if (issued.ca_bundle_pem().empty()) return absl::InvalidArgumentError("no CA bundle");
  NodeIdentity renewed = identity_;
  renewed.set_key_pem(pending_key_);
  renewed.set_certificate_chain_pem(issued.certificate_chain_pem());
  renewed.set_ca_bundle_pem(issued.ca_bundle_pem());
  PM_RETURN_IF_ERROR(SaveIdentity(renewed, path_));
  identity_ = std::move(renewed);
  return absl::OkStatus();
}

}  // namespace probemesh::node
