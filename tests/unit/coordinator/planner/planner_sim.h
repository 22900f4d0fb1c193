// Plays a mesh of scripted vantages against the planner in virtual time.
#ifndef PROBEMESH_TESTS_UNIT_COORDINATOR_PLANNER_PLANNER_SIM_H_
#define PROBEMESH_TESTS_UNIT_COORDINATOR_PLANNER_PLANNER_SIM_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "coordinator/planner/planner.h"
#include "tests/support/fake_target.h"

namespace probemesh::coordinator {

struct SimOrder {
  absl::Duration at;
  size_t vantage = 0;
  v1::ProbeSpec spec;
};

class PlannerSim {
 public:
  // Each vantage has ping sockets and IPv4, and is alone in its group.
  PlannerSim(const std::string& target, std::vector<FakeTarget> views);

  PlanInput& input() { return input_; }
  FakeTarget& view(size_t vantage) { return views_[vantage]; }
  // Called for each order; returning false leaves it without any result for ever.
  void set_filter(std::function<bool(const SimOrder&)> filter) { filter_ = std::move(filter); }

  // Runs to the end, which must come; returns when that was.
  absl::Duration Run();

  const std::vector<SimOrder>& orders() const { return orders_; }
  std::vector<SimOrder> Of(size_t vantage, v1::ProbeRole role) const;
  int PacketsAtTarget() const;  // at most, had nothing answered
  bool looked_healthy() const { return looked_healthy_; }

 private:
  PlanInput input_;
  std::vector<FakeTarget> views_;
  std::function<bool(const SimOrder&)> filter_;
  std::vector<SimOrder> orders_;
  bool looked_healthy_ = false;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_TESTS_UNIT_COORDINATOR_PLANNER_PLANNER_SIM_H_
