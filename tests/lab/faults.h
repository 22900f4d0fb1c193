// The catalogue of faults as data, and the engine that injects them, proves that they really
// happened, and heals them.
#ifndef PROBEMESH_TESTS_LAB_FAULTS_H_
#define PROBEMESH_TESTS_LAB_FAULTS_H_

#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tests/lab/lab_run.h"
#include "tests/lab/netns.h"
#include "tests/lab/topology.h"

namespace probemesh::lab {

// "@T4@" and "@T6@" in a match stand for the target's addresses.
struct FirewallRule {
  std::string match;    // nft; may be empty
  std::string verdict;  // "drop", "reject with ..."
};

// A packet that must hit a rule. Sent from hosts which no diagnosis uses as a vantage wherever that
// is possible, so that the proof spends no vantage's ICMP budget.
struct Witness {
  std::string from;
  std::string to;
  Trial trial;
};

// Proof: the counter of every rule moves when the witnesses are sent.
struct FirewallFault {
  std::string node;
  std::string hook;  // forward, input, output, prerouting
  std::vector<FirewallRule> rules;
  std::vector<Witness> witnesses;
};

enum class RouteKind { kBlackhole, kUnreachable, kProhibit, kDeleted, kBackTo };
enum class RouteScope { kTarget, kSite, kAs2 };

// Both families. Proof: what `ip route get` answers on the node.
struct RouteFault {
  std::string node;
  RouteKind kind;
  RouteScope scope;
  std::string back_to;  // kBackTo: a direct neighbour of the node
};

enum class NeighbourCache { kUntouched, kFlushed, kWarmed };

// Interfaces of `node` set down, which unplugs the other end. Proof: link state and neighbour
// cache.
struct LinkFault {
  std::string node;
  std::vector<std::string> interfaces;
  NeighbourCache target_entry = NeighbourCache::kUntouched;
};

enum class ServiceFaultKind {
  kWebStopped,
  kWebFrozen,
  kWebUnavailable,
  kWebExpired,
  kDnsStopped,
  kNameGone
};

// On the target (web) or the dns host. Proof: what the service answers on the spot.
struct ServiceFault {
  ServiceFaultKind kind;
};

// The node's resolver file names a dead server.
struct ResolverFault {
  std::string node;
};

using FaultAction = std::variant<FirewallFault, RouteFault, LinkFault, ServiceFault, ResolverFault>;

// What a diagnosis of https://www.lab.test ought to say while the fault lasts.
struct Expectation {
  std::vector<std::string> verdicts;  // best first, then those that are honest as well
  std::vector<std::string> fault_domains;
  std::vector<int> exit_codes;
  std::vector<std::string>
      locus_nodes;                     // the locus must name an address of one of these; empty: any
  std::vector<std::string> discarded;  // vantages that are not fit to testify
  // Hosts that the person who asks declares as neighbours: without them nobody outside can tell.
  std::vector<std::string> neighbors = {};
};

struct Fault {
  std::string name;
  std::string description;
  Expectation expectation;
  std::vector<FaultAction> actions;
};

// In the order in which people read it. Lives as long as the process.
const std::vector<Fault>& FaultCatalogue();
const Fault* FindFault(absl::string_view name);

// Injects and proves. The fault is remembered in the lab's state first, so that HealAll() undoes
// even a half-done injection. Several faults may be in force; ALREADY_EXISTS when this one is.
absl::Status InjectFault(const LabRun& run, const Fault& fault);

// Undoes every fault of the lab and proves that the target answers from every vantage again.
absl::Status HealAll(const LabRun& run);

}  // namespace probemesh::lab

#endif  // PROBEMESH_TESTS_LAB_FAULTS_H_
