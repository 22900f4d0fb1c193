// Which nodes testify: connected, not draining, able to reach the target's family, and spread over
// groups, because vantages of one group share their fate and count as little more than one.
#ifndef PROBEMESH_COORDINATOR_PLANNER_VANTAGE_SELECTION_H_
#define PROBEMESH_COORDINATOR_PLANNER_VANTAGE_SELECTION_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/planner/selector.h"
#include "probemesh/v1/node.pb.h"
#include "probemesh/v1/target.pb.h"

namespace probemesh::coordinator {

// Beyond five to seven diverse vantages little is gained (DIAGNOSIS 2.4).
inline constexpr size_t kDefaultVantages = 10;
inline constexpr size_t kMaxVantages = 50;

struct VantageQuery {
  const Selector& selector;
  // The vantages of selector.ReferencedRuns(), in that order.
  std::vector<std::vector<std::string>> run_nodes;
  size_t limit = 0;  // 0 is kDefaultVantages; never more than kMaxVantages
  // Of an address literal, or asked for by the user; unspecified accepts every node.
  v1::AddressFamily family = v1::ADDRESS_FAMILY_UNSPECIFIED;
};

// A node that reports neither family is taken to have both: it has not been able to look yet.
bool HasFamily(const v1::Capabilities& capabilities, v1::AddressFamily family);

// One vantage of each group before the second of any; by group and name, so that equal fleets give
// equal choices. Never empty: FAILED_PRECONDITION that tells the user which nodes and labels there
// are, and why none of them will do.
absl::StatusOr<std::vector<v1::Node>> SelectVantages(const std::vector<v1::Node>& nodes,
                                                     const VantageQuery& query);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_PLANNER_VANTAGE_SELECTION_H_
