// When what is asked, relative to the start of the diagnosis or to the first probe of an address.
#ifndef PROBEMESH_COORDINATOR_PLANNER_SCHEDULE_H_
#define PROBEMESH_COORDINATOR_PLANNER_SCHEDULE_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace probemesh::coordinator {

// Total silence is final here: a router that gives up ARP or ND says so 3.05 to 3.07 s after the
// first packet (measured), and its word takes a round trip more.
inline constexpr absl::Duration kDefaultDeadline = absl::Milliseconds(3400);
inline constexpr absl::Duration kMinDeadline = absl::Seconds(1);
inline constexpr absl::Duration kMaxDeadline = absl::Seconds(60);
// Probes end this long before the deadline, so that their results can travel and be committed.
inline constexpr absl::Duration kReportMargin = absl::Milliseconds(120);
// Results that are under way at the deadline are waited for this much longer.
inline constexpr absl::Duration kDeadlineGrace = absl::Milliseconds(150);

// Since the start.
inline constexpr absl::Duration kBorrowAddressAt = absl::Milliseconds(300);
inline constexpr absl::Duration kDnsOverTcpAt = absl::Milliseconds(1000);

// Since the address was first probed from that vantage.
inline constexpr absl::Duration kFirstRetryAfter = absl::Milliseconds(300);
inline constexpr absl::Duration kWalkAfter = absl::Milliseconds(400);
inline constexpr absl::Duration kMoreFlowsAfter = absl::Milliseconds(500);
inline constexpr absl::Duration kSecondRetryAfter = absl::Milliseconds(1000);
inline constexpr absl::Duration kSecondWalkAfter = absl::Milliseconds(1500);
inline constexpr absl::Duration kControlWalkAfter = absl::Milliseconds(1500);

inline constexpr absl::Duration kDnsTimeout = absl::Milliseconds(2500);
inline constexpr absl::Duration kDnsOverTcpTimeout = absl::Milliseconds(1500);
// Long enough for the kernel's own second SYN, a second after the first.
inline constexpr absl::Duration kControlTimeout = absl::Seconds(2);
// One packet and no more: it ends before the kernel's second SYN.
inline constexpr absl::Duration kShortTimeout = absl::Milliseconds(950);
inline constexpr absl::Duration kReprobeAfter = absl::Milliseconds(700);
inline constexpr absl::Duration kWalkTimeout = absl::Milliseconds(950);
inline constexpr absl::Duration kReprobingWalkTimeout = absl::Milliseconds(1700);
// Walks end this long before the deadline, so that hop pings can still follow.
inline constexpr absl::Duration kWalkMargin = absl::Milliseconds(500);
inline constexpr absl::Duration kShortestUsefulTimeout = absl::Milliseconds(200);
inline constexpr absl::Duration kCommandTimeToLive = absl::Seconds(1);

// After an explicit refusal: how long its supporting evidence (walks, echo, other ports) may delay
// the end.
inline constexpr absl::Duration kSupportPatience = absl::Milliseconds(1200);
// A try is overdue after three times the slowest answer seen, within these bounds.
inline constexpr absl::Duration kMinOverdue = absl::Milliseconds(150);
inline constexpr absl::Duration kMaxOverdue = absl::Seconds(1);

inline constexpr size_t kMaxAddressesPerFamily = 2;
inline constexpr size_t kMaxAddresses = 4;
inline constexpr size_t kMaxControls = 3;
inline constexpr size_t kMaxNeighbors = 4;
inline constexpr size_t kMaxHopPings = 6;      // per vantage
inline constexpr size_t kMaxRefusalWalks = 3;  // vantages that walk towards whoever refuses
inline constexpr size_t kMaxPassingWalks =
    2;  // healthy vantages that walk for contrast, per family
inline constexpr uint32_t kExtraFlows =
    6;  // with the first two: one dead leg of four is hit with 90 %
inline constexpr size_t kDiverseGroups = 3;  // the floor for any claim about the whole target
inline constexpr uint32_t kHttpPort = 80;
inline constexpr uint32_t kHttpsPort = 443;
inline constexpr uint32_t kTraceroutePort = 33434;  // presumably closed, by convention
inline constexpr uint32_t kBlindLastTtl = 12;       // of a walk towards an unknown distance
inline constexpr uint32_t kControlLastTtl = 8;      // its first routers are what matters
inline constexpr uint32_t kFurtherTtls = 8;         // where that was still meeting routers
inline constexpr uint32_t kMaxTtl = 36;
inline constexpr uint32_t kMaxBodyBytes = 65536;

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_PLANNER_SCHEDULE_H_
