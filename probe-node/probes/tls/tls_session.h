// The client side of one TLS handshake over octets that somebody else moves, with all it reveals.
#ifndef PROBEMESH_PROBE_NODE_PROBES_TLS_TLS_SESSION_H_
#define PROBEMESH_PROBE_NODE_PROBES_TLS_TLS_SESSION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "probe-node/probes/tls/openssl_ptr.h"
#include "probe-node/probes/tls/tls_witness.h"

namespace probemesh::node {

struct TlsOptions {
  std::string server_name;        // sent as SNI unless empty or an address literal
  std::string address;            // whose certificate is looked for if there is no server_name
  std::vector<std::string> alpn;  // each 1 to 255 octets
  std::vector<absl::string_view> anchors;  // PEM texts, copied by Create
};

// One thread. Certificate problems never stop the handshake: they are recorded. Protocol versions
// and ciphers are what the system's OpenSSL configuration allows.
class TlsSession {
 public:
  enum class State : uint8_t {
    kHandshaking,
    kEstablished,
    kFailed,  // alert, or what came is no TLS; see failure()
  };

  // `clock` must outlive the session.
  static absl::StatusOr<std::unique_ptr<TlsSession>> Create(const Clock& clock,
                                                            const TlsOptions& options);

  // Gives octets of the peer to TLS (may be empty) and goes as far as possible. After
  // kEstablished, reads on, so that an alert after the handshake is seen.
  State Advance(absl::string_view input);
  // What is to be sent now; each octet is returned once.
  std::string TakeOutput();

  State state() const { return state_; }
  const std::string& failure() const { return failure_; }  // OpenSSL's words
  // In TLS 1.3 a server refuses a missing client certificate only after the handshake (RFC
  // 8446 4.4.2.4): established and this true means that the server may still object.
  bool may_still_object() const;
  // The server's first message after the handshake has come: nothing was objected to.
  bool server_spoke() const { return server_spoke_; }
  // Queues close_notify, so that the server sees an orderly end (RFC 8446 6.1).
  void Shutdown();

  const TlsWitness& witness() const { return witness_; }

 private:
  TlsSession(const Clock& clock, const TlsOptions& options);
  absl::Status Init(const TlsOptions& options);
  absl::Status SetNames(const TlsOptions& options);
  void Handshake();
  void ReadOn();
  void Fail(int result);

  static int OnClientCertificate(SSL* ssl, X509** certificate, EVP_PKEY** key);
  static void OnMessage(int write, int version, int type, const void* data, size_t size, SSL* ssl,
                        void* arg);

  State state_ = State::kHandshaking;
  std::string failure_;
  bool certificate_requested_ = false;
  bool server_spoke_ = false;
  TlsWitness witness_;
  OpensslPtr<SSL_CTX> ssl_context_;
  OpensslPtr<SSL> ssl_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_TLS_TLS_SESSION_H_
