#include "probe-node/probes/http/http_url.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace probemesh::node {
namespace {

constexpr size_t kMaxUrl = 8192;
constexpr unsigned int kFlags = CURLU_DISALLOW_USER;

struct CurlUrlFree {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using OwnedUrl = std::unique_ptr<CURLU, CurlUrlFree>;

std::string Part(CURLU* url, CURLUPart part, unsigned int flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string out = text;
  curl_free(text);
  return out;
}

absl::Status SetUrl(CURLU* url, absl::string_view text) {
  const bool has_control = text.find_first_of(absl::string_view("\0\r\n\t ", 5)) != text.npos;
  if (text.empty() || text.size() > kMaxUrl || has_control) {
    return absl::InvalidArgumentError("must have 1 to 8192 octets and no blanks");
  }
  const CURLUcode code = curl_url_set(url, CURLUPART_URL, std::string(text).c_str(), kFlags);
  if (code == CURLUE_OK) return absl::OkStatus();
  return absl::InvalidArgumentError(curl_url_strerror(code));
}

absl::StatusOr<HttpUrl> TakeApart(CURLU* url) {
  curl_url_set(url, CURLUPART_FRAGMENT, nullptr, 0);
  const std::string scheme = Part(url, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return absl::InvalidArgumentError("scheme must be http or https");
  }
  if (!Part(url, CURLUPART_ZONEID).empty()) {
    return absl::InvalidArgumentError("scope ids are not supported");
  }
  const std::string host = Part(url, CURLUPART_HOST);
  if (!std::all_of(host.begin(), host.end(), [](char c) { return c > ' ' && c <= '~'; })) {
    return absl::InvalidArgumentError("host must be ASCII; write an international name as xn--");
  }
  HttpUrl out;
  out.https = scheme == "https";
  out.text = Part(url, CURLUPART_URL);
  out.host = std::string(absl::StripSuffix(absl::StripPrefix(host, "["), "]"));
  uint32_t port = 0;
  if (!absl::SimpleAtoi(Part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT), &port) || port == 0 ||
      port > 65535) {
    return absl::InvalidArgumentError("port must be between 1 and 65535");
  }
  out.port = static_cast<uint16_t>(port);
  return out;
}

}  // namespace

absl::StatusOr<HttpUrl> ParseHttpUrl(absl::string_view text) {
  const OwnedUrl url(curl_url());
  const absl::Status set = SetUrl(url.get(), text);
  if (!set.ok()) return set;
  return TakeApart(url.get());
}

absl::StatusOr<HttpUrl> ResolveLocation(const HttpUrl& base, absl::string_view location) {
  const OwnedUrl url(curl_url());
  absl::Status set = SetUrl(url.get(), base.text);
  if (set.ok()) set = SetUrl(url.get(), location);
  if (!set.ok()) return set;
  return TakeApart(url.get());
}

}  // namespace probemesh::node
