#include "coordinator/diagnosis/path_knowledge.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace probemesh::coordinator {
namespace {

bool Speaks(const Hop& hop) {
  return hop.kind == Hop::Kind::kRouter || hop.kind == Hop::Kind::kRefuser;
}

void LearnSuccessors(const Walk& walk, PathKnowledge* paths) {
  if (!walk.loop.empty()) return;
  for (size_t i = 1; i < walk.hops.size(); ++i) {
    const Hop& left = walk.hops[i - 1];
    const Hop& right = walk.hops[i];
    if (right.ttl != left.ttl + 1 || left.kind != Hop::Kind::kRouter) continue;
    if (Speaks(right) && right.address != left.address)
      paths->next[left.address].insert(right.address);
  }
}

// The router right before the target, on a walk that got through.
void LearnLastHop(const Walk& walk, PathKnowledge* paths) {
  if (!walk.reached || walk.reached_by_reset || !walk.loop.empty()) return;
  for (const Hop& hop : walk.hops) {
    if (hop.kind != Hop::Kind::kRouter || hop.ttl >= walk.reached_ttl) continue;
    if (hop.ttl + 1 == walk.reached_ttl) {
      paths->last_hops.insert(hop.address);
    } else {
      paths->transit.insert(hop.address);
    }
  }
}

void LearnWalk(const Walk& walk, PathKnowledge* paths) {
  LearnSuccessors(walk, paths);
  LearnLastHop(walk, paths);
}

// The walk of a failing flow that got farthest; null when there is none that stopped.
const Walk* StoppedWalk(const VantageEvidence& vantage) {
  const Walk* best = nullptr;
  for (const Walk& walk : vantage.walks) {
    if (walk.reached || walk.refused || !walk.loop.empty() || walk.last_ttl == 0) continue;
    if (best == nullptr || walk.last_ttl > best->last_ttl) best = &walk;
  }
  return best;
}

struct Likelihood {
  Millinats at_last;
  Millinats before;
};

std::optional<Likelihood> FromLastHops(const Walk& walk, const PathKnowledge& paths) {
  if (paths.last_hops.count(walk.last_responder) > 0) return Likelihood{-105, -2996};
  if (paths.transit.count(walk.last_responder) > 0) return Likelihood{-3912, -105};
  return std::nullopt;
}

// `routers` lie between the site and this vantage on the way back; the way out is mostly as long.
Likelihood FromDistance(const Walk& walk, uint32_t routers) {
  if (walk.last_ttl == routers) return {-163, -2303};
  if (walk.last_ttl > routers) return {-693, -1609};
  return walk.last_ttl + 1 == routers ? Likelihood{-1897, -916} : Likelihood{-3507, -693};
}

// Paths of different vantages differ in length, so this is a hint only.
Likelihood FromOthersDistance(const Walk& walk, uint32_t shortest) {
  if (walk.last_ttl >= shortest) return {-223, -1897};
  return walk.last_ttl + 1 == shortest ? Likelihood{-1609, -1204} : Likelihood{-2996, -693};
}

Likelihood FromSharing(const Walk& walk, const PathKnowledge& paths, size_t groups_stopped) {
  const auto here = paths.ends_at.find(walk.last_responder);
  const size_t sharing = here == paths.ends_at.end() ? 0 : here->second.size();
  if (groups_stopped < 2) return {-693, -693};
  if (sharing == groups_stopped)
    return sharing >= 3 ? Likelihood{-163, -2120} : Likelihood{-223, -1609};
  return sharing >= 2 ? Likelihood{-598, -799} : Likelihood{-1386, -511};
}

std::optional<uint32_t> ShortestToOthers(const std::vector<const VantageEvidence*>& vantages) {
  std::optional<uint32_t> shortest;
  for (const VantageEvidence* vantage : vantages) {
    if (!vantage->service_ok || !vantage->target_routers) continue;
    shortest =
        std::min(shortest.value_or(std::numeric_limits<uint32_t>::max()), *vantage->target_routers);
  }
  return shortest;
}

void Place(const VantageEvidence& vantage, const PathKnowledge& paths, size_t groups_stopped,
           const std::optional<uint32_t>& shortest, Cut* cut) {
  std::optional<Likelihood> likelihood = FromLastHops(*cut->walk, paths);
  cut->source = CutSource::kKnownLastHop;
  const std::optional<uint32_t> own =
      vantage.neighbor_routers ? vantage.neighbor_routers : vantage.target_routers;
  if (!likelihood && own) {
    likelihood = FromDistance(*cut->walk, *own);
    cut->source = CutSource::kNeighborDistance;
  }
  if (!likelihood && shortest) {
    likelihood = FromOthersDistance(*cut->walk, *shortest);
    cut->source = CutSource::kOthersDistance;
  }
  if (!likelihood) {
    likelihood = FromSharing(*cut->walk, paths, groups_stopped);
    cut->source = CutSource::kShared;
  }
  // Silence behind the last responder that our own probing may have caused is worth half.
  const int64_t divisor = cut->walk->tail_known ? 1 : 2;
  cut->at_last = likelihood->at_last / divisor;
  cut->before = likelihood->before / divisor;
}

void LearnEvidence(const VantageEvidence& vantage, PathKnowledge* paths) {
  for (const Walk& walk : vantage.walks) LearnWalk(walk, paths);
  for (const Walk& walk : vantage.neighbor_walks) LearnWalk(walk, paths);
}

// Whoever waited in vain for the host's address is on its LAN, unless a walk showed another router
// behind it: then it waited for that one.
void LearnFromErrors(const VantageEvidence& vantage, PathKnowledge* paths) {
  for (const ErrorSeen& seen : vantage.errors) {
    if (seen.kind != ErrorKind::kLateUnreachable || seen.from_destination) continue;
    if (paths->transit.count(seen.offender) == 0) paths->last_hops.insert(seen.offender);
  }
}

bool GoesBeyond(const Walk& walk, const std::string& router) {
  if (!walk.loop.empty()) return false;
  for (const Hop& hop : walk.hops) {
    if (hop.address == router) return walk.reached || walk.last_ttl > hop.ttl;
  }
  return false;
}

}  // namespace

bool PathKnowledge::Crosses(size_t index, const std::string& router) const {
  const std::vector<Walk>& walks = vantages[index]->walks;
  return std::any_of(walks.begin(), walks.end(),
                     [&](const Walk& walk) { return GoesBeyond(walk, router); });
}

std::set<std::string> PathKnowledge::Followers(const std::string& router) const {
  const auto followers = next.find(router);
  return followers == next.end() ? std::set<std::string>() : followers->second;
}

PathKnowledge LearnPaths(const std::vector<const VantageEvidence*>& vantages,
                         const std::vector<Walk>& baseline) {
  PathKnowledge paths;
  paths.vantages = vantages;
  for (const Walk& walk : baseline) LearnWalk(walk, &paths);
  for (const VantageEvidence* vantage : vantages) LearnEvidence(*vantage, &paths);
  for (const std::string& last : paths.last_hops) paths.transit.erase(last);
  for (const VantageEvidence* vantage : vantages) LearnFromErrors(*vantage, &paths);
  std::set<std::string> groups;
  paths.cuts.resize(vantages.size());
  for (size_t i = 0; i < vantages.size(); ++i) {
    Cut& cut = paths.cuts[i];
    cut.walk = StoppedWalk(*vantages[i]);
    cut.known = cut.walk != nullptr;
    if (!cut.known) continue;
    paths.ends_at[cut.walk->last_responder].insert(vantages[i]->group);
    groups.insert(vantages[i]->group);
  }
  const std::optional<uint32_t> shortest = ShortestToOthers(vantages);
  for (size_t i = 0; i < vantages.size(); ++i) {
    if (paths.cuts[i].known) Place(*vantages[i], paths, groups.size(), shortest, &paths.cuts[i]);
  }
  return paths;
}

}  // namespace probemesh::coordinator
