// Every cause the engine can name, as data: its verdict, its prior, what it cannot be told apart
// from, and what to do about it. DESIGN.md says where the numbers come from.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_CAUSE_CATALOGUE_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_CAUSE_CATALOGUE_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "coordinator/diagnosis/diagnose.h"
#include "coordinator/diagnosis/evidence_view.h"
#include "coordinator/diagnosis/log_math.h"

namespace probemesh::coordinator {

enum class Cause {
  kHealthy,
  // DEGRADED
  kFamilyFailure,
  kIntermittentLoss,
  kIntermittentErrors,
  kFailingForSome,
  // SERVICE_DOWN
  kRefused,
  kHung,
  kReset,
  kClosed,
  kTlsCertificate,
  kTlsHandshake,
  kHttpServerError,
  kBadResponse,
  kListenQueueFull,
  // HOST_DOWN, SITE_DOWN, TARGET_SILENT
  kHostUnreachable,
  kHostUnreachableBehindProxy,
  kLanDown,
  kSiteDark,
  kTargetSilent,
  kHostDownUnwitnessed,
  kSilentHostFilter,
  // FILTERED
  kPortSilent,
  kRejectProhibited,
  kRejectPortUnreachable,
  kRejectUnreachable,
  kForgedReset,
  kSourceFiltered,
  // PATH_FAILURE
  kBlackhole,
  kBlackholeHost,
  kBlackholePrefix,
  kLinkDown,
  kSeveralSegments,
  kNoRoute,
  kUnreachableRoute,
  kNextHopUnreachable,
  kRoutingLoop,
  kReturnPath,
  kPathMtu,
  // PREFIX_UNREACHABLE
  kPrefixWithdrawn,
  kUpstreamBlackhole,
  // NAME_FAILURE
  kNameNotFound,
  kNameNoAddress,
  kNameServfail,
  kNameRefused,
  kNameMalformed,
  kNameServersSilent,
  // VANTAGE_FAULT, INCONCLUSIVE
  kVantageFault,
  kNoEvidence,
  kInProgress,
  kNothingAnswers,
  kStopUnknown,
  kFailsForSomeUnknown,
  kUnmodelled,
};

// A cause that the same observations fit as well (DIAGNOSIS 1.5), with its share of the mass.
struct Twin {
  Cause cause;
  int64_t per_mille;
};

struct CauseEntry {
  Cause cause;
  absl::string_view id;
  v1::Judgement::Verdict verdict;
  v1::Judgement::FaultDomain domain;
  Millinats prior;  // given that somebody asked for a diagnosis
  absl::string_view description;
  std::vector<Twin> twins;
  std::vector<absl::string_view> next_steps;
  std::vector<absl::string_view> would_resolve;
};

const CauseEntry& EntryOf(Cause cause);

// The cause of a service or name that failed in that way; kBadResponse and kNameMalformed for what
// is no failure.
Cause CauseOf(ServiceResult result);
Cause CauseOf(NameResult result);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_CAUSE_CATALOGUE_H_
