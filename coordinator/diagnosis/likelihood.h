// How well what one vantage saw fits what a fault would do to it: log-likelihoods per kind of
// evidence.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_LIKELIHOOD_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_LIKELIHOOD_H_

#include <array>
#include <optional>
#include <set>
#include <string>

#include "coordinator/diagnosis/log_math.h"
#include "coordinator/diagnosis/scene.h"

namespace probemesh::coordinator {

// What becomes of a kind of packet under a fault. kAny: the fault says nothing about it.
enum class Reply { kPass, kSilent, kReset, kError, kLossy, kAny };

// Where a walk of the failing flow stops under a fault.
enum class Stop {
  kNowhere,
  kAtLastHop,
  kBeforeLastHop,
  kAfter,            // right behind one of Effect::after
  kEdgeOfSite,       // at the last hop, or less likely before it
  kTowardsOffender,  // at a router from which the way leads to an offender
  kAnywhere,
};

// What a fault does to a vantage that it affects.
struct Effect {
  Reply connect = Reply::kPass;
  ServiceResult service = ServiceResult::kOk;  // where connections pass
  Reply host = Reply::kPass;                   // echo requests and other signs of life
  Reply neighbor = Reply::kPass;
  Reply last_hop = Reply::kPass;  // pings of the routers that are known as last hops
  std::optional<ErrorKind> error;
  std::set<std::string> offenders;
  Stop stop = Stop::kNowhere;
  std::set<std::string> after;
};

enum Atom { kConnectAtom, kServiceAtom, kHostAtom, kNeighborAtom, kErrorAtom, kStopAtom, kHopAtom };
constexpr size_t kAtoms = 7;

using AtomScores = std::array<Millinats, kAtoms>;

AtomScores LogLikelihood(const Scene& scene, size_t seat, const Effect& effect);
Millinats Sum(const AtomScores& scores);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_LIKELIHOOD_H_
