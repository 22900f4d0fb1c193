// Labels of nodes: what is allowed, whose win, and the group that follows from them.
#ifndef PROBEMESH_COORDINATOR_REGISTRY_LABELS_H_
#define PROBEMESH_COORDINATOR_REGISTRY_LABELS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/map.h"

namespace probemesh::coordinator {

using LabelMap = google::protobuf::Map<std::string, std::string>;
using LabelList = std::vector<std::pair<std::string, std::string>>;  // sorted

inline constexpr size_t kMaxLabels = 64;
inline constexpr size_t kMaxLabelKeyLength = 63;
inline constexpr size_t kMaxLabelValueLength = 256;

// Keys: 1 to 63 of [A-Za-z0-9._/-]. Values: at most 256 octets, no control characters.
// INVALID_ARGUMENT that names the label.
absl::Status CheckLabels(const LabelMap& labels);

LabelList SortedLabels(const LabelMap& labels);

// `own` with every label of `token` put over it: an operator's word counts more than a node's.
LabelMap MergeLabels(const LabelMap& own, const LabelList& token);

// What the node shares its fate with: `declared` if given, else its label `asn`, `provider` or
// `site`, in this order, else itself.
std::string GroupOf(absl::string_view declared, const LabelMap& labels, absl::string_view node);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_REGISTRY_LABELS_H_
