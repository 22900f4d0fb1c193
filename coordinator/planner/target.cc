#include "coordinator/planner/target.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/net/ip_address.h"

namespace probemesh::coordinator {
namespace {

constexpr size_t kMaxTargetLength = 2048;
constexpr size_t kMaxNameLength = 253;  // RFC 1035 2.3.4, in presentation form without the last dot
constexpr size_t kMaxLabelLength = 63;
constexpr size_t kShownInErrors = 64;
constexpr uint32_t kHttpPort = 80;
constexpr uint32_t kHttpsPort = 443;

std::string Quoted(absl::string_view text) {
  std::string shown(text.substr(0, kShownInErrors));
  for (char& c : shown) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  return absl::StrCat("\"", shown, text.size() > kShownInErrors ? "...\"" : "\"");
}

absl::Status Bad(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("target ", Quoted(text), ": ", why));
}

bool IsLabelCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
}

absl::Status CheckLabel(absl::string_view name, absl::string_view label) {
  if (label.empty()) return Bad(name, "a label between two dots is empty");
  if (label.size() > kMaxLabelLength) return Bad(name, "a label is longer than 63 characters");
  if (!std::all_of(label.begin(), label.end(), IsLabelCharacter)) {
    return Bad(name, "a host name has only letters, digits, '-', '_' and dots");
  }
  if (label.front() == '-' || label.back() == '-') {
    return Bad(name, "a label may not begin or end with '-'");
  }
  return absl::OkStatus();
}

// Lower case, without a trailing dot.
absl::StatusOr<std::string> NormaliseName(absl::string_view text) {
  absl::string_view name = text;
  absl::ConsumeSuffix(&name, ".");
  if (name.empty()) return Bad(text, "the host is empty");
  if (std::any_of(name.begin(), name.end(),
                  [](char c) { return static_cast<signed char>(c) < 0; })) {
    return Bad(text, "write international names in their ASCII form (xn--...)");
  }
  if (name.size() > kMaxNameLength) return Bad(text, "the name is longer than 253 characters");
  const std::vector<absl::string_view> labels = absl::StrSplit(name, '.');
  for (const absl::string_view label : labels) PM_RETURN_IF_ERROR(CheckLabel(text, label));
  // No top-level domain is numeric (RFC 3696 2), so this is a mistyped address.
  if (std::all_of(labels.back().begin(), labels.back().end(), absl::ascii_isdigit)) {
    return Bad(text, "not an IPv4 address (four numbers up to 255) and not a host name");
  }
  return absl::AsciiStrToLower(name);
}

absl::Status SetHost(absl::string_view text, bool bracketed, v1::Target* target) {
  if (absl::StrContains(text, '%')) {
    return Bad(text, "a scope id means something on one machine only; give a global address");
  }
  const absl::StatusOr<IpAddress> address = IpAddress::Parse(text);
  if (bracketed && (!address.ok() || !address->is_v6())) {
    return Bad(text, "brackets are for IPv6 addresses");
  }
  if (address.ok()) {
    if (!NamesOneHost(*address)) {
      return Bad(text, "the address of one host is needed, not a multicast or unspecified one");
    }
    target->set_host(address->ToString());
    target->set_is_address(true);
    return absl::OkStatus();
  }
  PM_ASSIGN_OR_RETURN(std::string name, NormaliseName(text));
  target->set_host(std::move(name));
  return absl::OkStatus();
}

absl::Status SetPort(absl::string_view text, v1::Target* target) {
  uint32_t port = 0;
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
  if (!digits || text.size() > 5 || !absl::SimpleAtoi(text, &port) || port == 0 || port > 65535) {
    return Bad(text, "not a port; ports go from 1 to 65535");
  }
  target->set_port(port);
  return absl::OkStatus();
}

// "host", "host:port", "[v6]", "[v6]:port" or a bare IPv6 address. Leaves the port alone if there
// is none.
absl::Status SetAuthority(absl::string_view text, v1::Target* target) {
  if (absl::ConsumePrefix(&text, "[")) {
    const size_t end = text.find(']');
    if (end == absl::string_view::npos) return Bad(text, "the closing bracket is missing");
    PM_RETURN_IF_ERROR(SetHost(text.substr(0, end), true, target));
    absl::string_view rest = text.substr(end + 1);
    if (rest.empty()) return absl::OkStatus();
    if (!absl::ConsumePrefix(&rest, ":")) return Bad(text, "only \":port\" may follow the bracket");
    return SetPort(rest, target);
  }
  const size_t colons = std::count(text.begin(), text.end(), ':');
  if (colons == 0) return SetHost(text, false, target);
  if (colons > 1) {
    if (!IpAddress::Parse(text).ok()) return Bad(text, "write an IPv6 address as [address]:port");
    return SetHost(text, false, target);
  }
  const size_t colon = text.find(':');
  PM_RETURN_IF_ERROR(SetHost(text.substr(0, colon), false, target));
  return SetPort(text.substr(colon + 1), target);
}

absl::Status SetUrl(absl::string_view scheme, absl::string_view rest, v1::Target* target) {
  const std::string lower = absl::AsciiStrToLower(scheme);
  if (lower != "http" && lower != "https") {
    return Bad(scheme, "unknown scheme; use http:// or https://, or host:port for plain TCP");
  }
  target->set_scheme(lower == "https" ? v1::Target::HTTPS : v1::Target::HTTP);
  target->set_port(lower == "https" ? kHttpsPort : kHttpPort);
  rest = rest.substr(0, rest.find('#'));
  const size_t end = rest.find_first_of("/?");
  const absl::string_view authority = rest.substr(0, end);
  if (absl::StrContains(authority, '@')) {
    return Bad(scheme,
               "a URL with a user name or password is refused: targets are stored and shown");
  }
  PM_RETURN_IF_ERROR(SetAuthority(authority, target));
  const absl::string_view path = end == absl::string_view::npos ? "" : rest.substr(end);
  target->set_path(absl::StartsWith(path, "/") ? std::string(path) : absl::StrCat("/", path));
  return absl::OkStatus();
}

}  // namespace

bool NamesOneHost(const IpAddress& address) {
  const auto& bytes = address.bytes();
  if (std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; })) return false;
  if (address.is_v6()) return bytes[0] != 0xff;
  const bool broadcast =
      std::all_of(bytes.begin(), bytes.begin() + 4, [](uint8_t byte) { return byte == 0xff; });
  const bool multicast = bytes[0] >= 224 && bytes[0] < 240;
  return !broadcast && !multicast;
}

absl::StatusOr<v1::Target> ParseTarget(absl::string_view text) {
  const absl::string_view trimmed = absl::StripAsciiWhitespace(text);
  if (trimmed.empty()) {
    return absl::InvalidArgumentError(
        "the target is empty; give a host, host:port or an http(s) URL");
  }
  if (trimmed.size() > kMaxTargetLength) return Bad(trimmed, "longer than 2048 characters");
  if (std::any_of(trimmed.begin(), trimmed.end(), [](char c) {
        return absl::ascii_iscntrl(static_cast<unsigned char>(c)) || c == ' ' || c == '\\';
      })) {
    return Bad(trimmed, "spaces, backslashes and control characters are not allowed");
  }
  v1::Target target;
  const size_t scheme_end = trimmed.find("://");
  if (scheme_end != absl::string_view::npos) {
    PM_RETURN_IF_ERROR(
        SetUrl(trimmed.substr(0, scheme_end), trimmed.substr(scheme_end + 3), &target));
  } else {
    if (absl::StrContains(trimmed, '/')) {
      return Bad(trimmed, "for a web page write the whole URL, beginning with https:// or http://");
    }
    PM_RETURN_IF_ERROR(SetAuthority(trimmed, &target));
    target.set_scheme(target.port() == 0 ? v1::Target::HOST : v1::Target::TCP);
  }
  target.set_input(std::string(text));
  // A protobuf string must be UTF-8, and a path is sent as it is: octets beyond ASCII are neither.
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<signed char>(c) < 0; })) {
    return Bad(trimmed, "percent-encode characters beyond ASCII");
  }
  return target;
}

}  // namespace probemesh::coordinator
