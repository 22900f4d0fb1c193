// Faults between the vantages and the site: they affect those who cross them.
#include <algorithm>

#include "coordinator/diagnosis/hypothesis.h"

namespace probemesh::coordinator {
namespace {

// Failing, silent, and nothing known of how far its packets get: any fault on the way may be its.
bool Uninformed(const Scene& scene, size_t seat) {
  return !scene.paths.cuts[seat].known && scene.evidence(seat).errors.empty();
}

// One network alone cannot speak for the prefix.
bool SeveralGroups(const Scene& scene) { return scene.GroupsOf(scene.Silent()).size() >= 2; }

// Last responders of the silent seats' walks, in the order of the seats.
std::vector<std::string> StopsOf(const Scene& scene, const SeatSet& silent) {
  std::vector<std::string> stops;
  for (size_t i = 0; i < scene.size(); ++i) {
    if (!silent[i] || !scene.paths.cuts[i].known) continue;
    const std::string& stop = scene.paths.cuts[i].walk->last_responder;
    if (std::find(stops.begin(), stops.end(), stop) == stops.end()) stops.push_back(stop);
  }
  return stops;
}

// Vantages that get through and are known to cross every one of `routers` speak against a hole
// there.
Millinats AgainstHole(const Scene& scene, const std::set<std::string>& routers) {
  Millinats against = 0;
  for (size_t i = 0; i < scene.size(); ++i) {
    if (scene.failing[i]) continue;
    for (const std::string& router : routers) {
      if (scene.paths.Crosses(i, router)) against += 2500 * scene.weights[i] / 1000;
    }
  }
  return against;
}

void AddHole(const Scene& scene, const std::set<std::string>& after, size_t holes,
             std::vector<Hypothesis>* all) {
  Hypothesis hole = NewHypothesis(Cause::kBlackhole, scene.Silent());
  hole.effect = SilentEffect(Stop::kAfter);
  hole.effect.after = after;
  hole.rank = Hypothesis::Rank::kPath;
  hole.prior += MinusLogOf(static_cast<int64_t>(holes)) - AgainstHole(scene, after);
  for (size_t i = 0; i < scene.size(); ++i) {
    if (!hole.affected[i]) continue;
    const Cut& cut = scene.paths.cuts[i];
    const bool here = cut.known && after.count(cut.walk->last_responder) > 0;
    hole.affected[i] = here || Uninformed(scene, i);
    hole.witnessed |= here && cut.LikelyBefore();
  }
  all->push_back(hole);
}

// A router that several walks would enter next, each from another side.
void AddDarkRouters(const Scene& scene, const std::vector<std::string>& stops,
                    std::vector<Hypothesis>* all) {
  std::vector<std::string> routers;
  std::map<std::string, std::set<std::string>> entered_from;
  for (const std::string& stop : stops) {
    for (const std::string& next : scene.paths.Followers(stop)) {
      if (entered_from[next].empty()) routers.push_back(next);
      entered_from[next].insert(stop);
    }
  }
  for (const std::string& router : routers) {
    if (entered_from[router].size() < 2) continue;
    AddHole(scene, entered_from[router], stops.size() + 1, all);
  }
}

void AddHoles(const Scene& scene, std::vector<Hypothesis>* all) {
  const std::vector<std::string> stops = StopsOf(scene, scene.Silent());
  for (const std::string& stop : stops) AddHole(scene, {stop}, stops.size(), all);
  AddDarkRouters(scene, stops, all);
}

// Stopped before the site at two places or more: with nobody through it is the prefix, else several
// segments.
void AddStoppedBefore(const Scene& scene, std::vector<Hypothesis>* all) {
  std::set<std::string> before;
  for (const Cut& cut : scene.paths.cuts) {
    if (cut.LikelyBefore()) before.insert(cut.walk->last_responder);
  }
  if (before.size() < 2) return;
  const bool nobody = scene.AllFailing();
  Hypothesis hole =
      NewHypothesis(nobody ? Cause::kUpstreamBlackhole : Cause::kSeveralSegments, scene.Silent());
  hole.effect = SilentEffect(Stop::kBeforeLastHop);
  hole.rank = Hypothesis::Rank::kPath;
  hole.witnessed = !nobody || SeveralGroups(scene);
  all->push_back(hole);
}

Effect ErrorEffect(ErrorKind kind, const std::vector<std::string>& offenders) {
  Effect effect = SilentEffect(Stop::kAnywhere);
  effect.connect = Reply::kError;
  effect.host = Reply::kError;
  effect.error = kind;
  effect.offenders = std::set<std::string>(offenders.begin(), offenders.end());
  return effect;
}

// Whom an error of `offender` concerns: those who saw it, those whose walk ends on the way to it,
// and those of whom nothing is known.
SeatSet Concerned(const Scene& scene, ErrorKind kind, const std::string& offender) {
  SeatSet seats = SeatsThatSaw(scene, kind, offender);
  const SeatSet silent = scene.Silent();
  for (size_t i = 0; i < scene.size(); ++i) {
    if (!silent[i]) continue;
    const Cut& cut = scene.paths.cuts[i];
    const bool towards = cut.known && scene.paths.LeadsTo(cut.walk->last_responder, offender);
    seats[i] = seats[i] || towards || Uninformed(scene, i);
  }
  return seats;
}

void AddErrors(const Scene& scene, ErrorKind kind, Cause cause,
               const std::vector<std::string>& offenders, std::vector<Hypothesis>* all) {
  if (offenders.empty()) return;
  Hypothesis fault = NewHypothesis(cause, scene.Silent());
  fault.effect = ErrorEffect(kind, offenders);
  fault.effect.stop = Stop::kTowardsOffender;
  fault.rank = Hypothesis::Rank::kPath;
  fault.witnessed = true;
  // Several routers without a route and nobody through is a cause of its own: AddStoppedByErrors.
  const bool together = kind == ErrorKind::kLoop || !scene.AllFailing();
  if (offenders.size() == 1 || together) all->push_back(fault);
  fault.prior += MinusLogOf(static_cast<int64_t>(offenders.size()));
  for (const std::string& offender : offenders) {
    fault.affected = Concerned(scene, kind, offender);
    if (fault.affected == scene.Silent() && offenders.size() == 1) continue;
    fault.effect.offenders = {offender};
    all->push_back(fault);
  }
}

// Errors of that kind from two places or more, or from one while other packets are stopped
// elsewhere, not known to be at the site (those routers have spent their errors), and nobody
// through.
void AddStoppedByErrors(const Scene& scene, ErrorKind kind, Cause cause,
                        const std::vector<std::string>& offenders, std::vector<Hypothesis>* all) {
  if (!scene.AllFailing()) return;
  std::set<std::string> places(offenders.begin(), offenders.end());
  for (size_t i = 0; i < scene.size(); ++i) {
    const Cut& cut = scene.paths.cuts[i];
    if (cut.known && !cut.LikelyAtLast() && !scene.evidence(i).SawError(kind)) {
      places.insert(cut.walk->last_responder);
    }
  }
  if (offenders.empty() || places.size() < 2) return;
  Hypothesis withdrawn = NewHypothesis(cause, scene.Everyone());
  withdrawn.effect = ErrorEffect(kind, offenders);
  withdrawn.rank = Hypothesis::Rank::kPath;
  withdrawn.witnessed = SeveralGroups(scene);
  // Several routers that say so at once have one cause; separate ones would be a coincidence.
  if (offenders.size() >= 2) withdrawn.prior = EntryOf(Cause::kNoRoute).prior;
  all->push_back(withdrawn);
}

// A router waits in vain for an address, and it is not the host's: others reach the host, or
// another router is known to stand behind it.
void AddNextHopGone(const Scene& scene, std::vector<Hypothesis>* all) {
  std::vector<std::string> offenders;
  for (const std::string& offender : OffendersOf(scene, ErrorKind::kLateUnreachable)) {
    const bool transit = scene.paths.transit.count(offender) > 0;
    if (transit || !scene.AllFailing()) offenders.push_back(offender);
  }
  AddErrors(scene, ErrorKind::kLateUnreachable, Cause::kNextHopUnreachable, offenders, all);
}

// "Unreachable" said at once by routers that are known to stand before the site.
std::vector<std::string> TransitOffenders(const Scene& scene) {
  std::vector<std::string> offenders;
  for (const std::string& offender : OffendersOf(scene, ErrorKind::kQuickUnreachable)) {
    if (scene.paths.transit.count(offender) > 0) offenders.push_back(offender);
  }
  return offenders;
}

void AddReturnPath(const Scene& scene, std::vector<Hypothesis>* all) {
  if (scene.AllFailing()) return;
  Hypothesis back = NewHypothesis(Cause::kReturnPath, scene.Silent());
  // Time exceeded from the last hop came back: then so would the answers.
  back.effect = SilentEffect(Stop::kBeforeLastHop);
  back.rank = Hypothesis::Rank::kPath;
  // Routes back to several networks rarely fail at once.
  back.prior -= 1000 * (static_cast<Millinats>(scene.GroupsOf(back.affected).size()) - 1);
  for (size_t i = 0; i < scene.size(); ++i) {
    const Cut& cut = scene.paths.cuts[i];
    if (!back.affected[i] || !cut.LikelyBefore()) continue;
    for (size_t j = 0; j < scene.size(); ++j) {
      const bool crosses = !scene.failing[j] && scene.paths.Crosses(j, cut.walk->last_responder);
      back.witnessed = back.witnessed || crosses;
    }
  }
  all->push_back(back);
}

// Some tries of one vantage get an answer and some do not, and it never got as far as the service.
void AddLoss(const Scene& scene, std::vector<Hypothesis>* all) {
  Hypothesis loss = NewHypothesis(Cause::kIntermittentLoss, SeatSet(scene.size()));
  for (size_t i = 0; i < scene.size(); ++i) {
    const Tally& connect = scene.evidence(i).connect;
    loss.affected[i] = scene.failing[i] && connect.answered > 0 && connect.silent > 0;
    loss.witnessed = loss.witnessed || loss.affected[i];
  }
  if (!loss.witnessed) return;
  loss.effect = SilentEffect(Stop::kAnywhere);
  loss.effect.connect = Reply::kLossy;
  loss.effect.host = Reply::kAny;
  loss.rank = Hypothesis::Rank::kPath;
  all->push_back(loss);
}

}  // namespace

void AddPathHypotheses(const Scene& scene, std::vector<Hypothesis>* all) {
  AddLoss(scene, all);
  if (scene.WeightOf(scene.Silent()) == 0) return;
  AddHoles(scene, all);
  AddStoppedBefore(scene, all);
  const std::vector<std::string> no_route = OffendersOf(scene, ErrorKind::kNoRoute);
  AddErrors(scene, ErrorKind::kNoRoute, Cause::kNoRoute, no_route, all);
  AddErrors(scene, ErrorKind::kQuickUnreachable, Cause::kUnreachableRoute,
            OffendersOf(scene, ErrorKind::kQuickUnreachable), all);
  AddErrors(scene, ErrorKind::kLoop, Cause::kRoutingLoop, OffendersOf(scene, ErrorKind::kLoop),
            all);
  AddNextHopGone(scene, all);
  AddStoppedByErrors(scene, ErrorKind::kNoRoute, Cause::kPrefixWithdrawn, no_route, all);
  AddStoppedByErrors(scene, ErrorKind::kQuickUnreachable, Cause::kUpstreamBlackhole,
                     TransitOffenders(scene), all);
  AddReturnPath(scene, all);
}

}  // namespace probemesh::coordinator
