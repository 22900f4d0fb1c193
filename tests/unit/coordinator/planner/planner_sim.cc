#include "tests/unit/coordinator/planner/planner_sim.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/planner/target.h"

namespace probemesh::coordinator {
namespace {

struct Arrival {
  uint64_t order = 0;
  v1::Observation observation;
};

// From the node to the coordinator, committed.
constexpr absl::Duration kTransport = absl::Milliseconds(5);

}  // namespace

PlannerSim::PlannerSim(const std::string& target, std::vector<FakeTarget> views)
    : views_(std::move(views)) {
  input_.target = *ParseTarget(target);
  input_.controls = {"203.0.113.1:443", "203.0.113.2:443"};
  for (size_t v = 0; v < views_.size(); ++v) {
    PlanVantage vantage;
    vantage.node = absl::StrCat("nodes/v", v);
    vantage.group = absl::StrCat("group", v);
    vantage.capabilities.set_ipv4(true);
    vantage.capabilities.set_icmp_echo_v4(true);
    vantage.capabilities.set_error_queue(true);
    input_.vantages.push_back(std::move(vantage));
  }
}

absl::Duration PlannerSim::Run() {
  Planner planner(input_);
  std::multimap<absl::Duration, Arrival> arrivals;
  absl::Duration now;
  for (int turn = 0; turn < 10000; ++turn) {
    PlanStep step = planner.Advance(now);
    looked_healthy_ = looked_healthy_ || step.looks_healthy;
    if (step.finished) return now;
    for (ProbeOrder& order : step.orders) {
      SimOrder sim{now, order.vantage, order.spec};
      orders_.push_back(sim);
      if (filter_ && !filter_(sim)) continue;
      FakeReply reply = views_[order.vantage].Answer(order.spec);
      arrivals.emplace(now + reply.after + kTransport, Arrival{order.id, reply.observation});
    }
    EXPECT_GT(step.next, now) << "the planner asks to be called again at once, for ever";
    if (step.next <= now) return now;
    absl::Duration next = step.next;
    if (!arrivals.empty()) next = std::min(next, arrivals.begin()->first);
    now = std::max(now, next);
    while (!arrivals.empty() && arrivals.begin()->first <= now) {
      const Arrival arrival = arrivals.begin()->second;
      arrivals.erase(arrivals.begin());
      planner.OnObservation(arrival.order, arrival.observation, now);
    }
  }
  ADD_FAILURE() << "no end";
  return now;
}

std::vector<SimOrder> PlannerSim::Of(size_t vantage, v1::ProbeRole role) const {
  std::vector<SimOrder> found;
  for (const SimOrder& order : orders_) {
    if (order.vantage == vantage && order.spec.role() == role) found.push_back(order);
  }
  return found;
}

int PlannerSim::PacketsAtTarget() const {
  int packets = 0;
  for (const SimOrder& order : orders_) {
    const v1::ProbeRole role = order.spec.role();
    if (role == v1::CONTROL || role == v1::NEIGHBOR || role == v1::HOP_PING) continue;
    packets += coordinator::PacketsAtTarget(order.spec);
  }
  return packets;
}

}  // namespace probemesh::coordinator
