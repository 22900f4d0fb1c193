// Filters: explicit, by port, by source, or in the host's name.
#include <algorithm>

#include "coordinator/diagnosis/hypothesis.h"

namespace probemesh::coordinator {
namespace {

void AddRejects(const Scene& scene, ErrorKind kind, Cause cause,
                const std::vector<std::string>& offenders, std::vector<Hypothesis>* all) {
  if (offenders.empty()) return;
  Hypothesis reject = NewHypothesis(cause, SeatSet(scene.size()));
  reject.effect = SilentEffect(Stop::kAnywhere);
  reject.effect.connect = Reply::kError;
  reject.effect.host = Reply::kAny;
  reject.effect.error = kind;
  reject.rank = Hypothesis::Rank::kPolicy;
  reject.witnessed = true;
  reject.affected = scene.Silent();
  reject.effect.offenders = std::set<std::string>(offenders.begin(), offenders.end());
  all->push_back(reject);
  reject.prior += MinusLogOf(static_cast<int64_t>(offenders.size()));
  for (const std::string& offender : offenders) {
    reject.affected = SeatsThatSaw(scene, kind, offender);
    if (reject.affected == scene.Silent()) continue;
    reject.effect.offenders = {offender};
    all->push_back(reject);
  }
}

// The last hop has the target's LAN at hand; when it says unreachable at once, that is a rule.
std::vector<std::string> LastHopOffenders(const Scene& scene) {
  std::vector<std::string> offenders;
  for (const std::string& offender : OffendersOf(scene, ErrorKind::kQuickUnreachable)) {
    if (scene.paths.last_hops.count(offender) > 0) offenders.push_back(offender);
  }
  return offenders;
}

// The router right before the sender of a reset, if a walk met one.
std::string RouterBeforeReset(const Walk& walk) {
  if (!walk.reached_by_reset) return "";
  for (const Hop& hop : walk.hops) {
    if (hop.ttl + 1 == walk.reached_ttl) return hop.address;
  }
  return "";
}

// A reset in the name of a host that its own last hop cannot find, with another number of routers
// behind it than the host's own answers, or from where other walks still meet routers.
bool ProvesForgery(const Scene& scene, size_t seat) {
  const VantageEvidence& seen = scene.evidence(seat);
  if (seen.connect.reset == 0) return false;
  if (seen.SawError(ErrorKind::kLateUnreachable)) return true;
  if (seen.reset_routers && seen.target_routers && *seen.reset_routers != *seen.target_routers) {
    return true;
  }
  return std::any_of(seen.walks.begin(), seen.walks.end(), [&](const Walk& walk) {
    return scene.paths.transit.count(RouterBeforeReset(walk)) > 0;
  });
}

void AddForgedReset(const Scene& scene, std::vector<Hypothesis>* all) {
  SeatSet reset(scene.size());
  bool proven = false;
  bool host_gone = false;
  for (size_t i = 0; i < scene.size(); ++i) {
    reset[i] = scene.failing[i] && scene.evidence(i).connect.reset > 0;
    proven |= ProvesForgery(scene, i);
    host_gone |= reset[i] && scene.evidence(i).SawError(ErrorKind::kLateUnreachable);
  }
  if (scene.WeightOf(reset) == 0) return;
  Hypothesis forged =
      NewHypothesis(Cause::kForgedReset, scene.AllFailing() ? scene.Everyone() : reset);
  forged.effect.connect = Reply::kReset;
  forged.effect.host = Reply::kAny;
  forged.effect.stop = Stop::kAnywhere;
  forged.rank = Hypothesis::Rank::kPolicy;
  forged.witnessed = proven;
  if (proven) forged.prior = EntryOf(Cause::kRefused).prior + 4000;
  if (host_gone) {
    forged.effect.error = ErrorKind::kLateUnreachable;
    for (const auto& offender : OffendersOf(scene, ErrorKind::kLateUnreachable)) {
      forged.effect.offenders.insert(offender);
    }
  }
  all->push_back(forged);
}

// The host speaks and the port does not.
void AddPortSilent(const Scene& scene, std::vector<Hypothesis>* all) {
  if (scene.view->scheme == v1::Target::HOST) return;
  Hypothesis port = NewHypothesis(Cause::kPortSilent, scene.Silent());
  for (size_t i = 0; i < scene.size(); ++i) {
    const bool speaks = port.affected[i] && scene.evidence(i).HostAnswered();
    port.witnessed |= speaks;
    if (!scene.AllFailing()) port.affected[i] = speaks;
  }
  if (!port.witnessed) return;
  port.effect = SilentEffect(Stop::kEdgeOfSite);
  port.effect.host = Reply::kPass;
  port.effect.neighbor = Reply::kPass;
  port.effect.last_hop = Reply::kPass;
  port.rank = Hypothesis::Rank::kPolicy;
  all->push_back(port);
}

void AddSourceFilter(const Scene& scene, const SeatSet& affected, std::vector<Hypothesis>* all) {
  Hypothesis source = NewHypothesis(Cause::kSourceFiltered, affected);
  source.effect = SilentEffect(Stop::kEdgeOfSite);
  source.rank = Hypothesis::Rank::kPolicy;
  for (size_t i = 0; i < scene.size(); ++i) {
    source.witnessed |= affected[i] && scene.paths.cuts[i].LikelyAtLast();
  }
  all->push_back(source);
}

void AddSourceFilters(const Scene& scene, std::vector<Hypothesis>* all) {
  if (scene.AllFailing()) return;
  const SeatSet silent = scene.Silent();
  const std::set<std::string> groups = scene.GroupsOf(silent);
  if (groups.empty()) return;
  AddSourceFilter(scene, silent, all);
  if (groups.size() < 2) return;
  for (size_t i = 0; i < scene.size(); ++i) {
    const std::string& group = scene.evidence(i).group;
    SeatSet members(scene.size());
    bool first = silent[i];
    for (size_t j = 0; j < scene.size(); ++j) {
      members[j] = silent[j] && scene.evidence(j).group == group;
      if (members[j] && j < i) first = false;
    }
    if (first) AddSourceFilter(scene, members, all);
  }
}

// The service fails for some although it answers them, and works for others.
void AddFailingForSome(const Scene& scene, std::vector<Hypothesis>* all) {
  if (scene.AllFailing()) return;
  std::map<ServiceResult, SeatSet> by_result;
  for (size_t i = 0; i < scene.size(); ++i) {
    const VantageEvidence& seen = scene.evidence(i);
    if (!scene.failing[i] || !seen.connect.positive()) continue;
    const bool reset = seen.connect.reset > seen.connect.answered;
    SeatSet& seats = by_result[reset ? ServiceResult::kNone : seen.WorstService()];
    seats.resize(scene.size());
    seats[i] = true;
  }
  for (const auto& [result, seats] : by_result) {
    Hypothesis some = NewHypothesis(Cause::kFailingForSome, seats);
    if (result == ServiceResult::kNone) some.effect.connect = Reply::kReset;
    some.effect.service = result;
    some.effect.host = Reply::kAny;
    some.rank = Hypothesis::Rank::kPolicy;
    some.witnessed = true;
    all->push_back(some);
  }
}

}  // namespace

void AddPolicyHypotheses(const Scene& scene, std::vector<Hypothesis>* all) {
  AddForgedReset(scene, all);
  AddFailingForSome(scene, all);
  if (scene.WeightOf(scene.Silent()) == 0) return;
  AddRejects(scene, ErrorKind::kProhibited, Cause::kRejectProhibited,
             OffendersOf(scene, ErrorKind::kProhibited), all);
  AddRejects(scene, ErrorKind::kPortReject, Cause::kRejectPortUnreachable,
             OffendersOf(scene, ErrorKind::kPortReject), all);
  AddRejects(scene, ErrorKind::kQuickUnreachable, Cause::kRejectUnreachable,
             LastHopOffenders(scene), all);
  AddPortSilent(scene, all);
  AddSourceFilters(scene, all);
}

}  // namespace probemesh::coordinator
