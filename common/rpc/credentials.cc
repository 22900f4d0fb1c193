#include "common/rpc/credentials.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/pki/identity.h"
#include "common/rpc/certificate_checks.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"

namespace probemesh {
namespace {

using grpc::experimental::CertificateVerifier;
using grpc::experimental::ExternalCertificateVerifier;
using grpc::experimental::StaticDataCertificateProvider;
using grpc::experimental::TlsChannelCredentialsOptions;
using grpc::experimental::TlsCustomVerificationCheckRequest;
using grpc::experimental::TlsServerCredentialsOptions;

absl::string_view View(grpc::string_ref text) { return {text.data(), text.size()}; }

// A check that is decided at once. Called on a gRPC thread after the TLS handshake.
class SynchronousVerifier : public ExternalCertificateVerifier {
 public:
  bool Verify(TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* sync_status) final {
    const absl::Status status = Check(*request);
    if (!status.ok()) {
      *sync_status = grpc::Status(grpc::StatusCode::UNAUTHENTICATED, std::string(status.message()));
    }
    return true;
  }
  void Cancel(TlsCustomVerificationCheckRequest*) final {}

 private:
  virtual absl::Status Check(const TlsCustomVerificationCheckRequest& request) const = 0;
};

// gRPC has verified the chain; what remains is whom it belongs to.
class CoordinatorIdentityVerifier final : public SynchronousVerifier {
 private:
  absl::Status Check(const TlsCustomVerificationCheckRequest& request) const override {
    std::vector<std::string> uris;
    for (const grpc::string_ref& uri : request.uri_names()) uris.emplace_back(View(uri));
    return CheckCoordinatorUris(uris);
  }
};

class PinVerifier final : public SynchronousVerifier {
 public:
  explicit PinVerifier(std::string ca_spki_sha256) : pin_(std::move(ca_spki_sha256)) {}

 private:
  absl::Status Check(const TlsCustomVerificationCheckRequest& request) const override {
    return CheckPinnedChain(View(request.peer_cert_full_chain()), pin_);
  }

  const std::string pin_;
};

std::shared_ptr<StaticDataCertificateProvider> Provider(const KeyAndChain& identity,
                                                        const std::string& ca_pem) {
  return std::make_shared<StaticDataCertificateProvider>(
      ca_pem, std::vector<grpc::experimental::IdentityKeyCertPair>{
                  {identity.key_pem, identity.certificate_chain_pem}});
}

}  // namespace

std::shared_ptr<grpc::ChannelCredentials> MutualTlsClientCredentials(const KeyAndChain& identity,
                                                                     const std::string& ca_pem) {
  TlsChannelCredentialsOptions options;
  options.set_certificate_provider(Provider(identity, ca_pem));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_certificate_verifier(
      ExternalCertificateVerifier::Create<CoordinatorIdentityVerifier>());
  options.set_check_call_host(false);
  return grpc::experimental::TlsCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> PinnedClientCredentials(
    const std::string& ca_spki_sha256) {
  TlsChannelCredentialsOptions options;
  // There are no trust anchors yet: PinVerifier does all of the chain's verification.
  options.set_verify_server_certs(false);
  options.set_certificate_verifier(
      ExternalCertificateVerifier::Create<PinVerifier>(ca_spki_sha256));
  options.set_check_call_host(false);
  return grpc::experimental::TlsCredentials(options);
}

std::shared_ptr<grpc::ServerCredentials> MutualTlsServerCredentials(const KeyAndChain& identity,
                                                                    const std::string& ca_pem) {
  TlsServerCredentialsOptions options(Provider(identity, ca_pem));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

std::shared_ptr<grpc::ServerCredentials> TlsServerCredentials(const KeyAndChain& identity) {
  TlsServerCredentialsOptions options(Provider(identity, ""));
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace probemesh
