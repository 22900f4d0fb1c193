// The bundle, normalised: for each vantage how the name, the service, the host, the neighbours and
// the controls answered, who sent which ICMP error after how long, and where its walks stopped.
// Nothing here is weighed; limits keep hostile observations cheap.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_EVIDENCE_VIEW_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_EVIDENCE_VIEW_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coordinator/diagnosis/walk.h"
#include "probemesh/v1/diagnosis.pb.h"

namespace probemesh::coordinator {

// Tries of one kind from one vantage, by what came back.
struct Tally {
  int answered = 0;
  int reset = 0;
  int silent = 0;
  int error = 0;  // ended by an ICMP error
  std::vector<std::string> commands;

  int total() const { return answered + reset + silent + error; }
  bool positive() const { return answered + reset > 0; }
};

// How the service failed above the connection, or that it worked.
enum class ServiceResult {
  kNone,
  kOk,
  kHung,
  kReset,
  kClosed,
  kTlsCertificate,
  kTlsHandshake,
  kHttpServerError,
  kBadResponse,
};

enum class NameResult { kNone, kOk, kNxdomain, kNoData, kServfail, kRefused, kMalformed, kSilent };

// ICMP errors to full-TTL packets, by what they are evidence of.
enum class ErrorKind {
  kNoRoute,
  kLateUnreachable,   // address resolution failed at the offender: see unreachable_timing.h
  kQuickUnreachable,  // a configured unreachable route or a filter that says so
  kProhibited,
  kPortReject,  // port unreachable to a TCP or ICMP packet, or not from the destination
  kLoop,        // time exceeded though the full TTL was sent, or a walk that repeats itself
};
constexpr size_t kErrorKinds = 6;

// Linux gives up ARP and ND after three tries a second apart: the error comes 3.05 s after the
// first packet (measured); other makers' timers differ, hence a threshold well below.
constexpr int64_t kLateMillis = 2500;
// No round trip takes this long. Where a vantage's own round trips are not known: an error to a
// packet older than this ends a wait, one to a younger packet may be immediate.
constexpr int64_t kLongestRoundTripMillis = 1000;

struct ErrorSeen {
  ErrorKind kind = ErrorKind::kNoRoute;
  std::string offender;
  uint32_t type = 0;
  uint32_t code = 0;
  bool v6 = false;
  int64_t delay_ms = 0;      // since this vantage's first packet to that destination
  int64_t own_delay_ms = 0;  // since the packet it answers
  bool from_destination = false;
  bool to_service = false;  // it answers a packet like those of the service
  bool tcp = false;         // it answers a SYN, or one of the kernel's repetitions of it
  std::string command_id;
};

struct ControlSeen {
  std::optional<bool> tcp;
  std::optional<bool> icmp;
};

struct VantageEvidence {
  std::string node;
  std::string group;
  std::string site;  // label, may be empty
  bool lost = false;
  bool not_run = false;
  std::string reason;

  NameResult name = NameResult::kNone;
  NameResult other_resolver = NameResult::kNone;  // the same question to a resolver of our choice
  std::vector<std::string> name_commands;
  std::set<std::string> addresses;  // where it looked for the target

  Tally connect;  // the service's first step: TCP handshake, or echo where the host is the target
  std::map<ServiceResult, int> service;
  int contract_tries = 0;  // probes that would have met the contract, whatever became of them
  std::vector<std::string> service_commands;
  bool certificate_dates_only = false;  // the certificate failed here for its dates alone
  Tally echo;
  Tally alive;  // other signs of life: port unreachable from the target, another port's answer
  Tally neighbor;
  std::vector<ErrorSeen> errors;           // to packets for the target
  std::vector<ErrorSeen> neighbor_errors;  // to packets for neighbours
  std::vector<Walk> walks;                 // to the target
  std::vector<Walk> neighbor_walks;
  std::vector<Walk> control_walks;
  std::vector<int64_t> hop_round_trips_ms;  // of routers' answers to walks
  std::map<std::string, bool> hop_pings;
  std::map<std::string, ControlSeen> controls;  // by address
  bool controls_probed = false;                 // false: from the node's own earlier self-check

  int local_refusals = 0;                  // no packet left: the vantage's own routing or socket
  std::string local_error;                 // "ENETUNREACH"
  std::optional<uint32_t> target_routers;  // routers on the way back, from an echo's reply TTL
  std::optional<uint32_t> neighbor_routers;
  std::optional<uint32_t> reset_routers;  // the same of a reset of the service's port
  std::set<std::string> own_addresses;    // source addresses that it used towards the target
  bool own_trouble = false;               // its own kernel refused packets for the target
  int observations = 0;
  int refused_to_run = 0;  // NOT_RUN outcomes
  std::string not_run_detail;

  bool service_ok = false;      // the service contract was met at least once
  bool service_failed = false;  // tried, never met, and not merely still under way
  bool SawError(ErrorKind kind) const;
  bool AnythingFromTarget() const;
  // Something answered in the host's name besides the service's own port.
  bool HostAnswered() const { return echo.positive() || alive.positive(); }
  // The failure above the connection that was seen most, kOk if none, kNone if nothing was tried.
  ServiceResult WorstService() const;
};

struct EvidenceView {
  v1::Target::Scheme scheme = v1::Target::HOST;
  uint32_t port = 0;
  bool named = false;  // the target has a name to resolve
  bool has_neighbors = false;
  std::string input;                     // the target as the user gave it
  std::set<v1::AddressFamily> families;  // in which the service was tried
  std::set<std::string> target_addresses;
  std::vector<VantageEvidence> vantages;  // by node name
  std::vector<Walk> baseline;             // earlier walks that reached one of the target addresses
};

// By its text: unspecified for what is no address.
v1::AddressFamily FamilyOf(const std::string& address);

// Observations in canonical order: by node, command and content; duplicates of a command dropped.
std::vector<const v1::Observation*> CanonicalObservations(const v1::EvidenceBundle& bundle);

// With a family, only what concerns that family; names count for either. A vantage is fit to
// testify in a family in which its controls answer.
EvidenceView ViewEvidence(const v1::EvidenceBundle& bundle, v1::AddressFamily family);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_EVIDENCE_VIEW_H_
