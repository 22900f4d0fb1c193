#include "probe-node/node_options.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/options/daemon_flags.h"
#include "common/pki/identity.h"
#include "common/pki/private_file.h"

namespace probemesh::node {
namespace {

constexpr uint16_t kSessionPort = 7443;
constexpr size_t kMaxNameLength = 63;
constexpr size_t kMaxLabelKeyLength = 63;
constexpr size_t kMaxLabelValueLength = 256;
constexpr size_t kMaxGroupLength = 128;

constexpr char kExamples[] = R"(
Every flag can also be set as PROBEMESH_<FLAG> in the environment (PROBEMESH_STATE_DIR, ...; lists
with commas) and in the file of --config ("state-dir = /var/lib/probemesh").

Examples:
  First start, with a token of "probemesh token create":
    probemesh-node --state-dir /var/lib/probemesh --join-token pm1... --label provider=hetzner
  Every later start:
    probemesh-node --state-dir /var/lib/probemesh
  In an office, allowed to look at its own networks:
    probemesh-node --state-dir ~/.probemesh --allow-target 10.20.0.0/16 --label site=berlin
)";

struct RawOptions {
  std::string state_dir;
  std::string join_token;
  std::string join_token_file;
  std::string name;
  std::vector<std::string> labels;
  std::string group;
  std::vector<std::string> allow_targets;
  std::string policy_file;
  std::vector<std::string> coordinators;
  std::string ca_file;
  std::string log_level = "info";
};

void Declare(CLI::App& app, RawOptions& raw) {
  AddFlag(app, "--state-dir", raw.state_dir, "where the node keeps its identity and its results",
          "DIR")
      ->required();
  CLI::Option* token =
      AddFlag(app, "--join-token", raw.join_token, "enrol with this token; used once", "TOKEN");
  AddFlag(app, "--join-token-file", raw.join_token_file, "the same, from a file", "FILE")
      ->excludes(token);
  AddFlag(app, "--name", raw.name, "the node's name, by default the host's", "NAME");
  AddFlag(app, "--label", raw.labels, "what the node is, for selectors; may be repeated",
          "KEY=VALUE")
      ->delimiter(',');
  AddFlag(app, "--group", raw.group,
          "what it shares its fate with; by default label asn, provider or site, else itself",
          "GROUP");
  AddFlag(app, "--allow-target", raw.allow_targets,
          "may be probed although private, loopback ...; may be repeated", "CIDR")
      ->delimiter(',');
  AddFlag(app, "--policy", raw.policy_file, "YAML with allow, deny and limits", "FILE");
  AddFlag(app, "--coordinator", raw.coordinators,
          "instead of those named at enrolment; may be repeated", "HOST:PORT")
      ->delimiter(',');
  AddFlag(app, "--ca-file", raw.ca_file, "more trust anchors (PEM) for TLS and HTTPS probes",
          "FILE");
  AddFlag(app, "--log-level", raw.log_level, "debug, info, warning or error", "LEVEL");
}

bool IsKeyCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::string_view("._/-").find(c) != absl::string_view::npos;
}

absl::Status ReadLabels(const std::vector<std::string>& labels, NodeOptions* options) {
  for (const std::string& label : labels) {
    const size_t equals = label.find('=');
    const std::string key = label.substr(0, equals);
    const bool valid = equals != std::string::npos && !key.empty() &&
                       key.size() <= kMaxLabelKeyLength &&
                       std::all_of(key.begin(), key.end(), IsKeyCharacter);
    if (!valid) return FlagError("--label", absl::StrCat("\"", label, "\" is not KEY=VALUE"));
    const std::string value = label.substr(equals + 1);
    if (value.size() > kMaxLabelValueLength) {
      return FlagError("--label", absl::StrCat("the value of ", key, " is too long"));
    }
    options->labels[key] = value;
  }
  return absl::OkStatus();
}

absl::Status ReadName(const std::string& name, NodeOptions* options) {
  if (!name.empty()) {
    const absl::Status valid = CheckNodeName(name);
    if (!valid.ok()) return FlagError("--name", valid.message());
    options->name = name;
    return absl::OkStatus();
  }
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  options->name = NameFromHost(host.data());
  return absl::OkStatus();
}

absl::Status ReadLists(const RawOptions& raw, NodeOptions* options) {
  for (const std::string& text : raw.allow_targets) {
    const auto range = IpPrefix::Parse(text);
    if (!range.ok()) return FlagError("--allow-target", range.status().message());
    options->allow_targets.push_back(*range);
  }
  for (const std::string& text : raw.coordinators) {
    const auto coordinator = HostPort::Parse(text, kSessionPort);
    if (!coordinator.ok()) return FlagError("--coordinator", coordinator.status().message());
    options->coordinators.push_back(coordinator->ToString());
  }
  return absl::OkStatus();
}

absl::StatusOr<NodeOptions> Check(const RawOptions& raw, const std::string& version) {
  NodeOptions options;
  options.version = version;
  options.state_dir = raw.state_dir;
  options.join_token_file = raw.join_token_file;
  options.group = raw.group;
  options.policy_file = raw.policy_file;
  options.ca_file = raw.ca_file;
  options.log_level = raw.log_level;
  if (raw.state_dir.empty()) return FlagError("--state-dir", "must not be empty");
  if (raw.group.size() > kMaxGroupLength) return FlagError("--group", "is too long");
  if (!raw.join_token.empty()) {
    const auto token = JoinToken::Parse(raw.join_token);
    if (!token.ok()) return FlagError("--join-token", token.status().message());
    options.join_token = *token;
  }
  PM_RETURN_IF_ERROR(ReadName(raw.name, &options));
  PM_RETURN_IF_ERROR(ReadLabels(raw.labels, &options));
  PM_RETURN_IF_ERROR(ReadLists(raw, &options));
  return options;
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments,
                                             const std::string& version) {
  CLI::App app("A probemesh vantage point: runs reachability checks for a coordinator.",
               "probemesh-node");
  DescribeDaemon(app, version, kExamples);
  RawOptions raw;
  Declare(app, raw);
  CommandLine line;
  PM_ASSIGN_OR_RETURN(line.print, ReadFlags(app, arguments));
  if (line.print) return line;
  PM_ASSIGN_OR_RETURN(line.options, Check(raw, version));
  return line;
}

absl::StatusOr<std::optional<JoinToken>> FindJoinToken(const NodeOptions& options) {
  if (options.join_token || options.join_token_file.empty()) return options.join_token;
  const auto text = ReadSmallFile(options.join_token_file);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  if (!text.ok()) return FlagError("--join-token-file", text.status().message());
  const auto token = JoinToken::Parse(*text);
  if (!token.ok()) {
    return FlagError("--join-token-file",
                     absl::StrCat(options.join_token_file, ": ", token.status().message()));
  }
  return *token;
}

std::string NameFromHost(const std::string& host) {
  std::string name = absl::AsciiStrToLower(host).substr(0, kMaxNameLength);
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.') c = '-';
  }
  while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
  while (!name.empty() && (name.front() == '-' || name.front() == '.')) name.erase(0, 1);
  return CheckNodeName(name).ok() ? name : "node";
}

}  // namespace probemesh::node
