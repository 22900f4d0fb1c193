#include "probe-node/probes/tls/tls_session.h"

#include <openssl/err.h>

#include "common/base/status_macros.h"
#include "common/net/ip_address.h"
#include "probe-node/probes/stream/evidence.h"

namespace probemesh::node {
namespace {

TlsSession* SessionOf(const SSL* ssl) { return static_cast<TlsSession*>(SSL_get_app_data(ssl)); }

// RFC 7301 3.1: each name with its length before it.
std::string AlpnWire(const std::vector<std::string>& names) {
  std::string wire;
  for (const std::string& name : names) {
    wire.push_back(static_cast<char>(name.size()));
    wire += name;
  }
  return wire;
}

std::string LastError() {
  const unsigned long error = ERR_peek_error();  // NOLINT(google-runtime-int)
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  ERR_clear_error();
  return reason == nullptr ? "protocol error" : reason;
}

}  // namespace

TlsSession::TlsSession(const Clock& clock, const TlsOptions& options)
    : witness_(clock, {options.server_name, options.address, /*enforce=*/false}) {}

absl::StatusOr<std::unique_ptr<TlsSession>> TlsSession::Create(const Clock& clock,
                                                               const TlsOptions& options) {
  std::unique_ptr<TlsSession> session(new TlsSession(clock, options));
  PM_RETURN_IF_ERROR(session->Init(options));
  return session;
}

absl::Status TlsSession::Init(const TlsOptions& options) {
  ssl_context_.reset(SSL_CTX_new(TLS_client_method()));
  if (!ssl_context_) return absl::ResourceExhaustedError("SSL_CTX_new: " + LastError());
  PM_RETURN_IF_ERROR(witness_.Attach(ssl_context_.get(), options.anchors));
  SSL_CTX_set_client_cert_cb(ssl_context_.get(), &TlsSession::OnClientCertificate);
  SSL_CTX_set_msg_callback(ssl_context_.get(), &TlsSession::OnMessage);
  SSL_CTX_set_session_cache_mode(ssl_context_.get(), SSL_SESS_CACHE_OFF);
  ssl_.reset(SSL_new(ssl_context_.get()));
  if (!ssl_) return absl::ResourceExhaustedError("SSL_new: " + LastError());
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  // Reading from an empty buffer means "wait", not "the end".
  BIO_set_mem_eof_return(SSL_get_rbio(ssl_.get()), -1);
  SSL_set_connect_state(ssl_.get());
  return SetNames(options);
}

absl::Status TlsSession::SetNames(const TlsOptions& options) {
  // RFC 6066 3: addresses are not sent as SNI.
  const std::string& name = options.server_name;
  const bool sends_name = !name.empty() && !IpAddress::Parse(name).ok();
  if (sends_name && SSL_set_tlsext_host_name(ssl_.get(), name.c_str()) != 1) {
    return absl::InvalidArgumentError("not usable as a server name: " + LastError());
  }
  const std::string alpn = AlpnWire(options.alpn);
  if (!alpn.empty()) {
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                        static_cast<unsigned int>(alpn.size()));
  }
  return absl::OkStatus();
}

TlsSession::State TlsSession::Advance(absl::string_view input) {
  if (!input.empty()) {
    BIO_write(SSL_get_rbio(ssl_.get()), input.data(), static_cast<int>(input.size()));
  }
  ERR_clear_error();
  if (state_ == State::kHandshaking) Handshake();
  if (state_ == State::kEstablished) ReadOn();
  return state_;
}

void TlsSession::Handshake() {
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    state_ = State::kEstablished;
  } else {
    Fail(result);
  }
}

// Application data is thrown away: that the server speaks is all that matters.
void TlsSession::ReadOn() {
  char buffer[4096];
  for (int i = 0; i < 16; ++i) {
    const int result = SSL_read(ssl_.get(), buffer, sizeof(buffer));
    if (result <= 0) {
      if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_ZERO_RETURN) Fail(result);
      return;
    }
    server_spoke_ = true;
  }
}

void TlsSession::Fail(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
  failure_ = PrintableText(LastError(), 200);
  state_ = State::kFailed;
}

std::string TlsSession::TakeOutput() {
  std::string output;
  char buffer[4096];
  while (true) {
    const int size = BIO_read(SSL_get_wbio(ssl_.get()), buffer, sizeof(buffer));
    if (size <= 0) return output;
    output.append(buffer, static_cast<size_t>(size));
  }
}

bool TlsSession::may_still_object() const {
  return certificate_requested_ && SSL_version(ssl_.get()) >= TLS1_3_VERSION;
}

void TlsSession::Shutdown() { SSL_shutdown(ssl_.get()); }

int TlsSession::OnClientCertificate(SSL* ssl, X509** certificate, EVP_PKEY** key) {
  *certificate = nullptr;
  *key = nullptr;
  SessionOf(ssl)->certificate_requested_ = true;
  return 0;  // go on without one
}

void TlsSession::OnMessage(int write, int /*version*/, int type, const void* data, size_t size,
                           SSL* ssl, void* /*arg*/) {
  if (write != 0 || type != SSL3_RT_HANDSHAKE || size == 0) return;
  const auto kind = *static_cast<const unsigned char*>(data);
  if (kind == SSL3_MT_NEWSESSION_TICKET) SessionOf(ssl)->server_spoke_ = true;
}

}  // namespace probemesh::node
