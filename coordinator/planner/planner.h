// Which probes go to which vantage, and when: the adaptive schedule of a diagnosis. A state machine
// without clock, socket or store: time comes in as an offset from the creation of the diagnosis,
// evidence as observations, and orders come out. Same calls, same orders.
#ifndef PROBEMESH_COORDINATOR_PLANNER_PLANNER_H_
#define PROBEMESH_COORDINATOR_PLANNER_PLANNER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/net/ip_address.h"
#include "coordinator/planner/address_watch.h"
#include "coordinator/planner/packet_budget.h"
#include "coordinator/planner/schedule.h"
#include "coordinator/planner/walk_book.h"
#include "probemesh/v1/diagnosis.pb.h"
#include "probemesh/v1/node.pb.h"
#include "probemesh/v1/target.pb.h"

namespace probemesh::coordinator {

struct PlanVantage {
  std::string node;
  std::string group;
  v1::Capabilities capabilities;
};

struct PlanInput {
  v1::Target target;
  v1::AddressFamily family = v1::ADDRESS_FAMILY_UNSPECIFIED;
  std::vector<PlanVantage> vantages;
  std::vector<std::string> controls;  // "address:port"; what does not parse is left out
  std::vector<HostPort> neighbors;    // addresses or names, port 0 if unknown
  absl::Duration deadline = kDefaultDeadline;
};

struct ProbeOrder {
  uint64_t id = 0;
  size_t vantage = 0;  // index into PlanInput.vantages
  v1::ProbeSpec spec;
  absl::Duration time_to_live;
};

struct PlanStep {
  std::vector<ProbeOrder> orders;
  // Call Advance again then, if no evidence calls for it earlier.
  absl::Duration next;
  // Nothing more can be learnt within the deadline: judge. No orders come with it.
  bool finished = false;
  // Diverse vantages have all met the contract so far; others are still under way.
  bool looks_healthy = false;
};

class Planner {
 public:
  explicit Planner(PlanInput input);

  // The first call starts the diagnosis. `now` never goes back. Call after every change.
  PlanStep Advance(absl::Duration now);

  // What came of an order. `observation` may be hostile; unknown and repeated ids are ignored.
  void OnObservation(uint64_t order, const v1::Observation& observation, absl::Duration now);
  // The order was never sent, or will never be answered.
  void OnNoResult(uint64_t order);
  // The node went away: nothing more is expected from it or asked of it.
  void OnVantageLost(size_t vantage);

  bool IsOpen(uint64_t order) const { return open_.count(order) > 0; }

 private:
  struct OpenOrder {
    size_t vantage = 0;
    int address = -1;  // index into Vantage.addresses, -1 if it concerns none
    v1::ProbeSpec spec;
    absl::Duration ordered_at;
  };
  struct Vantage {
    PlanVantage about;
    bool lost = false;
    int dns_open = 0;
    bool dns_asked_over_tcp = false;
    std::vector<IpAddress> resolved;
    std::vector<AddressWatch> addresses;
    int controls_open = 0;
    int controls_answered = 0;
    int controls_failed = 0;
    std::optional<uint32_t> neighbor_distance;
    std::vector<Endpoint> neighbors;  // names resolved
    size_t neighbors_asked = 0;
    bool neighbors_retried = false;
    bool control_walked = false;
  };

  // planner_opening.cc: names, controls, neighbours, and the first tries of each address.
  void Open(size_t v);
  void AskName(size_t v, bool over_tcp);
  void AskControls(size_t v);
  void OpenNeighbors(size_t v);
  void AdoptNeighbor(Vantage& vantage, const std::string& name, const v1::Observation& observation);
  void AskNewNeighbors(size_t v);
  void AskNeighbor(size_t v, const Endpoint& neighbor, uint32_t attempt);
  std::vector<v1::AddressFamily> FamiliesOf(size_t v) const;
  void AdoptAddresses(size_t v);
  void AdoptAddress(size_t v, const IpAddress& address);
  void TryAddress(size_t v, size_t a);
  std::vector<IpAddress> BorrowedAddresses() const;

  // planner_steps.cc: what follows when answers stay out, or say no.
  void FollowUp(size_t v, size_t a);
  void FollowSilence(size_t v, size_t a);
  void FollowDenial(size_t v, size_t a);
  void FollowSuccess(size_t v, size_t a);
  void Retry(size_t v, size_t a, uint32_t attempt);
  void AskContrast(size_t v, size_t a);
  void WalkSilence(size_t v, size_t a);
  void WalkForContrast();
  void WalkTowardsControls();
  void WalkTowardsControl(size_t v, const IpAddress& like);
  bool NobodyAnswered() const;
  bool Walk(size_t v, size_t a, v1::TraceProbe::Protocol protocol, uint32_t first_ttl,
            bool may_reprobe = true);
  uint32_t LastTtl(size_t v, size_t a) const;
  int Reserve() const;
  int WalkShare() const;
  bool HasOpenTcp(size_t v, size_t a) const;
  void PingHops();

  // planner.cc
  bool Order(size_t v, int a, v1::ProbeSpec spec);
  bool OrderWithinBudget(size_t v, int a, v1::ProbeSpec spec, int reserve = 0);
  bool Due(absl::Duration at);
  bool TakeStep(AddressWatch& watch, ScheduleStep step, absl::Duration after);
  void ReadService(Vantage& vantage, const OpenOrder& order, const v1::Observation& observation);
  void ReadBeside(Vantage& vantage, const OpenOrder& order, const v1::Observation& observation);
  void ReadWalk(const OpenOrder& order, const v1::Observation& observation);
  void ReadLife(AddressWatch& watch, const OpenOrder& order, const v1::Observation& observation);
  bool CountsAsService(const OpenOrder& order) const;
  void Release(Vantage& vantage, const OpenOrder& order);
  bool Finished();
  bool Settled(size_t v) const;
  void WakeForPatience();
  bool AwaitsSupport();
  bool LooksHealthy() const;
  bool AnyNameOpen() const;
  bool Named() const { return !input_.target.is_address(); }
  bool HostOnly() const { return input_.target.scheme() == v1::Target::HOST; }
  bool IsHttp() const;
  absl::Duration ProbeEnd() const { return input_.deadline - kReportMargin; }
  absl::Duration UntilEnd() const { return ProbeEnd() - now_; }
  absl::Duration AtMost(absl::Duration timeout) const;
  absl::Duration Patience() const;

  PlanInput input_;
  std::vector<Endpoint> controls_;
  std::vector<Vantage> vantages_;
  PacketBudget budget_;
  WalkBook walks_;
  std::map<uint64_t, OpenOrder> open_;
  uint64_t last_order_ = 0;
  size_t refusal_walks_ = 0;
  std::map<IpAddress::Family, std::vector<std::string>> passing_walk_groups_;
  absl::Duration slowest_answer_;
  bool started_ = false;
  bool finished_ = false;
  absl::Duration now_;
  PlanStep step_;  // under construction during Advance
};

// Whether the node has ping sockets for that family.
bool CanEcho(const v1::Capabilities& capabilities, const IpAddress& address);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_PLANNER_PLANNER_H_
