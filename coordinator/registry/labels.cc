#include "coordinator/registry/labels.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace probemesh::coordinator {
namespace {

bool IsKeyCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::string_view("._/-").find(c) != absl::string_view::npos;
}

bool IsControl(char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); }

absl::Status CheckLabel(const std::string& key, const std::string& value) {
  const bool key_ok = !key.empty() && key.size() <= kMaxLabelKeyLength &&
                      std::all_of(key.begin(), key.end(), IsKeyCharacter);
  if (!key_ok) {
    return absl::InvalidArgumentError(absl::StrCat(
        "label key \"", absl::CHexEscape(key.substr(0, kMaxLabelKeyLength)), "\": 1 to ",
        kMaxLabelKeyLength, " letters, digits, \".\", \"_\", \"/\" or \"-\""));
  }
  if (value.size() > kMaxLabelValueLength || std::any_of(value.begin(), value.end(), IsControl)) {
    return absl::InvalidArgumentError(absl::StrCat("value of label \"", key, "\": at most ",
                                                   kMaxLabelValueLength,
                                                   " octets without control characters"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckLabels(const LabelMap& labels) {
  if (labels.size() > kMaxLabels) {
    return absl::InvalidArgumentError(absl::StrCat("at most ", kMaxLabels, " labels"));
  }
  for (const auto& label : labels) PM_RETURN_IF_ERROR(CheckLabel(label.first, label.second));
  return absl::OkStatus();
}

LabelList SortedLabels(const LabelMap& labels) {
  LabelList sorted(labels.begin(), labels.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

LabelMap MergeLabels(const LabelMap& own, const LabelList& token) {
  LabelMap merged = own;
  for (const auto& label : token) merged[label.first] = label.second;
  return merged;
}

std::string GroupOf(absl::string_view declared, const LabelMap& labels, absl::string_view node) {
  if (!declared.empty()) return std::string(declared);
  for (const char* key : {"asn", "provider", "site"}) {
    const auto label = labels.find(key);
    if (label != labels.end() && !label->second.empty()) return label->second;
  }
  return std::string(node);
}

}  // namespace probemesh::coordinator
