// What all walks of a diagnosis saw, and which routers are worth a ping because of it.
#ifndef PROBEMESH_COORDINATOR_PLANNER_WALK_BOOK_H_
#define PROBEMESH_COORDINATOR_PLANNER_WALK_BOOK_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "common/net/ip_address.h"
#include "coordinator/planner/schedule.h"
#include "probemesh/v1/observation.pb.h"

namespace probemesh::coordinator {

struct WalkRecord {
  size_t vantage = 0;
  IpAddress destination;
  bool reached = false;
  std::vector<IpAddress> routers;  // in order of distance, without repeats
  uint32_t last_ttl = 0;           // distance of the last router that answered

  bool Cut() const { return !reached && !routers.empty(); }
};

class WalkBook {
 public:
  // Hops that are not addresses, or beyond 64, are left out.
  const WalkRecord& Add(size_t vantage, const IpAddress& destination,
                        const v1::Observation& observation);

  // Routers that this vantage should ping, most telling first: those that other walks saw beyond
  // its cut, its own last responder, the last routers of walks that reached the target, and where
  // the other walks were cut. None that was offered to it before; at most kMaxHopPings in all.
  std::vector<IpAddress> TakeHopPings(size_t vantage);

 private:
  void Offer(size_t vantage, const IpAddress& router, std::vector<IpAddress>* chosen);

  std::vector<WalkRecord> walks_;
  std::vector<std::set<IpAddress>> offered_;  // by vantage
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_PLANNER_WALK_BOOK_H_
