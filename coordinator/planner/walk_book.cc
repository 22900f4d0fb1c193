#include "coordinator/planner/walk_book.h"

#include <algorithm>
#include <map>

#include "coordinator/planner/target.h"

namespace probemesh::coordinator {
namespace {

constexpr int kMaxHops = 64;
constexpr size_t kBeyondTheCut = 3;

}  // namespace

const WalkRecord& WalkBook::Add(size_t vantage, const IpAddress& destination,
                                const v1::Observation& observation) {
  WalkRecord walk;
  walk.vantage = vantage;
  walk.destination = destination;
  const v1::TraceEvidence& trace = observation.trace();
  walk.reached = trace.reached();
  std::map<uint32_t, IpAddress> by_ttl;
  for (int i = 0; i < std::min(trace.hops_size(), kMaxHops); ++i) {
    const absl::StatusOr<IpAddress> router = IpAddress::Parse(trace.hops(i).address());
    if (!router.ok() || *router == destination || !NamesOneHost(*router)) continue;
    if (router->family() != destination.family()) continue;
    by_ttl[trace.hops(i).ttl()] = *router;
  }
  for (const auto& [ttl, router] : by_ttl) {
    walk.last_ttl = ttl;
    if (std::find(walk.routers.begin(), walk.routers.end(), router) == walk.routers.end()) {
      walk.routers.push_back(router);
    }
  }
  walks_.push_back(walk);
  return walks_.back();
}

void WalkBook::Offer(size_t vantage, const IpAddress& router, std::vector<IpAddress>* chosen) {
  if (offered_.size() <= vantage) offered_.resize(vantage + 1);
  std::set<IpAddress>& offered = offered_[vantage];
  if (offered.size() >= kMaxHopPings || !offered.insert(router).second) return;
  chosen->push_back(router);
}

std::vector<IpAddress> WalkBook::TakeHopPings(size_t vantage) {
  std::vector<IpAddress> chosen;
  for (const WalkRecord& mine : walks_) {
    if (mine.vantage != vantage || !mine.Cut()) continue;
    const auto same_way = [&mine](const WalkRecord& other) {
      return other.destination.family() == mine.destination.family();
    };
    for (const WalkRecord& other : walks_) {
      const auto& routers = other.routers;
      auto next = std::find(routers.begin(), routers.end(), mine.routers.back());
      for (size_t i = 0; i < kBeyondTheCut && next != routers.end() && ++next != routers.end();
           ++i) {
        Offer(vantage, *next, &chosen);
      }
    }
    Offer(vantage, mine.routers.back(), &chosen);
    for (const bool reached : {true, false}) {
      for (const WalkRecord& other : walks_) {
        if (other.reached != reached || other.routers.empty() || !same_way(other)) continue;
        Offer(vantage, other.routers.back(), &chosen);
      }
    }
  }
  return chosen;
}

}  // namespace probemesh::coordinator
