#include "coordinator/cli/probe_target.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/render/printable.h"

namespace probemesh::cli {
namespace {

constexpr size_t kMostTargetBytes = 2048;

absl::Status CheckText(absl::string_view text) {
  if (text.empty()) return absl::InvalidArgumentError("the target is empty");
  if (text.size() > kMostTargetBytes) return absl::InvalidArgumentError("the target is too long");
  const bool odd =
      std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; });
  if (!odd) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", Printable(text), "\" contains a character that no host name has"));
}

}  // namespace

absl::StatusOr<HostPort> ParseProbeTarget(absl::string_view text, PortRule rule,
                                          uint16_t default_port) {
  PM_RETURN_IF_ERROR(CheckText(text));
  if (absl::StrContains(text, "://")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", text, "\" is a URL; this probe wants a host. Use \"probemesh probe http\""));
  }
  if (const auto address = IpAddress::Parse(text); address.ok()) {
    if (rule != PortRule::kRequired || default_port != 0) {
      return HostPort{address->ToString(), default_port};
    }
  }
  const absl::StatusOr<HostPort> parsed = HostPort::Parse(text, default_port);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("bad target \"", text, "\": ", parsed.status().message()));
  }
  if (rule == PortRule::kRequired && parsed->port == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("no port in \"", text, "\"; write host:port or add --port"));
  }
  if (rule == PortRule::kNone && parsed->port != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("this probe has no port, yet \"", text, "\" names one; write just the host"));
  }
  return parsed;
}

absl::StatusOr<HostPort> ParseUrlAuthority(absl::string_view url) {
  PM_RETURN_IF_ERROR(CheckText(url));
  absl::string_view rest = url;
  uint16_t default_port = 0;
  if (absl::ConsumePrefix(&rest, "http://")) default_port = 80;
  if (absl::ConsumePrefix(&rest, "https://")) default_port = 443;
  if (default_port == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", url, "\" is not a URL of http:// or https://"));
  }
  const absl::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (absl::StrContains(authority, "@")) {
    return absl::InvalidArgumentError("a URL with a user name is not probed");
  }
  return ParseProbeTarget(authority, PortRule::kRequired, default_port);
}

}  // namespace probemesh::cli
