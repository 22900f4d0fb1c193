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

// Who says where a router stands, by router: each node once.
using Witnesses = std::map<std::string, std::set<std::string>>;
struct Standing {
  Witnesses last_hop;
  Witnesses transit;
};

// Routers behind which another one answered stand before the site. The last that speaks is the last
// hop if the target is the very next; if mute ones follow, a stop there says nothing.
void LearnStanding(const Walk& walk, Standing* standing, PathKnowledge* paths) {
  if (!walk.loop.empty()) return;
  for (const Hop& hop : walk.hops) {
    if (hop.kind != Hop::Kind::kRouter) continue;
    if (hop.ttl < walk.last_ttl) {
      standing->transit[hop.address].insert(walk.node);
    } else if (walk.reached && !walk.reached_by_reset) {
      const bool next_is_target = hop.ttl + 1 == walk.reached_ttl;
      if (next_is_target) {
        standing->last_hop[hop.address].insert(walk.node);
      } else {
        paths->mute_follow.insert(hop.address);
      }
    }
  }
}

void LearnWalk(const Walk& walk, Standing* standing, PathKnowledge* paths) {
  LearnSuccessors(walk, paths);
  LearnStanding(walk, standing, paths);
}

// A router may be both, the last hop of one way and a router on another. But a node that lies, or
// is lied to, must not make a last hop of what more of the others saw to be none.
void SettleStanding(const Standing& standing, PathKnowledge* paths) {
  for (const auto& [router, witnesses] : standing.transit) paths->transit.insert(router);
  for (const auto& [router, witnesses] : standing.last_hop) {
    const auto against = standing.transit.find(router);
    const bool outvoted =
        against != standing.transit.end() && against->second.size() > witnesses.size();
    if (outvoted) continue;
    paths->last_hops.insert(router);
    paths->transit.erase(router);
  }
}

// The walk of a failing flow that got farthest; null when there is none that stopped. Where our own
// probing may have spent the routers' budget behind the last responder, nothing stopped it for
// sure.
const Walk* StoppedWalk(const VantageEvidence& vantage) {
  const Walk* best = nullptr;
  for (const Walk& walk : vantage.walks) {
    if (walk.reached || walk.refused || !walk.loop.empty() || walk.last_ttl == 0) continue;
    if (!walk.tail_known) continue;
    if (best == nullptr || walk.last_ttl > best->last_ttl) best = &walk;
  }
  return best;
}

struct Likelihood {
  Millinats at_last;
  Millinats before;
};

std::optional<Likelihood> FromStanding(const Walk& walk, const PathKnowledge& paths) {
  if (paths.last_hops.count(walk.last_responder) > 0) return Likelihood{-105, -2996};
  if (paths.transit.count(walk.last_responder) > 0) return Likelihood{-2526, -105};
  if (paths.elsewhere.count(walk.last_responder) > 0) return Likelihood{-1897, -163};
  if (paths.mute_follow.count(walk.last_responder) > 0) return Likelihood{-693, -693};
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
  return walk.last_ttl + 1 == shortest ? Likelihood{-1749, -1149} : Likelihood{-2996, -693};
}

// Ways of many networks meet at the last hop, and hardly ever before all at once at the same
// router. Many different stops say little: a site has as many last hops as it has uplinks.
Likelihood FromSharing(size_t sharing, size_t groups) {
  if (groups < 2) return {-693, -693};
  if (sharing == groups) return sharing >= 3 ? Likelihood{-163, -2120} : Likelihood{-223, -1609};
  return sharing >= 2 ? Likelihood{-598, -799} : Likelihood{-799, -598};
}

// To those whom the host answers, be the service well or not.
std::optional<uint32_t> ShortestToOthers(const std::vector<const VantageEvidence*>& vantages) {
  std::optional<uint32_t> shortest;
  for (const VantageEvidence* vantage : vantages) {
    if (!vantage->target_routers) continue;
    shortest =
        std::min(shortest.value_or(std::numeric_limits<uint32_t>::max()), *vantage->target_routers);
  }
  return shortest;
}

void Place(const VantageEvidence& vantage, const PathKnowledge& paths, size_t groups,
           const std::optional<uint32_t>& shortest, Cut* cut) {
  std::optional<Likelihood> likelihood = FromStanding(*cut->walk, paths);
  const std::optional<uint32_t> own =
      vantage.neighbor_routers ? vantage.neighbor_routers : vantage.target_routers;
  if (!likelihood && own) likelihood = FromDistance(*cut->walk, *own);
  if (!likelihood && shortest) likelihood = FromOthersDistance(*cut->walk, *shortest);
  Millinats observations = 1;
  if (!likelihood) {
    const size_t sharing = paths.ends_at.at(cut->walk->last_responder).size();
    likelihood = FromSharing(sharing, groups);
    observations =
        static_cast<Millinats>(sharing);  // one observation, made by all of them together
  }
  cut->lean = likelihood->at_last - likelihood->before;
  cut->at_last = likelihood->at_last / observations;
  cut->before = likelihood->before / observations;
}

void LearnEvidence(const VantageEvidence& vantage, Standing* standing, PathKnowledge* paths) {
  for (const Walk& walk : vantage.walks) LearnWalk(walk, standing, paths);
  for (const Walk& walk : vantage.neighbor_walks) LearnWalk(walk, standing, paths);
  for (const Walk& walk : vantage.control_walks) {
    for (const Hop& hop : walk.hops) {
      if (hop.kind == Hop::Kind::kRouter) paths->elsewhere.insert(hop.address);
    }
  }
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

bool PathKnowledge::LeadsTo(const std::string& from, const std::string& router) const {
  std::set<std::string> seen = {from};
  std::vector<std::string> open = {from};
  while (!open.empty()) {
    const std::string here = open.back();
    open.pop_back();
    if (here == router) return true;
    for (const std::string& next_router : Followers(here)) {
      if (seen.insert(next_router).second) open.push_back(next_router);
    }
  }
  return false;
}

std::set<std::string> PathKnowledge::Followers(const std::string& router) const {
  const auto followers = next.find(router);
  return followers == next.end() ? std::set<std::string>() : followers->second;
}

PathKnowledge LearnPaths(const std::vector<const VantageEvidence*>& vantages,
                         const std::vector<Walk>& baseline) {
  PathKnowledge paths;
  paths.vantages = vantages;
  Standing standing;
  for (const Walk& walk : baseline) LearnWalk(walk, &standing, &paths);
  for (const VantageEvidence* vantage : vantages) LearnEvidence(*vantage, &standing, &paths);
  SettleStanding(standing, &paths);
  for (const VantageEvidence* vantage : vantages) LearnFromErrors(*vantage, &paths);
  std::set<std::string> groups;
  for (const VantageEvidence* vantage : vantages) groups.insert(vantage->group);
  paths.cuts.resize(vantages.size());
  for (size_t i = 0; i < vantages.size(); ++i) {
    Cut& cut = paths.cuts[i];
    cut.walk = StoppedWalk(*vantages[i]);
    cut.known = cut.walk != nullptr;
    if (!cut.known) continue;
    paths.ends_at[cut.walk->last_responder].insert(vantages[i]->group);
  }
  const std::optional<uint32_t> shortest = ShortestToOthers(vantages);
  for (size_t i = 0; i < vantages.size(); ++i) {
    if (paths.cuts[i].known) Place(*vantages[i], paths, groups.size(), shortest, &paths.cuts[i]);
  }
  return paths;
}

}  // namespace probemesh::coordinator
