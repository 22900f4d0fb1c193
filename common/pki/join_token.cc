#include "common/pki/join_token.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/net/ip_address.h"

namespace probemesh {
namespace {

constexpr char kScheme[] = "pm1";
constexpr size_t kMaxLength = 1024;
constexpr size_t kIdLength = 16;
constexpr size_t kMinSecretOctets = 16;
constexpr size_t kMaxSecretOctets = 64;
constexpr size_t kPinOctets = 32;

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the join token is damaged (", what,
                   "); copy all of what \"probemesh token create\" printed"));
}

bool IsId(absl::string_view text) {
  return text.size() == kIdLength && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c);
         });
}

// Strict, unlike Abseil's decoder, which forgives padding and white space.
bool DecodeBase64Url(absl::string_view text, std::string* octets) {
  const bool clean = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_';
  });
  return clean && absl::WebSafeBase64Unescape(text, octets);
}

}  // namespace

std::string JoinToken::ToString() const {
  return absl::StrCat(kScheme, ".", id, ".", secret, ".", absl::WebSafeBase64Escape(ca_spki_sha256),
                      "@", endpoint);
}

absl::StatusOr<JoinToken> JoinToken::Parse(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (text.empty()) return absl::InvalidArgumentError("the join token is empty");
  if (text.size() > kMaxLength) return Malformed("too long");
  const size_t at = text.find('@');
  if (at == absl::string_view::npos) return Malformed("no \"@host:port\" at its end");
  const std::vector<absl::string_view> parts = absl::StrSplit(text.substr(0, at), '.');
  if (parts[0] != kScheme) return Malformed("it does not begin with \"pm1.\"");
  if (parts.size() != 4) return Malformed("not four parts before the \"@\"");
  if (!IsId(parts[1])) return Malformed("bad id");
  std::string secret;
  if (!DecodeBase64Url(parts[2], &secret) || secret.size() < kMinSecretOctets ||
      secret.size() > kMaxSecretOctets) {
    return Malformed("bad secret");
  }
  JoinToken token;
  if (!DecodeBase64Url(parts[3], &token.ca_spki_sha256) ||
      token.ca_spki_sha256.size() != kPinOctets) {
    return Malformed("bad CA pin");
  }
  const absl::StatusOr<HostPort> endpoint = HostPort::Parse(text.substr(at + 1));
  if (!endpoint.ok() || endpoint->port == 0) return Malformed("bad enrolment address");
  token.id = std::string(parts[1]);
  token.secret = std::string(parts[2]);
  token.endpoint = std::string(text.substr(at + 1));
  return token;
}

}  // namespace probemesh
