#include "common/rpc/peer.h"

#include "absl/strings/str_cat.h"
#include "common/pki/key_and_certificate.h"

namespace probemesh {
namespace {

absl::StatusOr<CertificateFacts> CertificateOf(const grpc::AuthContext& context) {
  const std::vector<grpc::string_ref> pem =
      context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (!context.IsPeerAuthenticated() || pem.size() != 1) {
    return absl::UnauthenticatedError("a client certificate is required");
  }
  absl::StatusOr<CertificateFacts> facts =
      ReadCertificatePem(absl::string_view(pem.front().data(), pem.front().size()));
  if (facts.ok()) return facts;
  return absl::UnauthenticatedError("the client certificate cannot be read");
}

}  // namespace

absl::StatusOr<VerifiedPeer> PeerOf(const grpc::AuthContext& context, absl::Time now) {
  const absl::StatusOr<CertificateFacts> facts = CertificateOf(context);
  if (!facts.ok()) return facts.status();
  if (now >= facts->not_after) {
    return absl::UnauthenticatedError(
        absl::StrCat("the client certificate expired at ", absl::FormatTime(facts->not_after)));
  }
  if (now < facts->not_before) {
    return absl::UnauthenticatedError(absl::StrCat("the client certificate is not valid before ",
                                                   absl::FormatTime(facts->not_before),
                                                   "; check the clocks"));
  }
  if (facts->uris.size() == 1) {
    const absl::StatusOr<Identity> identity = Identity::Parse(facts->uris.front());
    if (identity.ok()) return VerifiedPeer{*identity, facts->serial, facts->not_after};
  }
  return absl::UnauthenticatedError("the client certificate names nobody of this mesh");
}

absl::StatusOr<VerifiedPeer> PeerInRole(const grpc::AuthContext& context, Identity::Role role,
                                        absl::Time now) {
  absl::StatusOr<VerifiedPeer> peer = PeerOf(context, now);
  if (!peer.ok() || peer->identity.role == role) return peer;
  return absl::PermissionDeniedError(
      absl::StrCat(peer->identity.ToUri(), " may not use this service"));
}

}  // namespace probemesh
