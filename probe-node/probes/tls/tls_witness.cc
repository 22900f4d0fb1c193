#include "probe-node/probes/tls/tls_witness.h"

#include <openssl/err.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "probe-node/probes/stream/evidence.h"
#include "probe-node/probes/tls/certificate.h"
#include "probe-node/probes/tls/trust_store.h"

namespace probemesh::node {
namespace {

constexpr int kMaxChain = 10;

const SSL* ConnectionOf(X509_STORE_CTX* store) {
  return static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
}

}  // namespace

TlsWitness::TlsWitness(const Clock& clock, Options options)
    : clock_(clock), options_(std::move(options)) {}

absl::Status TlsWitness::Attach(SSL_CTX* ssl_context,
                                const std::vector<absl::string_view>& anchors) {
  PM_ASSIGN_OR_RETURN(OpensslPtr<X509_STORE> store, MakeTrustStore(anchors));
  SSL_CTX_set_cert_store(ssl_context, store.release());
  X509_VERIFY_PARAM* parameters = SSL_CTX_get0_param(ssl_context);
  X509_VERIFY_PARAM_set_time(parameters, absl::ToTimeT(clock_.Wall()));
  // An anchor need not be self-signed.
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_app_data(ssl_context, this);
  SSL_CTX_set_cert_verify_callback(ssl_context, &TlsWitness::OnVerify, this);
  SSL_CTX_set_info_callback(ssl_context, &TlsWitness::OnInfo);
  return absl::OkStatus();
}

TlsWitness* TlsWitness::Of(const SSL* ssl) {
  return static_cast<TlsWitness*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
}

int TlsWitness::OnVerify(X509_STORE_CTX* store, void* self) {
  return static_cast<TlsWitness*>(self)->Verify(store);
}

// Goes on after every error, so that all of them are seen.
int TlsWitness::OnVerifyError(int ok, X509_STORE_CTX* store) {
  if (ok == 0) Of(ConnectionOf(store))->NoteError(X509_STORE_CTX_get_error(store));
  return 1;
}

// The first error is the most telling one: chain building is checked before the dates.
void TlsWitness::NoteError(int error) {
  if (verify_error_ == X509_V_OK) verify_error_ = error;
  if (error == X509_V_ERR_CERT_HAS_EXPIRED) evidence_.set_expired(true);
  if (error == X509_V_ERR_CERT_NOT_YET_VALID) evidence_.set_not_yet_valid(true);
}

int TlsWitness::Verify(X509_STORE_CTX* store) {
  X509_STORE_CTX_set_verify_cb(store, &TlsWitness::OnVerifyError);
  const bool went_through = X509_verify_cert(store) == 1;
  if (!went_through && verify_error_ == X509_V_OK) verify_error_ = X509_V_ERR_UNSPECIFIED;
  DescribeConnection(ConnectionOf(store));
  DescribeChain(store);
  if (X509* leaf = X509_STORE_CTX_get0_cert(store)) Judge(leaf);
  ERR_clear_error();
  if (good_ || !options_.enforce) {
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }
  const bool wrong_name = verify_error_ == X509_V_OK;
  X509_STORE_CTX_set_error(store, wrong_name ? X509_V_ERR_HOSTNAME_MISMATCH : verify_error_);
  return 0;
}

void TlsWitness::DescribeChain(X509_STORE_CTX* store) {
  STACK_OF(X509)* presented = X509_STORE_CTX_get0_untrusted(store);
  for (int i = 0; i < sk_X509_num(presented) && i < kMaxChain; ++i) {
    *evidence_.add_chain() = DescribeCertificate(sk_X509_value(presented, i));
  }
}

void TlsWitness::Judge(X509* leaf) {
  const absl::Time now = clock_.Wall();
  if (IsExpired(leaf, now)) evidence_.set_expired(true);
  if (IsNotYetValid(leaf, now)) evidence_.set_not_yet_valid(true);
  const bool verified = verify_error_ == X509_V_OK;
  evidence_.set_verified(verified);
  if (!verified) evidence_.set_verify_error(X509_verify_cert_error_string(verify_error_));
  const bool any_name = options_.name.empty();
  const std::string& name = any_name ? options_.address : options_.name;
  evidence_.set_name_matches(CertificateMatches(leaf, name));
  good_ = verified && (any_name || evidence_.name_matches());
  if (good_) return;
  complaint_ = verified ? absl::StrCat("not a certificate for ", PrintableText(name, 253))
                        : evidence_.verify_error();
}

void TlsWitness::OnInfo(const SSL* ssl, int where, int value) {
  TlsWitness* self = Of(ssl);
  constexpr int kReadAlert = SSL_CB_ALERT | SSL_CB_READ;
  const int description = value & 0xff;
  if ((where & kReadAlert) == kReadAlert && description != SSL3_AD_CLOSE_NOTIFY) {
    self->evidence_.set_has_alert(true);
    self->evidence_.set_alert_received(static_cast<uint32_t>(description));
  }
  if ((where & SSL_CB_HANDSHAKE_DONE) == 0 || self->handshake_done_) return;
  self->handshake_done_ = self->clock_.Monotonic();
  self->DescribeConnection(ssl);
}

void TlsWitness::DescribeConnection(const SSL* ssl) {
  evidence_.set_version(SSL_get_version(ssl));
  if (const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl)) {
    evidence_.set_cipher(SSL_CIPHER_get_name(cipher));
  }
  const unsigned char* alpn = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &size);
  if (size == 0) return;
  evidence_.set_alpn(
      PrintableText(absl::string_view(reinterpret_cast<const char*>(alpn), size), 255));
}

}  // namespace probemesh::node
