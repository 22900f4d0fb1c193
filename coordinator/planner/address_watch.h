// One address of the target as one vantage sees it: what was tried, and what came of it.
#ifndef PROBEMESH_COORDINATOR_PLANNER_ADDRESS_WATCH_H_
#define PROBEMESH_COORDINATOR_PLANNER_ADDRESS_WATCH_H_

#include <cstdint>
#include <optional>
#include <set>

#include "absl/time/time.h"
#include "common/net/ip_address.h"
#include "coordinator/planner/answer.h"

namespace probemesh::coordinator {

enum class Standing {
  kOpen,      // more may come
  kOk,        // every try met the contract
  kNegative,  // a definite failure, or a mixture
  kSilent,    // every try ended in silence
  kUnable,    // nothing could be tried
};

// Steps of the schedule, each taken at most once for an address.
enum class ScheduleStep {
  kHttpAfterConnect,
  kFirstRetry,
  kContrast,
  kWalk,
  kOtherWalk,
  kLongerWalk,
  kMoreFlows,
  kConfirm,
  kSecondRetry,
  kHttpRetry,
  kRefusalWalk,
  kPassingWalk,
};

struct AddressWatch {
  IpAddress address;
  // The first address gets every kind of probe, the others what shows whether they work; the first
  // of each family also what shows whether the host is there.
  bool full = false;
  bool first_of_family = false;
  // The target is the host itself: any sign of life will do.
  bool host_only = false;
  absl::Duration first_probe;

  int open = 0;  // SERVICE probes under way
  int met = 0;
  int connected = 0;
  int broken = 0;
  int hung = 0;
  int refused = 0;
  int rejected = 0;
  int silent = 0;
  int not_looked = 0;
  bool loop = false;
  bool echo_answered = false;
  bool alive = false;  // any sign of life beside the service
  bool walk_cut = false;
  // The last walk was still meeting routers when it ended: go on from this distance.
  std::optional<uint32_t> continue_from;
  v1::TraceProbe::Protocol continue_protocol = v1::TraceProbe::PROTOCOL_UNSPECIFIED;
  std::optional<uint32_t> distance;
  std::optional<absl::Duration> first_negative;
  std::set<ScheduleStep> taken;

  void Record(Answer answer, absl::Duration now);

  // The handshake was seen to work.
  bool Positive() const { return met + connected + broken + hung > 0; }
  // Somebody said no, and nobody said yes.
  bool Denied() const { return !Positive() && refused + rejected > 0; }
  // Neither, so far.
  bool Quiet() const { return !Positive() && !Denied(); }
  // The handshake works for some tries and not for others.
  bool Mixed() const { return Positive() && refused + rejected + silent > 0; }

  // `patience`: how long tries that are still silent may outlast an explicit no.
  Standing StandingAt(absl::Duration now, absl::Duration patience) const;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_PLANNER_ADDRESS_WATCH_H_
