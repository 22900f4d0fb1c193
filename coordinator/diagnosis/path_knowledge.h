// What all walks together say about the way to the target: which routers are the last before it,
// which are not, who follows whom, and so where a walk that stopped has stopped. Learnt from the
// evidence alone; no topology is assumed.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_PATH_KNOWLEDGE_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_PATH_KNOWLEDGE_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "coordinator/diagnosis/evidence_view.h"
#include "coordinator/diagnosis/log_math.h"

namespace probemesh::coordinator {

// Where one vantage's packets stop, as evidence: log-likelihood of the walk under "at the last hop"
// and under "before the last hop".
struct Cut {
  bool known = false;  // false: no walk that stopped
  const Walk* walk = nullptr;
  Millinats at_last = 0;
  Millinats before = 0;
  Millinats lean = 0;  // towards the last hop, from all that is known of the stop

  bool LikelyBefore() const { return known && lean <= -kLikely; }
  bool LikelyAtLast() const { return known && lean >= kLikely; }

 private:
  static constexpr Millinats kLikely = 500;
};

struct PathKnowledge {
  std::vector<const VantageEvidence*> vantages;
  std::set<std::string> last_hops;
  std::set<std::string> transit;    // seen with another router behind them
  std::set<std::string> elsewhere;  // on the way to a control, so hardly the target's own last hop
  std::set<std::string> mute_follow;  // the last that speaks, with mute routers before the target
  std::map<std::string, std::set<std::string>> next;
  std::map<std::string, std::set<std::string>>
      ends_at;            // last responder -> groups of walks that end there
  std::vector<Cut> cuts;  // one per vantage given

  // True when a walk of vantage `index` went through `router` and something behind it answered.
  bool Crosses(size_t index, const std::string& router) const;
  // True for `router` itself and for every router seen before it on some way.
  bool LeadsTo(const std::string& from, const std::string& router) const;
  // Routers seen right behind `router` on the way to the target.
  std::set<std::string> Followers(const std::string& router) const;
};

// The vantages and walks must outlive the result.
PathKnowledge LearnPaths(const std::vector<const VantageEvidence*>& vantages,
                         const std::vector<Walk>& baseline);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_PATH_KNOWLEDGE_H_
