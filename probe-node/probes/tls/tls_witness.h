// What a TLS handshake reveals to the client, recorded from inside OpenSSL, whoever drives it.
#ifndef PROBEMESH_PROBE_NODE_PROBES_TLS_TLS_WITNESS_H_
#define PROBEMESH_PROBE_NODE_PROBES_TLS_TLS_WITNESS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "probe-node/probes/tls/openssl_ptr.h"
#include "probemesh/v1/observation.pb.h"

namespace probemesh::node {

// One thread, one handshake. Judges the certificate in place of OpenSSL's own verification.
class TlsWitness {
 public:
  struct Options {
    // The host name or address literal that the certificate must match; if empty, any will do, and
    // `address` only says whether it matches.
    std::string name;
    std::string address;
    // Ends the handshake over a bad certificate (for SSL_VERIFY_PEER). Otherwise nothing does.
    bool enforce = false;
  };

  // `clock` must outlive it. Validity is judged by its wall time.
  TlsWitness(const Clock& clock, Options options);
  TlsWitness(const TlsWitness&) = delete;
  TlsWitness& operator=(const TlsWitness&) = delete;

  // Sets trust anchors (see trust_store.h) and callbacks; uses the app data of `ssl_context`, which
  // must make no connection after this is destroyed. INVALID_ARGUMENT for anchors that are no
  // certificates.
  absl::Status Attach(SSL_CTX* ssl_context, const std::vector<absl::string_view>& anchors);

  // As of now. Version, cipher and ALPN are known once the server's certificate has come.
  // `expired` and `not_yet_valid` speak of the leaf and of what was needed to trust it: a
  // superfluous old intermediate harms nobody.
  const v1::TlsEvidence& evidence() const { return evidence_; }
  // Chain, name and dates are good. False before there was a certificate.
  bool CertificateIsGood() const { return good_; }
  // Why not, for people; empty if good or if there was no certificate.
  const std::string& complaint() const { return complaint_; }
  // A monotonic reading.
  const std::optional<MonotonicTime>& handshake_done() const { return handshake_done_; }

 private:
  static TlsWitness* Of(const SSL* ssl);
  static int OnVerify(X509_STORE_CTX* store, void* self);
  static int OnVerifyError(int ok, X509_STORE_CTX* store);
  static void OnInfo(const SSL* ssl, int where, int value);

  int Verify(X509_STORE_CTX* store);
  void NoteError(int error);
  void DescribeChain(X509_STORE_CTX* store);
  void Judge(X509* leaf);
  void DescribeConnection(const SSL* ssl);

  const Clock& clock_;
  const Options options_;
  v1::TlsEvidence evidence_;
  int verify_error_ = X509_V_OK;
  bool good_ = false;
  std::string complaint_;
  std::optional<MonotonicTime> handshake_done_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_TLS_TLS_WITNESS_H_
