#include "coordinator/diagnosis/likelihood.h"

#include <algorithm>

namespace probemesh::coordinator {
namespace {

constexpr Millinats kImpossible = -5500;  // .004: a stray, a race, a lie
constexpr Millinats kNoOpinion = -693;

// Repeated identical tries are not independent.
Millinats Capped(Millinats sum, int tries, int cap) {
  return tries > cap ? sum * cap / tries : sum;
}

Millinats ScoreConnect(const Tally& tally, Reply reply) {
  struct Row {
    Millinats answered, silent, reset, error;
  };
  Row row{0, 0, 0, 0};
  switch (reply) {
    case Reply::kPass:
      row = {-40, -3912, kImpossible, -4500};
      break;
    case Reply::kSilent:
      row = {kImpossible, -30, kImpossible, -1500};
      break;
    case Reply::kReset:
      row = {kImpossible, -3000, -50, -4500};
      break;
    // Routers are sparing with errors: among many silent tries one is what a reject looks like.
    case Reply::kError:
      row = {kImpossible, -100, -4500, -100};
      break;
    case Reply::kLossy:
      row = {kNoOpinion, kNoOpinion, kImpossible, -4500};
      break;
    case Reply::kAny:
      break;
  }
  const Millinats sum = tally.answered * row.answered + tally.silent * row.silent +
                        tally.reset * row.reset + tally.error * row.error;
  return Capped(sum, tally.total(), 8);
}

Millinats ScoreService(const VantageEvidence& seen, const Effect& effect) {
  if (effect.connect != Reply::kPass) return 0;  // answers are already against it
  Millinats sum = 0;
  int tries = 0;
  for (const auto& [result, count] : seen.service) {
    tries += count;
    Millinats each = -2500;  // two ways to fail
    if (result == effect.service) each = -70;
    if (result != effect.service && result == ServiceResult::kOk) each = kImpossible;
    if (result != effect.service && effect.service == ServiceResult::kOk) each = -3500;
    sum += count * each;
  }
  return Capped(sum, tries, 3);
}

// One atom, whatever the number of tries: silence of a protocol is policy as often as not.
Millinats ScoreSign(const Tally& tally, Reply reply, Millinats mute_though_alive) {
  if (tally.total() == 0) return 0;
  if (reply == Reply::kAny) return kNoOpinion;
  if (reply == Reply::kPass) {
    if (tally.positive()) return -40;
    return tally.error > 0 ? -1500 : mute_though_alive;
  }
  if (tally.positive()) return kImpossible;
  if (reply == Reply::kError) return tally.error > 0 ? -100 : -300;
  return tally.error > 0 ? -700 : -30;
}

Millinats ScoreHost(const Scene& scene, size_t seat, Reply reply) {
  const VantageEvidence& seen = scene.evidence(seat);
  Millinats sum = ScoreSign(seen.alive, reply, -500);
  const bool echo_is_service = scene.view->scheme == v1::Target::HOST;
  if (echo_is_service || scene.seats[seat]->icmp_muted) return sum;
  return sum + ScoreSign(seen.echo, reply, scene.echo_known ? -2500 : -1386);
}

Millinats ScoreNeighbor(const VantageEvidence& seen, Reply reply) {
  return ScoreSign(seen.neighbor, reply, -1600);
}

Millinats ScoreErrors(const VantageEvidence& seen, const Effect& effect) {
  std::set<ErrorKind> kinds;
  bool as_predicted = false;
  for (const ErrorSeen& error : seen.errors) {
    kinds.insert(error.kind);
    as_predicted |= error.kind == effect.error && effect.offenders.count(error.offender) > 0;
  }
  Millinats sum = 0;
  for (const ErrorKind kind : kinds) {
    if (kind != effect.error) sum -= 4500;
    if (kind == effect.error) sum += as_predicted ? -400 : -3500;
  }
  if (effect.error && kinds.count(*effect.error) == 0) sum -= 1000;
  return sum;
}

Millinats ScoreStopAfter(const Scene& scene, size_t seat, const Effect& effect) {
  const Cut& cut = scene.paths.cuts[seat];
  if (effect.after.count(cut.walk->last_responder) > 0) return cut.before;
  // One hop short: that router had spent its errors.
  for (const std::string& next : scene.paths.Followers(cut.walk->last_responder)) {
    if (effect.after.count(next) > 0) return cut.before - 1500;
  }
  return -5000;
}

Millinats ScoreStopTowards(const Scene& scene, const Cut& cut, const Effect& effect) {
  const auto leads = [&](const std::string& offender) {
    return scene.paths.LeadsTo(cut.walk->last_responder, offender);
  };
  const bool any = std::any_of(effect.offenders.begin(), effect.offenders.end(), leads);
  return any ? -105 : -2000;
}

Millinats ScoreStop(const Scene& scene, size_t seat, const Effect& effect) {
  const Cut& cut = scene.paths.cuts[seat];
  const std::vector<Walk>& walks = scene.evidence(seat).walks;
  const bool tcp_reached = std::any_of(walks.begin(), walks.end(), [](const Walk& walk) {
    return walk.reached && walk.protocol == v1::TraceProbe::TCP;
  });
  const bool stops = effect.connect == Reply::kSilent || effect.connect == Reply::kError;
  const Millinats reached = tcp_reached && stops ? -3000 : 0;
  if (!cut.known) return reached;
  switch (effect.stop) {
    case Stop::kNowhere:
      return cut.walk->protocol == v1::TraceProbe::TCP ? -1500 : -200;
    case Stop::kAtLastHop:
      return reached + cut.at_last;
    case Stop::kBeforeLastHop:
      return reached + cut.before;
    case Stop::kAfter:
      return reached + ScoreStopAfter(scene, seat, effect);
    case Stop::kEdgeOfSite:
      return reached + std::max(cut.at_last - 130, cut.before - 2120);
    case Stop::kTowardsOffender:
      return reached + ScoreStopTowards(scene, cut, effect);
    case Stop::kAnywhere:
      return reached + kNoOpinion;
  }
  return 0;
}

Millinats ScoreHops(const Scene& scene, size_t seat, Reply reply) {
  Millinats sum = 0;
  int tries = 0;
  for (const auto& [address, answered] : scene.evidence(seat).hop_pings) {
    if (scene.paths.last_hops.count(address) == 0) continue;
    ++tries;
    if (reply == Reply::kPass) sum += answered ? -100 : -1500;
    if (reply == Reply::kSilent) sum += answered ? -5000 : -100;
    if (reply == Reply::kAny) sum += kNoOpinion;
  }
  return Capped(sum, tries, 2);
}

}  // namespace

AtomScores LogLikelihood(const Scene& scene, size_t seat, const Effect& effect) {
  const VantageEvidence& seen = scene.evidence(seat);
  AtomScores scores{};
  scores[kConnectAtom] = ScoreConnect(seen.connect, effect.connect);
  scores[kServiceAtom] = ScoreService(seen, effect);
  scores[kHostAtom] = ScoreHost(scene, seat, effect.host);
  scores[kNeighborAtom] = ScoreNeighbor(seen, effect.neighbor);
  scores[kErrorAtom] = ScoreErrors(seen, effect);
  scores[kStopAtom] = ScoreStop(scene, seat, effect);
  scores[kHopAtom] = ScoreHops(scene, seat, effect.last_hop);
  return scores;
}

Millinats Sum(const AtomScores& scores) {
  Millinats sum = 0;
  for (const Millinats score : scores) sum += score;
  return sum;
}

}  // namespace probemesh::coordinator
