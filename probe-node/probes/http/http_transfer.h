// One HTTP request over a socket that is already connected, by libcurl.
#ifndef PROBEMESH_PROBE_NODE_PROBES_HTTP_HTTP_TRANSFER_H_
#define PROBEMESH_PROBE_NODE_PROBES_HTTP_HTTP_TRANSFER_H_

#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/net/ip_address.h"
#include "probe-node/engine/probe.h"
#include "probe-node/probes/http/curl_loop.h"
#include "probe-node/probes/http/http_url.h"
#include "probe-node/probes/http/response_head.h"
#include "probe-node/probes/tls/tls_witness.h"

namespace probemesh::node {

struct HttpRequest {
  HttpUrl url;
  std::string method;
  std::vector<std::string> headers;  // "Name: value", checked
  Endpoint peer;                     // where the socket is connected to
  uint64_t max_body_bytes = 0;       // reading stops there
  bool verify_off = false;
  std::vector<std::string> anchors;  // PEM texts
};

// What came of it. Offsets are since the transfer started.
struct HttpResponse {
  v1::Outcome outcome = v1::HUNG;
  v1::Stage failed_stage = v1::RESPONSE;
  std::string error;  // for people
  ResponseHead head;
  uint64_t body_bytes = 0;
  std::string body_sha256;
  bool body_truncated = false;
  std::optional<v1::TlsEvidence> tls;  // https only, once the server has said anything
  std::optional<absl::Duration> tls_done;
  std::optional<absl::Duration> first_byte;
};

// Loop thread only. Destroying it is silent and closes the socket, with a reset if the transfer was
// still under way. libcurl opens no socket, follows no redirect, resolves no name, reads no proxy
// settings and starts no thread.
class HttpTransfer final : public CurlLoop::Owner {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // Once, from the loop, never from inside Start. May destroy the transfer.
    virtual void OnTransferEnded() = 0;
  };

  // Takes `fd`.
  HttpTransfer(ProbeContext& context, HttpRequest request, int fd, Owner& owner);
  ~HttpTransfer() override;

  // An error means that libcurl or OpenSSL could not be set up.
  absl::Status Start();

  // As of now: final after OnTransferEnded, before it what a deadline would find.
  HttpResponse Response() const;

 private:
  void OnCurlDone(CURLcode code) override;

  absl::Status SetUp();
  void SetBasics();
  void SetCallbacks();
  void SetTls();
  bool ArmTlsContext(SSL_CTX* ssl_context);
  size_t TakeBody(absl::string_view data);
  curl_socket_t HandOverSocket(const curl_sockaddr& address);
  void CloseSocket(int fd);

  void ClassifyEnd(CURLcode code, HttpResponse& response) const;
  void ClassifyPending(HttpResponse& response) const;
  void ClassifyFailure(CURLcode code, HttpResponse& response) const;
  v1::Outcome FailureOutcome(CURLcode code, absl::string_view words) const;
  v1::Stage CurrentStage() const;

  ProbeContext& context_;
  const HttpRequest request_;
  Owner& owner_;
  int fd_;
  bool handed_over_ = false;
  MonotonicTime start_;
  std::optional<CURLcode> code_;
  ResponseHead head_;
  uint64_t body_bytes_ = 0;
  bool body_truncated_ = false;
  bool giving_up_ = false;
  TlsWitness witness_;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest_;
  char error_[CURL_ERROR_SIZE] = {};
  curl_slist* header_list_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  CurlLoop curl_;
  CURL* easy_ = nullptr;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_HTTP_HTTP_TRANSFER_H_
