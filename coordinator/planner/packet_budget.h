// How many packets the whole mesh may aim at one target in one diagnosis.
#ifndef PROBEMESH_COORDINATOR_PLANNER_PACKET_BUDGET_H_
#define PROBEMESH_COORDINATOR_PLANNER_PACKET_BUDGET_H_

#include <cstddef>

#include "probemesh/v1/probe.pb.h"

namespace probemesh::coordinator {

// The most packets that this probe sends to the target if nothing answers. A walk's first hops end
// at routers and are not counted.
int PacketsAtTarget(const v1::ProbeSpec& spec);

class PacketBudget {
 public:
  // 50 for each vantage, but at most 200 for up to seven; each further vantage adds what its first
  // tries cost.
  explicit PacketBudget(size_t vantages);

  int left() const { return left_; }
  // For first tries, which are never refused: without them a vantage has nothing to say.
  void Charge(int packets) { left_ -= packets; }
  // For all else: false, and nothing is taken, unless `reserve` packets would be left.
  bool Take(int packets, int reserve = 0);

 private:
  int left_ = 0;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_PLANNER_PACKET_BUDGET_H_
