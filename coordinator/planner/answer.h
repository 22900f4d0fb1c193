// What a planner needs to know of an observation: how the target took it. Observations come from
// machines that may be broken or hostile: nothing here trusts their sizes or texts.
#ifndef PROBEMESH_COORDINATOR_PLANNER_ANSWER_H_
#define PROBEMESH_COORDINATOR_PLANNER_ANSWER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "common/net/ip_address.h"
#include "probemesh/v1/observation.pb.h"
#include "probemesh/v1/target.pb.h"

namespace probemesh::coordinator {

enum class Answer {
  kMet,        // the service contract
  kConnected,  // a handshake; the contract is decided elsewhere
  kBroken,     // connected, then wrong: status, certificate, reset, close
  kHung,       // connected, then nothing
  kRefused,    // TCP reset
  kRejected,   // an ICMP error with its sender
  kSilent,
  kNotLooked,  // not run, cancelled, or nothing left the node
};

// Of a SERVICE probe, `asked` being what the coordinator ordered.
Answer ReadAnswer(const v1::ProbeSpec& asked, const v1::Observation& observation,
                  v1::Target::Scheme scheme);

// Of a HOST or CONTRAST probe: the address itself gave a sign of life.
bool ShowsLife(const v1::ProbeSpec& asked, const v1::Observation& observation);

// Some router says that the packet circled until its TTL was used up.
bool ShowsLoop(const v1::Observation& observation);

// Up to where a TTL must reach for the sender of an echo reply, from the TTL of the reply.
std::optional<uint32_t> ReplyDistance(const v1::Observation& observation);

// Addresses of one host each in an answer, at most kMaxAddresses, in the answer's order.
std::vector<IpAddress> AddressesIn(const v1::Observation& observation);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_PLANNER_ANSWER_H_
