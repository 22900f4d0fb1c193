// Faults of the service, the host and its site: they affect everybody.
#include <algorithm>

#include "coordinator/diagnosis/hypothesis.h"

namespace probemesh::coordinator {
namespace {

bool Any(const Scene& scene, bool (*test)(const VantageEvidence&)) {
  for (size_t i = 0; i < scene.size(); ++i) {
    if (test(scene.evidence(i))) return true;
  }
  return false;
}

bool WasReset(const VantageEvidence& seen) { return seen.connect.reset > 0; }
bool WasAccepted(const VantageEvidence& seen) { return seen.connect.answered > 0; }
bool NeighborSilent(const VantageEvidence& seen) {
  return seen.neighbor.total() > 0 && !seen.neighbor.positive();
}
bool NeighborAnswers(const VantageEvidence& seen) { return seen.neighbor.positive(); }

bool NeighborNotFound(const VantageEvidence& seen) {
  return std::any_of(
      seen.neighbor_errors.begin(), seen.neighbor_errors.end(),
      [](const ErrorSeen& error) { return error.kind == ErrorKind::kLateUnreachable; });
}

void AddServiceFailures(const Scene& scene, std::vector<Hypothesis>* all) {
  std::set<ServiceResult> results;
  for (size_t i = 0; i < scene.size(); ++i) {
    for (const auto& [result, count] : scene.evidence(i).service) results.insert(result);
  }
  for (const ServiceResult result : results) {
    if (result == ServiceResult::kOk) continue;
    Hypothesis hypothesis = NewHypothesis(CauseOf(result), scene.Everyone());
    hypothesis.effect.service = result;
    hypothesis.witnessed = true;
    all->push_back(hypothesis);
  }
  if (!Any(scene, WasReset)) return;
  Hypothesis refused = NewHypothesis(Cause::kRefused, scene.Everyone());
  refused.effect.connect = Reply::kReset;
  refused.witnessed = true;
  all->push_back(refused);
}

// Who waited for the host's address in vain, other than routers with another router behind them.
std::set<std::string> LanRouters(const Scene& scene) {
  std::set<std::string> routers;
  for (const std::string& offender : OffendersOf(scene, ErrorKind::kLateUnreachable)) {
    if (scene.paths.transit.count(offender) == 0) routers.insert(offender);
  }
  return routers;
}

void AddHostGone(const Scene& scene, std::vector<Hypothesis>* all) {
  const std::set<std::string> routers = LanRouters(scene);
  if (routers.empty()) return;
  Hypothesis host = NewHypothesis(Cause::kHostUnreachable, scene.Everyone());
  host.effect = SilentEffect(Stop::kAtLastHop);
  host.effect.connect = Reply::kError;
  host.effect.host = Reply::kError;
  host.effect.last_hop = Reply::kPass;
  host.effect.neighbor = Reply::kPass;
  host.effect.error = ErrorKind::kLateUnreachable;
  host.effect.offenders = routers;
  host.witnessed = true;
  all->push_back(host);
  if (Any(scene, NeighborSilent)) {
    Hypothesis lan = host;
    lan.cause = Cause::kLanDown;
    lan.prior = EntryOf(lan.cause).prior;
    lan.effect.neighbor = Reply::kError;
    lan.witnessed = Any(scene, NeighborNotFound) && !Any(scene, NeighborAnswers);
    all->push_back(lan);
  }
  if (Any(scene, WasAccepted)) {
    Hypothesis proxy = host;
    proxy.cause = Cause::kHostUnreachableBehindProxy;
    proxy.prior = EntryOf(proxy.cause).prior;
    proxy.effect.connect = Reply::kPass;
    proxy.effect.service = ServiceResult::kHung;
    proxy.effect.stop = Stop::kNowhere;
    all->push_back(proxy);
  }
}

void AddHostSilent(const Scene& scene, std::vector<Hypothesis>* all) {
  Hypothesis silent = NewHypothesis(Cause::kTargetSilent, scene.Everyone());
  silent.effect = SilentEffect(Stop::kAtLastHop);
  silent.effect.neighbor = Reply::kPass;
  silent.effect.last_hop = Reply::kPass;
  for (const Cut& cut : scene.paths.cuts) silent.witnessed |= cut.LikelyAtLast();
  all->push_back(silent);
}

// True when `router` is the one right before a last hop, or has been seen to wait for its next hop.
bool IsProviderEdge(const Scene& scene, const std::string& router) {
  for (const std::string& next : scene.paths.Followers(router)) {
    if (scene.paths.last_hops.count(next) > 0) return true;
  }
  return false;
}

// Every walk ends right before the site, in two providers or more, and nothing at the site answers.
void AddSiteDark(const Scene& scene, std::vector<Hypothesis>* all) {
  std::set<std::string> edges;
  bool all_at_edge = true;
  for (const Cut& cut : scene.paths.cuts) {
    if (!cut.known) continue;
    edges.insert(cut.walk->last_responder);
    all_at_edge &= IsProviderEdge(scene, cut.walk->last_responder);
  }
  if (edges.empty() || !all_at_edge) return;
  Hypothesis dark = NewHypothesis(Cause::kSiteDark, scene.Everyone());
  dark.effect = SilentEffect(Stop::kBeforeLastHop);
  dark.effect.neighbor = Reply::kSilent;
  dark.effect.last_hop = Reply::kSilent;
  dark.witnessed = edges.size() >= 2 && scene.GroupsOf(scene.Silent()).size() >= 2 &&
                   !Any(scene, NeighborAnswers);
  all->push_back(dark);
}

}  // namespace

void AddTargetHypotheses(const Scene& scene, std::vector<Hypothesis>* all) {
  AddServiceFailures(scene, all);
  AddHostGone(scene, all);
  if (scene.WeightOf(scene.Silent()) == 0) return;
  AddHostSilent(scene, all);
  AddSiteDark(scene, all);
}

}  // namespace probemesh::coordinator
