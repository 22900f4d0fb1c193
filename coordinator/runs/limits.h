// Every bound that remote input meets in the runs.
#ifndef PROBEMESH_COORDINATOR_RUNS_LIMITS_H_
#define PROBEMESH_COORDINATOR_RUNS_LIMITS_H_

#include <cstddef>

#include "absl/time/time.h"

namespace probemesh::coordinator {

inline constexpr size_t kMaxRunningDiagnoses = 32;
inline constexpr size_t kMaxRunningProbeRuns = 64;
inline constexpr size_t kMaxFinishedRuns = 100;  // of each kind, the longest unused goes first
inline constexpr size_t kMaxWatchersPerRun = 64;
inline constexpr size_t kMaxLoadingWatchers = 1024;  // of diagnoses that the store is asked for
inline constexpr size_t kMaxReferencedRuns = 8;      // "@ID" in a selector

inline constexpr size_t kMaxRequestIds = 10000;
inline constexpr size_t kMaxRequestIdOctets = 128;
inline constexpr absl::Duration kRequestIdLifetime = absl::Hours(1);

inline constexpr int kDefaultDiagnosisPage = 50;
inline constexpr int kMaxDiagnosisPage = 200;
inline constexpr size_t kMaxRunNameOctets = 80;
// A probe of the user's making. Nodes take 64 KiB; their results repeat it.
inline constexpr size_t kMaxProbeSpecOctets = size_t{32} << 10;

// What a single result may weigh in memory. A long walk needs a tenth of it.
inline constexpr size_t kMaxEvidenceOctets = size_t{64} << 10;

// Walks in the background, and what is remembered of walks: PathAtlas.
inline constexpr size_t kMaxRememberedTargets = 256;  // the longest unused goes first
inline constexpr size_t kMaxWalksPerTarget = 64;
inline constexpr size_t kMaxRememberedWalkOctets = size_t{4} << 10;
inline constexpr size_t kMaxPlannedWalks = 256;
inline constexpr size_t kMaxBackgroundWalks = 64;                // sent and not answered
inline constexpr absl::Duration kFreshWalk = absl::Minutes(15);  // before another one is asked for
inline constexpr absl::Duration kWalkLifetime = absl::Hours(24);
inline constexpr absl::Duration kWalkPace = absl::Milliseconds(50);
inline constexpr absl::Duration kWalkGapPerNode = absl::Seconds(1);
inline constexpr absl::Duration kBackgroundWalkPatience = absl::Seconds(30);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_LIMITS_H_
