#include "probe-node/agent/policy_file.h"

#include <yaml-cpp/yaml.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/pki/private_file.h"

namespace probemesh::node {
namespace {

constexpr size_t kMaxConcurrentProbes = 1024;
constexpr double kMaxProbesPerSecond = 10000;

absl::Status ErrorAt(const YAML::Node& node, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("line ", node.Mark().line + 1, ": ", problem));
}

absl::Status ReadRanges(const YAML::Node& list, std::vector<IpPrefix>* ranges) {
  if (list.IsNull()) return absl::OkStatus();
  if (!list.IsSequence()) return ErrorAt(list, "expected a list of addresses and prefixes");
  for (const YAML::Node& item : list) {
    if (!item.IsScalar()) return ErrorAt(item, "expected an address or a prefix");
    const auto range = IpPrefix::Parse(item.Scalar());
    if (!range.ok()) return ErrorAt(item, range.status().message());
    ranges->push_back(*range);
  }
  return absl::OkStatus();
}

absl::Status ReadLimit(const std::string& key, const YAML::Node& value, AgentLimits* limits) {
  double number = 0;
  const bool readable = value.IsScalar() && absl::SimpleAtod(value.Scalar(), &number);
  if (key == "max_concurrent_probes") {
    if (!readable || !(number >= 1 && number <= kMaxConcurrentProbes)) {
      return ErrorAt(value, absl::StrCat(key, " is 1 to ", kMaxConcurrentProbes));
    }
    limits->max_concurrent_probes = static_cast<size_t>(number);
    return absl::OkStatus();
  }
  if (key == "probes_per_second") {
    if (!readable || !(number > 0 && number <= kMaxProbesPerSecond)) {
      return ErrorAt(value, absl::StrCat(key, " is more than 0, at most ", kMaxProbesPerSecond));
    }
    limits->probes_per_second = number;
    return absl::OkStatus();
  }
  return ErrorAt(value, absl::StrCat("unknown limit \"", key, "\""));
}

absl::Status ReadLimits(const YAML::Node& map, AgentLimits* limits) {
  if (map.IsNull()) return absl::OkStatus();
  if (!map.IsMap()) return ErrorAt(map, "expected limits as \"name: number\"");
  for (const auto& entry : map) {
    PM_RETURN_IF_ERROR(ReadLimit(entry.first.Scalar(), entry.second, limits));
  }
  return absl::OkStatus();
}

absl::Status ReadPolicy(const YAML::Node& root, PolicyFile* policy) {
  if (root.IsNull()) return absl::OkStatus();
  if (!root.IsMap()) return ErrorAt(root, "expected \"allow\", \"deny\" and \"limits\"");
  for (const auto& entry : root) {
    const std::string key = entry.first.Scalar();
    if (key == "allow") {
      PM_RETURN_IF_ERROR(ReadRanges(entry.second, &policy->rules.allow));
    } else if (key == "deny") {
      PM_RETURN_IF_ERROR(ReadRanges(entry.second, &policy->rules.deny));
    } else if (key == "limits") {
      PM_RETURN_IF_ERROR(ReadLimits(entry.second, &policy->limits));
    } else {
      return ErrorAt(entry.first, absl::StrCat("unknown key \"", key, "\""));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PolicyFile> ParsePolicy(const std::string& yaml) {
  PolicyFile policy;
  try {
    PM_RETURN_IF_ERROR(ReadPolicy(YAML::Load(yaml), &policy));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("line ", error.mark.line + 1, ": ", error.msg));
  }
  return policy;
}

absl::StatusOr<PolicyFile> LoadPolicyFile(const std::string& path) {
  PM_ASSIGN_OR_RETURN(const std::string yaml, ReadSmallFile(path));
  absl::StatusOr<PolicyFile> policy = ParsePolicy(yaml);
  if (policy.ok()) return policy;
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", policy.status().message()));
}

}  // namespace probemesh::node
