// Every bound that remote input meets in the core. CoreCounters::limits_hit counts by these names.
#ifndef PROBEMESH_COORDINATOR_CORE_LIMITS_H_
#define PROBEMESH_COORDINATOR_CORE_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace probemesh::coordinator {

// Sessions.
inline constexpr size_t kMaxSessions = 16384;
inline constexpr absl::Duration kHelloTimeout = absl::Seconds(10);
inline constexpr absl::Duration kGoodbyeTimeout = absl::Seconds(30);
inline constexpr size_t kMaxEarlyMessages = 64;  // between a hello and our answer to it
inline constexpr size_t kMaxShortText = 128;     // version, boot id, group
inline constexpr size_t kMaxSelfCheckControls = 32;
inline constexpr size_t kMaxControlText = 256;
inline constexpr size_t kMaxCsrOctets = 8192;
inline constexpr absl::Duration kMinRenewalInterval = absl::Seconds(10);

// Commands. A node is never owed more than its free slots; these bound what it may claim to have.
inline constexpr uint32_t kMaxOutstandingCommands = 1024;  // for each node
inline constexpr size_t kMaxQueuedCommands = 256;          // for each node
inline constexpr size_t kMaxRememberedCommands = 65536;    // whose results would find their run
inline constexpr size_t kMaxCommandIdOctets = 64;
inline constexpr absl::Duration kMaxTimeToLive = absl::Minutes(10);
inline constexpr absl::Duration kMaxProbeTimeout = absl::Seconds(60);
// What a node may take beyond time-to-live and timeout until its result is here.
inline constexpr absl::Duration kAnswerGrace = absl::Seconds(30);

// Results.
inline constexpr size_t kMaxObservationOctets = size_t{256} << 10;
// What is kept in full of results that answer no command, for each node and life of this process;
// a node that makes them up must not fill the disk.
inline constexpr size_t kMaxUnattributedOctets = size_t{16} << 20;
inline constexpr size_t kMaxUncommittedResults = 4096;             // for each session
inline constexpr size_t kMaxUncommittedOctets = size_t{32} << 20;  // for each session
inline constexpr size_t kMaxUncommittedOctetsInAll = size_t{256} << 20;
inline constexpr size_t kMaxCommitResults = 1000;  // in one transaction
inline constexpr size_t kMaxCommitOctets = size_t{8} << 20;
inline constexpr absl::Duration kStoreRetryDelay = absl::Seconds(1);

// Enrolment and fleet.
inline constexpr size_t kMaxPendingEnrollments = 64;
// Certificates issued to a node and not yet seen in use; the replies that carried them may be lost.
inline constexpr size_t kMaxCertificateSerials = 8;
inline constexpr int kDefaultNodePage = 200;
inline constexpr int kMaxNodePage = 1000;
inline constexpr int kDefaultTokenPage = 200;
inline constexpr int kMaxTokenPage = 1000;

// How long a shutdown waits for a store that does not answer.
inline constexpr absl::Duration kShutdownGrace = absl::Seconds(5);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_CORE_LIMITS_H_
