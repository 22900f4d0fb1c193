#include "coordinator/diagnosis/ceilings.h"

#include <algorithm>

namespace probemesh::coordinator {
namespace {

// Something besides the failing connection itself shows where the packets got: another sign of
// life, a walk (not by a reset, which anybody can forge), a router's error, a neighbour.
bool HasPlace(const VantageEvidence& seen) {
  const bool walked = std::any_of(seen.walks.begin(), seen.walks.end(), [](const Walk& walk) {
    return !walk.reached_by_reset && (walk.reached || walk.last_ttl > 0);
  });
  return walked || seen.HostAnswered() || seen.neighbor.positive() || !seen.errors.empty();
}

// An answer with content can only have come from behind the connection.
bool SpeaksForItself(Cause cause) {
  switch (cause) {
    case Cause::kTlsCertificate:
    case Cause::kTlsHandshake:
    case Cause::kHttpServerError:
    case Cause::kBadResponse:
    case Cause::kIntermittentErrors:
      return true;
    default:
      return false;
  }
}

}  // namespace

int64_t CeilingForGroups(int64_t effective_vantages_per_mille, size_t groups) {
  if (groups < 2 || effective_vantages_per_mille < 1500) return 600'000;
  return effective_vantages_per_mille < 2500 ? 850'000 : 990'000;
}

int64_t CeilingFor(Cause cause, const Scene& scene, const SeatSet& affected) {
  int64_t ceiling =
      CeilingForGroups(scene.WeightOf(scene.Everyone()), scene.GroupsOf(scene.Everyone()).size());
  bool placed = SpeaksForItself(cause);
  SeatSet verified(scene.size());
  for (size_t i = 0; i < scene.size(); ++i) {
    placed |= affected[i] && HasPlace(scene.evidence(i));
    verified[i] = affected[i] && scene.seats[i]->verified;
  }
  if (EntryOf(cause).domain == v1::Judgement::TARGET && !placed)
    ceiling = std::min<int64_t>(ceiling, 700'000);
  if (2 * scene.WeightOf(verified) < scene.WeightOf(affected))
    ceiling = std::min<int64_t>(ceiling, 750'000);
  return ceiling;
}

}  // namespace probemesh::coordinator
