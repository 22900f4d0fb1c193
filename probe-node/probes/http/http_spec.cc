#include "probe-node/probes/http/http_spec.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "probe-node/probes/stream/observation_draft.h"
#include "probe-node/probes/tls/trust_store.h"

namespace probemesh::node {
namespace {

constexpr int kMaxHeaders = 50;
constexpr size_t kMaxHeader = 8192;
constexpr size_t kMaxMethod = 16;
constexpr uint32_t kMaxRedirects = 20;
constexpr uint32_t kDefaultBody = 1024 * 1024;
constexpr uint32_t kMaxBody = 64 * 1024 * 1024;

constexpr std::array<absl::string_view, 9> kFraming = {
    "content-length", "transfer-encoding", "connection",     "upgrade", "te", "trailer",
    "expect",         "keep-alive",        "http2-settings",
};
constexpr std::array<absl::string_view, 4> kPersonal = {"host", "authorization", "cookie",
                                                        "proxy-authorization"};

template <typename List>
bool IsOneOf(absl::string_view name, const List& list) {
  return std::any_of(list.begin(), list.end(),
                     [name](absl::string_view item) { return absl::EqualsIgnoreCase(name, item); });
}

// RFC 9110 5.6.2.
bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::string_view("!#$%&'*+-.^_`|~").find(c) != absl::string_view::npos;
  });
}

bool IsFieldValue(absl::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return c != '\t' && absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
}

absl::Status CheckHeader(const std::string& name, const std::string& value) {
  if (!IsToken(name) || !IsFieldValue(value) || name.size() + value.size() > kMaxHeader) {
    return absl::InvalidArgumentError("http.headers: not a header field");
  }
  if (IsOneOf(name, kFraming)) {
    return absl::InvalidArgumentError(absl::StrCat("http.headers: ", name, " cannot be set"));
  }
  return absl::OkStatus();
}

absl::Status TakeHeaders(const v1::HttpProbe& http, HttpSpec& out) {
  if (http.headers_size() > kMaxHeaders) {
    return absl::InvalidArgumentError("http.headers: more than 50");
  }
  for (const auto& header : http.headers()) {
    PM_RETURN_IF_ERROR(CheckHeader(header.first, header.second));
    out.headers.emplace_back(header.first, header.second);
  }
  std::sort(out.headers.begin(), out.headers.end());
  return absl::OkStatus();
}

absl::Status TakeMethod(const v1::HttpProbe& http, HttpSpec& out) {
  out.method = http.method().empty() ? "GET" : http.method();
  const bool usable = IsToken(out.method) && out.method.size() <= kMaxMethod &&
                      out.method != "CONNECT" && out.method != "TRACE";
  if (!usable) return absl::InvalidArgumentError("http.method: not a method that can be used");
  return absl::OkStatus();
}

absl::Status TakeLimits(const v1::HttpProbe& http, HttpSpec& out) {
  if (http.max_redirects() > kMaxRedirects) {
    return absl::InvalidArgumentError("http.max_redirects: must be at most 20");
  }
  if (http.max_body_bytes() > kMaxBody) {
    return absl::InvalidArgumentError("http.max_body_bytes: must be at most 64 MiB");
  }
  out.max_redirects = http.max_redirects();
  out.max_body_bytes = http.max_body_bytes() == 0 ? kDefaultBody : http.max_body_bytes();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<HttpSpec> CheckHttpSpec(const v1::ProbeSpec& spec) {
  HttpSpec out;
  const v1::HttpProbe& http = spec.http();
  auto url = ParseHttpUrl(http.url());
  if (!url.ok())
    return absl::InvalidArgumentError(absl::StrCat("http.url: ", url.status().message()));
  out.url = *std::move(url);
  PM_ASSIGN_OR_RETURN(out.peer, CheckedEndpoint(spec, out.url.port));
  PM_ASSIGN_OR_RETURN(out.source_port, CheckedSourcePort(spec));
  PM_ASSIGN_OR_RETURN(out.timeout, CheckedTimeout(spec));
  PM_RETURN_IF_ERROR(TakeMethod(http, out));
  PM_RETURN_IF_ERROR(TakeHeaders(http, out));
  PM_RETURN_IF_ERROR(TakeLimits(http, out));
  const auto anchors = ParseCertificates(http.ca_pem());
  if (!anchors.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("http.ca_pem: ", anchors.status().message()));
  }
  out.ca_pem = http.ca_pem();
  out.verify_off = http.tls_verify_off();
  return out;
}

std::vector<std::string> HeaderLines(const HttpSpec& spec, const HttpUrl& url) {
  const bool same_origin = url.https == spec.url.https && url.port == spec.url.port &&
                           absl::EqualsIgnoreCase(url.host, spec.url.host);
  std::vector<std::string> lines;
  for (const auto& header : spec.headers) {
    if (!same_origin && IsOneOf(header.first, kPersonal)) continue;
    // libcurl's way to say "present and empty"; "Name:" would remove the header.
    lines.push_back(header.second.empty() ? absl::StrCat(header.first, ";")
                                          : absl::StrCat(header.first, ": ", header.second));
  }
  return lines;
}

std::string RedirectedMethod(const std::string& method, uint32_t status) {
  if (method == "HEAD") return method;
  if (status == 303 || (method == "POST" && (status == 301 || status == 302))) return "GET";
  return method;
}

}  // namespace probemesh::node
