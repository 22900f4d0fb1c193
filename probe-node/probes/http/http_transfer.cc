#include "probe-node/probes/http/http_transfer.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "probe-node/probes/stream/evidence.h"

namespace probemesh::node {
namespace {

constexpr size_t kMaxErrorText = 300;

size_t OnHeader(char* data, size_t size, size_t count, void* head) {
  const absl::string_view line(data, size * count);
  return static_cast<ResponseHead*>(head)->AddLine(line) ? line.size() : 0;
}

std::string HexDigest(const EVP_MD_CTX* running) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> copy(EVP_MD_CTX_new(),
                                                                     &EVP_MD_CTX_free);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_MD_CTX_copy_ex(copy.get(), running) != 1) return "";
  if (EVP_DigestFinal_ex(copy.get(), digest, &size) != 1) return "";
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(digest), size));
}

// The dot of an absolute name is no part of the certificate's.
std::string CertificateName(const HttpUrl& url) {
  return std::string(absl::StripSuffix(url.host, "."));
}

bool Mentions(absl::string_view words, absl::string_view part) {
  return absl::StrContains(words, part);
}

}  // namespace

HttpTransfer::HttpTransfer(ProbeContext& context, HttpRequest request, int fd, Owner& owner)
    : context_(context),
      request_(std::move(request)),
      owner_(owner),
      fd_(fd),
      witness_(context.loop.clock(),
               {CertificateName(request_.url), /*address=*/"", !request_.verify_off}),
      digest_(EVP_MD_CTX_new(), &EVP_MD_CTX_free),
      curl_(context.loop, *this) {
  EVP_DigestInit_ex(digest_.get(), EVP_sha256(), nullptr);
}

HttpTransfer::~HttpTransfer() {
  giving_up_ = !code_.has_value();
  if (easy_ != nullptr) {
    curl_.Remove(easy_);
    curl_easy_cleanup(easy_);
  }
  curl_slist_free_all(header_list_);
  curl_slist_free_all(connect_to_);
  if (!handed_over_) context_.sockets.Close(fd_);
}

absl::Status HttpTransfer::Start() {
  start_ = context_.loop.clock().Monotonic();
  const absl::Status ready = SetUp();
  return ready.ok() ? curl_.Add(easy_) : ready;
}

absl::Status HttpTransfer::SetUp() {
  easy_ = curl_easy_init();
  if (easy_ == nullptr) return absl::ResourceExhaustedError("curl_easy_init");
  for (const std::string& header : request_.headers) {
    header_list_ = curl_slist_append(header_list_, header.c_str());
  }
  // RFC 9110 8.6: these promise content, and there is none.
  const std::string& method = request_.method;
  if (method == "POST" || method == "PUT" || method == "PATCH") {
    header_list_ = curl_slist_append(header_list_, "Content-Length: 0");
  }
  // An address literal in CONNECT_TO: there is nothing to resolve, whatever the URL's host.
  connect_to_ = curl_slist_append(nullptr, absl::StrCat("::", request_.peer.ToString()).c_str());
  SetBasics();
  SetCallbacks();
  SetTls();
  return absl::OkStatus();
}

void HttpTransfer::SetBasics() {
  curl_easy_setopt(easy_, CURLOPT_URL, request_.url.text.c_str());
  curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_to_);
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_PROXY, "");
  curl_easy_setopt(easy_, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy_, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy_, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION,
                   static_cast<long>(CURL_HTTP_VERSION_2TLS));  // NOLINT
  curl_easy_setopt(easy_, CURLOPT_USERAGENT,
                   "probemesh/" PROBEMESH_VERSION " (+reachability check)");
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_list_);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_);
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
  } else if (request_.method != "GET") {
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
}

void HttpTransfer::SetCallbacks() {
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &OnHeader);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, &head_);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(
      easy_, CURLOPT_WRITEFUNCTION, +[](char* data, size_t size, size_t count, void* self) {
        return static_cast<HttpTransfer*>(self)->TakeBody(absl::string_view(data, size * count));
      });
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(
      easy_, CURLOPT_OPENSOCKETFUNCTION, +[](void* self, curlsocktype, curl_sockaddr* address) {
        return static_cast<HttpTransfer*>(self)->HandOverSocket(*address);
      });
  curl_easy_setopt(
      easy_, CURLOPT_SOCKOPTFUNCTION, +[](void*, curl_socket_t, curlsocktype) {
        return static_cast<int>(CURL_SOCKOPT_ALREADY_CONNECTED);
      });
  curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETDATA, this);
  curl_easy_setopt(
      easy_, CURLOPT_CLOSESOCKETFUNCTION, +[](void* self, curl_socket_t fd) {
        static_cast<HttpTransfer*>(self)->CloseSocket(fd);
        return 0;
      });
}

// The witness judges in libcurl's place: libcurl would parse the whole bundle for each request, and
// CAINFO would replace the system's anchors instead of adding to them.
void HttpTransfer::SetTls() {
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, request_.verify_off ? 0L : 1L);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(easy_, CURLOPT_CAINFO, nullptr);
  curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(easy_, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  curl_easy_setopt(easy_, CURLOPT_SSL_CTX_DATA, this);
  curl_easy_setopt(
      easy_, CURLOPT_SSL_CTX_FUNCTION, +[](CURL*, void* ssl_context, void* self) {
        return static_cast<HttpTransfer*>(self)->ArmTlsContext(static_cast<SSL_CTX*>(ssl_context))
                   ? CURLE_OK
                   : CURLE_SSL_CERTPROBLEM;
      });
}

bool HttpTransfer::ArmTlsContext(SSL_CTX* ssl_context) {
  // libcurl would write session keys where the environment's SSLKEYLOGFILE says.
  SSL_CTX_set_keylog_callback(ssl_context, nullptr);
  const std::vector<absl::string_view> anchors(request_.anchors.begin(), request_.anchors.end());
  return witness_.Attach(ssl_context, anchors).ok();
}

size_t HttpTransfer::TakeBody(absl::string_view data) {
  const uint64_t room = request_.max_body_bytes - body_bytes_;
  const absl::string_view taken = data.substr(0, static_cast<size_t>(room));
  EVP_DigestUpdate(digest_.get(), taken.data(), taken.size());
  body_bytes_ += taken.size();
  if (taken.size() == data.size()) return data.size();
  body_truncated_ = true;
  return 0;  // ends the transfer with CURLE_WRITE_ERROR
}

curl_socket_t HttpTransfer::HandOverSocket(const curl_sockaddr& address) {
  const std::optional<Endpoint> peer = Endpoint::FromSockaddr(&address.addr);
  if (handed_over_ || !peer || *peer != request_.peer) return CURL_SOCKET_BAD;
  handed_over_ = true;
  return fd_;
}

void HttpTransfer::CloseSocket(int fd) {
  curl_.ForgetSocket(fd);
  giving_up_ ? context_.sockets.Abort(fd) : context_.sockets.Close(fd);
}

void HttpTransfer::OnCurlDone(CURLcode code) {
  code_ = code;
  owner_.OnTransferEnded();
}

HttpResponse HttpTransfer::Response() const {
  HttpResponse response;
  response.head = head_;
  response.body_bytes = body_bytes_;
  response.body_truncated = body_truncated_;
  response.body_sha256 = HexDigest(digest_.get());
  // Before the first record of the server there is nothing to say, not "unverified".
  if (witness_.evidence().ByteSizeLong() > 0) response.tls = witness_.evidence();
  if (witness_.handshake_done()) response.tls_done = *witness_.handshake_done() - start_;
  curl_off_t microseconds = 0;
  if (easy_ != nullptr &&
      curl_easy_getinfo(easy_, CURLINFO_STARTTRANSFER_TIME_T, &microseconds) == CURLE_OK &&
      microseconds > 0) {
    response.first_byte = absl::Microseconds(microseconds);
  }
  if (code_) {
    ClassifyEnd(*code_, response);
  } else {
    ClassifyPending(response);
  }
  response.error = PrintableText(response.error, kMaxErrorText);
  return response;
}

// An alert is TLS's own objection, even one that comes after the handshake (RFC 8446 4.4.2.4).
v1::Stage HttpTransfer::CurrentStage() const {
  if (!request_.url.https) return v1::RESPONSE;
  const bool in_tls = !witness_.handshake_done() || witness_.evidence().has_alert();
  return in_tls ? v1::TLS_HANDSHAKE : v1::RESPONSE;
}

void HttpTransfer::ClassifyPending(HttpResponse& response) const {
  response.failed_stage = CurrentStage();
  const bool spoke = head_.started() || response.first_byte.has_value();
  if (response.failed_stage == v1::TLS_HANDSHAKE || !spoke) {
    response.outcome = v1::HUNG;
    response.error = "no response by the deadline";
  } else {
    response.outcome = v1::BAD_ANSWER;
    response.error = head_.complete() ? "body not complete by the deadline"
                                      : "response head not complete by the deadline";
    response.body_truncated = head_.complete();
  }
}

void HttpTransfer::ClassifyEnd(CURLcode code, HttpResponse& response) const {
  const bool cut_by_us = code == CURLE_WRITE_ERROR && body_truncated_;
  if (code != CURLE_OK && !cut_by_us) return ClassifyFailure(code, response);
  response.error = witness_.complaint();
  const bool good = head_.status() >= 100 && head_.status() < 500;
  response.outcome = good ? v1::ANSWERED : v1::BAD_ANSWER;
}

void HttpTransfer::ClassifyFailure(CURLcode code, HttpResponse& response) const {
  response.failed_stage = CurrentStage();
  const bool bad_certificate = !request_.verify_off && !witness_.complaint().empty();
  if (bad_certificate) {
    response.failed_stage = v1::TLS_HANDSHAKE;
    response.outcome = v1::BAD_ANSWER;
    response.error = witness_.complaint();
    return;
  }
  response.error = error_[0] != '\0' ? error_ : curl_easy_strerror(code);
  response.outcome = FailureOutcome(code, response.error);
}

// libcurl keeps the errno of a failed read to itself; its words are all there is.
v1::Outcome HttpTransfer::FailureOutcome(CURLcode code, absl::string_view words) const {
  if (witness_.evidence().has_alert()) return v1::BAD_ANSWER;
  // The socket was connected when libcurl got it: "could not connect" means that it no longer is.
  const bool reset =
      Mentions(words, "reset by peer") || code == CURLE_SEND_ERROR || code == CURLE_COULDNT_CONNECT;
  if (reset) return v1::RESET;
  const bool closed = code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE ||
                      Mentions(words, "SSL_ERROR_SYSCALL") || Mentions(words, "unexpected eof");
  return closed ? v1::CLOSED : v1::BAD_ANSWER;
}

}  // namespace probemesh::node
