#include "coordinator/pki/admin_context.h"

#include "common/base/status_macros.h"
#include "common/pki/client_context.h"
#include "common/pki/key_and_certificate.h"

namespace probemesh::coordinator {
namespace {

bool StillGood(const internal::v1::ClientContext& context, const CertificateAuthority& authority,
               absl::Time now) {
  const absl::StatusOr<CertificateFacts> facts = ReadCertificatePem(context.certificate_pem());
  return facts.ok() && facts->not_after - now > kServiceCertificateLife / 2 &&
         authority.Issued(context.certificate_pem()) && context.ca_pem() == authority.ca_pem();
}

}  // namespace

absl::Status EnsureAdminContext(CertificateAuthority& authority, const std::string& path,
                                const std::string& endpoint, absl::Time now) {
  const absl::StatusOr<internal::v1::ClientContext> existing = LoadClientContext(path);
  internal::v1::ClientContext context;
  if (existing.ok() && StillGood(*existing, authority, now)) {
    if (existing->endpoint() == endpoint) return absl::OkStatus();
    context = *existing;
  } else {
    PM_ASSIGN_OR_RETURN(const IssuedIdentity admin, authority.IssueOperator("admin"));
    context.set_key_pem(admin.key_pem);
    context.set_certificate_pem(admin.chain_pem);
    context.set_ca_pem(authority.ca_pem());
  }
  context.set_endpoint(endpoint);
  return SaveClientContext(context, path);
}

}  // namespace probemesh::coordinator
