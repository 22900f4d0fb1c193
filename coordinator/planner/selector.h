// SELECTOR of the command line and the API: which nodes to use as vantages.
//   ","  or    "+"  and    "!x"  not x    "key=value"  a label    "word"  a node's name or a
//   label's value (or its group)    "all"    "@ID"  the vantages of an earlier run (resolved by the
//   caller)
#ifndef PROBEMESH_COORDINATOR_PLANNER_SELECTOR_H_
#define PROBEMESH_COORDINATOR_PLANNER_SELECTOR_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "probemesh/v1/node.pb.h"

namespace probemesh::coordinator {

class Selector {
 public:
  // Empty text is "all". INVALID_ARGUMENT with a hint, fit for users; at most 1024 octets and 64
  // terms.
  static absl::StatusOr<Selector> Parse(absl::string_view text);

  // Ids after "@", in order. Their vantages must be given to Matches.
  std::vector<std::string> ReferencedRuns() const;

  // `run_nodes[i]`: names of the vantages of ReferencedRuns()[i].
  bool Matches(const v1::Node& node,
               const std::vector<std::vector<std::string>>& run_nodes = {}) const;

 private:
  struct Term {
    bool negated = false;
    bool is_run = false;
    std::string key;    // empty for a bare word
    std::string value;  // empty with an empty key: everything
  };
  std::vector<std::vector<Term>> alternatives_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_PLANNER_SELECTOR_H_
