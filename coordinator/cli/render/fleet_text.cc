#include "coordinator/cli/render/fleet_text.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/proto_time.h"
#include "coordinator/cli/render/observation_text.h"
#include "coordinator/cli/render/printable.h"
#include "coordinator/cli/render/table.h"
#include "coordinator/cli/render/verdict_words.h"

namespace probemesh::cli {
namespace {

using Rows = std::vector<std::vector<Cell>>;

std::string LabelsText(const google::protobuf::Map<std::string, std::string>& labels) {
  const std::map<std::string, std::string> sorted(labels.begin(), labels.end());
  return Printable(absl::StrJoin(sorted, ",", absl::PairFormatter("=")));
}

Color ColorOf(v1::Node::State state) {
  switch (state) {
    case v1::Node::CONNECTED:
      return Color::kGreen;
    case v1::Node::DISCONNECTED:
    case v1::Node::REVOKED:
      return Color::kRed;
    default:
      return Color::kYellow;
  }
}

std::string NodeStateWord(v1::Node::State state) {
  return absl::AsciiStrToLower(v1::Node::State_Name(state));
}

void AddField(absl::string_view name, const std::string& value, std::vector<std::string>& lines) {
  if (!value.empty()) lines.push_back(absl::StrFormat("%-14s%s", name, value));
}

std::string CapabilitiesText(const v1::Capabilities& capabilities) {
  std::vector<absl::string_view> parts;
  if (capabilities.ipv4()) parts.emplace_back("IPv4");
  if (capabilities.ipv6()) parts.emplace_back("IPv6");
  if (capabilities.icmp_echo_v4()) parts.emplace_back("ping");
  if (capabilities.icmp_echo_v6()) parts.emplace_back("ping6");
  if (capabilities.error_queue()) parts.emplace_back("ICMP errors");
  return absl::StrJoin(parts, ", ");
}

std::string ControlText(const v1::ControlResult& control) {
  std::string text =
      absl::StrCat(Printable(control.control()), " tcp ", control.tcp_ok() ? "ok" : "failed");
  if (control.icmp_known()) {
    absl::StrAppend(&text, ", ping ", control.icmp_ok() ? "ok" : "failed");
  }
  if (!control.error().empty()) absl::StrAppend(&text, " (", Printable(control.error()), ")");
  return text;
}

std::string TokenState(const v1::JoinToken& token, absl::Time now) {
  if (token.revoked()) return "revoked";
  if (token.uses() >= std::max<uint32_t>(token.max_uses(), 1)) return "used";
  return FromProto(token.expire_time()) <= now ? "expired" : "open";
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", FromProto(time), absl::UTCTimeZone());
}

}  // namespace

std::string AgeWords(absl::Time then, absl::Time now) {
  if (then <= absl::UnixEpoch()) return "never";
  const bool future = then > now;
  const int64_t seconds = absl::ToInt64Seconds(future ? then - now : now - then);
  const std::string amount = seconds < 120      ? absl::StrCat(seconds, " s")
                             : seconds < 7200   ? absl::StrCat(seconds / 60, " min")
                             : seconds < 172800 ? absl::StrCat(seconds / 3600, " h")
                                                : absl::StrCat(seconds / 86400, " d");
  return future ? absl::StrCat("in ", amount) : absl::StrCat(amount, " ago");
}

std::vector<std::string> RenderNodes(const v1::ListNodesResponse& nodes, absl::Time now,
                                     const Style& style) {
  if (nodes.nodes().empty()) return {"No node has joined yet: probemesh token create"};
  Rows rows;
  for (const v1::Node& node : nodes.nodes()) {
    rows.push_back({{Printable(ShortName(node.name())), Color::kBold},
                    {NodeStateWord(node.state()), ColorOf(node.state())},
                    {Printable(node.group())},
                    {AgeWords(FromProto(node.last_seen_time()), now)},
                    {Printable(node.version())},
                    {LabelsText(node.labels())}});
  }
  return RenderTable(
      {{"NAME", 0}, {"STATE", 0}, {"GROUP", 1}, {"SEEN", 2}, {"VERSION", 4}, {"LABELS", 3}}, rows,
      style);
}

std::vector<std::string> RenderNode(const v1::Node& node, absl::Time now, const Style& style) {
  std::vector<std::string> lines;
  AddField("name", style.Paint(Color::kBold, Printable(ShortName(node.name()))), lines);
  AddField("state", style.Paint(ColorOf(node.state()), NodeStateWord(node.state())), lines);
  AddField("group", Printable(node.group()), lines);
  AddField("labels", LabelsText(node.labels()), lines);
  AddField("version", Printable(node.version()), lines);
  AddField("uid", Printable(node.uid()), lines);
  AddField("can", CapabilitiesText(node.capabilities()), lines);
  AddField("seen", AgeWords(FromProto(node.last_seen_time()), now), lines);
  AddField("joined", AgeWords(FromProto(node.enroll_time()), now), lines);
  AddField("certificate", "expires " + AgeWords(FromProto(node.certificate_expire_time()), now),
           lines);
  if (node.has_clock_offset()) {
    AddField("clock offset",
             absl::StrCat(MillisecondsText(FromProto(node.clock_offset()), 1), " ms"), lines);
  }
  AddField("in flight", absl::StrCat(node.in_flight()), lines);
  for (const v1::ControlResult& control : node.self_check().controls()) {
    AddField("control", ControlText(control), lines);
  }
  return lines;
}

std::vector<std::string> RenderTokens(const v1::ListJoinTokensResponse& tokens, absl::Time now,
                                      const Style& style) {
  if (tokens.join_tokens().empty()) return {"No join tokens."};
  Rows rows;
  for (const v1::JoinToken& token : tokens.join_tokens()) {
    rows.push_back({{Printable(ShortName(token.name())), Color::kBold},
                    {TokenState(token, now)},
                    {absl::StrCat(token.uses(), "/", token.max_uses())},
                    {AgeWords(FromProto(token.expire_time()), now)},
                    {token.node().empty() ? "any" : Printable(ShortName(token.node()))},
                    {LabelsText(token.labels())}});
  }
  return RenderTable(
      {{"ID", 0, 16}, {"STATE", 0}, {"USES", 2}, {"EXPIRES", 1}, {"NODE", 3}, {"LABELS", 4}}, rows,
      style);
}

std::vector<std::string> RenderHistory(const v1::ListDiagnosesResponse& diagnoses,
                                       const Style& style) {
  if (diagnoses.diagnoses().empty()) return {"No diagnoses yet: probemesh diagnose TARGET"};
  Rows rows;
  for (const v1::Diagnosis& diagnosis : diagnoses.diagnoses()) {
    const v1::Judgement& judgement = diagnosis.diagnosis();
    const bool judged = judgement.verdict() != v1::Judgement::VERDICT_UNSPECIFIED;
    rows.push_back({{Printable(ShortName(diagnosis.name())), Color::kBold},
                    {TimeText(diagnosis.create_time())},
                    {absl::AsciiStrToLower(v1::Diagnosis::State_Name(diagnosis.state()))},
                    {judged ? v1::Judgement::Verdict_Name(judgement.verdict()) : "-",
                     ColorOf(judgement.verdict())},
                    {judged ? ConfidenceWords(judgement) : "-"},
                    {Printable(diagnosis.target())}});
  }
  return RenderTable({{"ID", 0, 36},
                      {"STARTED", 2, 20},
                      {"STATE", 3},
                      {"VERDICT", 0},
                      {"CONFIDENCE", 1},
                      {"TARGET", 0}},
                     rows, style);
}

}  // namespace probemesh::cli
