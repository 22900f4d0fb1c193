// A TTL-limited walk, normalised: who answered at which distance, and where it stopped.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_WALK_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_WALK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "probemesh/v1/observation.pb.h"

namespace probemesh::coordinator {

struct Hop {
  enum class Kind { kSilent, kUnknown, kRouter, kRefuser, kTarget };
  uint32_t ttl = 0;
  Kind kind = Kind::kSilent;  // kUnknown: silent, but our own probing may have spent its budget
  std::string address;        // kRouter: said time exceeded; kRefuser: said unreachable
};

struct Walk {
  std::string node;
  std::string command_id;
  std::string destination;
  v1::TraceProbe::Protocol protocol = v1::TraceProbe::PROTOCOL_UNSPECIFIED;
  std::vector<Hop> hops;  // by distance, at most one each
  bool reached = false;
  bool reached_by_reset = false;  // TCP: the answer was a reset
  uint32_t reached_ttl = 0;       // the smallest distance at which the target answered
  bool refused = false;           // some hop said unreachable
  // The farthest router that said time exceeded. A packet stopped between it and the next router:
  // its egress, the link, or the next router's ingress (a null route or an ingress filter makes the
  // dropping router itself mute; a forward or egress filter leaves it answering).
  std::string last_responder;
  uint32_t last_ttl = 0;    // 0: nobody answered
  bool tail_known = false;  // a distance behind the last responder was silent, budget plausible
  std::vector<std::string> loop;  // addresses in the order met, when the walk repeats itself
};

// `observation` must carry TraceEvidence. Hops beyond 64 are ignored.
Walk NormaliseWalk(const v1::Observation& observation);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_WALK_H_
