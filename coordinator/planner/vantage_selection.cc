#include "coordinator/planner/vantage_selection.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace probemesh::coordinator {
namespace {

constexpr size_t kShownNames = 10;

std::string ShortName(const v1::Node& node) {
  return std::string(absl::StripPrefix(node.name(), "nodes/"));
}

// "a, b, c and 4 more".
std::string Enumerate(const std::set<std::string>& words) {
  std::vector<std::string> shown;
  for (const std::string& word : words) {
    if (shown.size() < kShownNames) shown.push_back(word);
  }
  std::string text = absl::StrJoin(shown, ", ");
  if (words.size() > kShownNames)
    absl::StrAppend(&text, " and ", words.size() - kShownNames, " more");
  return text;
}

std::string NamesOf(const std::vector<v1::Node>& nodes) {
  std::set<std::string> names;
  for (const v1::Node& node : nodes) names.insert(ShortName(node));
  return Enumerate(names);
}

std::string LabelsOf(const std::vector<v1::Node>& nodes) {
  std::set<std::string> labels;
  for (const v1::Node& node : nodes) {
    for (const auto& [key, value] : node.labels()) labels.insert(absl::StrCat(key, "=", value));
  }
  return labels.empty() ? "none" : Enumerate(labels);
}

absl::Status NothingConnected(const std::vector<v1::Node>& nodes) {
  if (nodes.empty()) {
    return absl::FailedPreconditionError(
        "no node is connected: none is enrolled; make a token with \"probemesh token create\" and "
        "start probemesh-node with it");
  }
  return absl::FailedPreconditionError(
      absl::StrCat("no node is connected; known nodes: ", NamesOf(nodes)));
}

struct Candidates {
  std::vector<v1::Node> usable;
  size_t connected = 0;  // any node of the fleet
  size_t matching = 0;
  size_t matching_draining = 0;
  size_t matching_connected = 0;
};

Candidates Sift(const std::vector<v1::Node>& nodes, const VantageQuery& query) {
  Candidates found;
  for (const v1::Node& node : nodes) {
    const bool connected = node.state() == v1::Node::CONNECTED;
    const bool draining = node.state() == v1::Node::DRAINING;
    if (connected || draining) ++found.connected;
    if (!query.selector.Matches(node, query.run_nodes)) continue;
    ++found.matching;
    if (draining) ++found.matching_draining;
    if (!connected) continue;
    ++found.matching_connected;
    if (HasFamily(node.capabilities(), query.family)) found.usable.push_back(node);
  }
  return found;
}

absl::Status WhyNone(const std::vector<v1::Node>& nodes, const Candidates& found,
                     const VantageQuery& query) {
  if (found.connected == 0) return NothingConnected(nodes);
  if (found.matching == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("no node matches the selector; known nodes: ", NamesOf(nodes),
                     "; labels: ", LabelsOf(nodes)));
  }
  if (found.matching_connected > 0) {
    return absl::FailedPreconditionError(absl::StrCat("none of the ", found.matching_connected,
                                                      " matching nodes has ",
                                                      query.family == v1::IPV6 ? "IPv6" : "IPv4"));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "none of the ", found.matching, " matching nodes can be used: ", found.matching_draining,
      " draining, ", found.matching - found.matching_draining, " not connected"));
}

}  // namespace

bool HasFamily(const v1::Capabilities& capabilities, v1::AddressFamily family) {
  if (!capabilities.ipv4() && !capabilities.ipv6()) return true;
  if (family == v1::IPV4) return capabilities.ipv4();
  if (family == v1::IPV6) return capabilities.ipv6();
  return true;
}

absl::StatusOr<std::vector<v1::Node>> SelectVantages(const std::vector<v1::Node>& nodes,
                                                     const VantageQuery& query) {
  const Candidates found = Sift(nodes, query);
  if (found.usable.empty()) return WhyNone(nodes, found, query);
  std::map<std::string, std::vector<v1::Node>> groups;
  for (const v1::Node& node : found.usable) {
    groups[node.group().empty() ? node.name() : node.group()].push_back(node);
  }
  for (auto& [group, members] : groups) {
    std::sort(members.begin(), members.end(),
              [](const v1::Node& a, const v1::Node& b) { return a.name() < b.name(); });
  }
  const size_t limit = std::min(query.limit == 0 ? kDefaultVantages : query.limit, kMaxVantages);
  std::vector<v1::Node> chosen;
  for (size_t round = 0; chosen.size() < std::min(limit, found.usable.size()); ++round) {
    for (const auto& [group, members] : groups) {
      if (round < members.size() && chosen.size() < limit) chosen.push_back(members[round]);
    }
  }
  return chosen;
}

}  // namespace probemesh::coordinator
