#include "common/rpc/certificate_checks.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "common/pki/identity.h"
#include "common/pki/key_and_certificate.h"
#include "common/pki/openssl_handles.h"

namespace probemesh {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, OpenSslDeleter<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, OpenSslDeleter<X509_STORE_CTX_free>>;

X509* FindPinned(const std::vector<CertificatePtr>& chain, absl::string_view pin) {
  for (const CertificatePtr& certificate : chain) {
    if (SpkiSha256(X509_get_X509_PUBKEY(certificate.get())) == pin) return certificate.get();
  }
  return nullptr;
}

// RFC 5280 6.1 with one trust anchor.
absl::Status VerifyServer(X509* leaf, X509* anchor) {
  const StorePtr store(X509_STORE_new());
  const StoreContextPtr context(X509_STORE_CTX_new());
  if (store == nullptr || context == nullptr || X509_STORE_add_cert(store.get(), anchor) != 1 ||
      X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr) != 1 ||
      X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER) != 1) {
    return absl::UnauthenticatedError(TakeOpenSslError());
  }
  if (X509_verify_cert(context.get()) == 1) return absl::OkStatus();
  ERR_clear_error();
  return absl::UnauthenticatedError(
      absl::StrCat("the coordinator's certificate is not acceptable: ",
                   X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()))));
}

}  // namespace

absl::Status CheckCoordinatorUris(const std::vector<std::string>& uris) {
  if (uris.size() == 1) {
    const absl::StatusOr<Identity> identity = Identity::Parse(uris.front());
    if (identity.ok() && identity->role == Identity::Role::kCoordinator) return absl::OkStatus();
  }
  return absl::UnauthenticatedError("the server's certificate is not a coordinator's");
}

absl::Status CheckPinnedChain(absl::string_view chain_pem, absl::string_view ca_spki_sha256) {
  const absl::StatusOr<std::vector<CertificatePtr>> chain = ParseCertificatesPem(chain_pem);
  const absl::StatusOr<CertificateFacts> leaf = ReadCertificatePem(chain_pem);
  if (!chain.ok() || !leaf.ok()) {
    return absl::UnauthenticatedError("the server's certificates cannot be read");
  }
  X509* anchor = FindPinned(*chain, ca_spki_sha256);
  if (anchor == nullptr) {
    return absl::UnauthenticatedError(
        "the coordinator's CA is not the one in the join token (wrong pin)");
  }
  const absl::Status verified = VerifyServer(chain->front().get(), anchor);
  return verified.ok() ? CheckCoordinatorUris(leaf->uris) : verified;
}

}  // namespace probemesh
