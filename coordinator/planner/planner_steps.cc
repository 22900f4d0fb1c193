// What follows when answers stay out, or say no.
#include <algorithm>
#include <set>
#include <utility>

#include "common/base/proto_time.h"
#include "coordinator/planner/planner.h"
#include "coordinator/planner/probe_specs.h"

namespace probemesh::coordinator {
namespace {

// Packets of a walk towards an unknown distance. A vantage may walk twice at once only if that
// leaves as much for each that has not walked yet.
constexpr int kBlindWalk = 9;

}  // namespace

void Planner::FollowUp(size_t v, size_t a) {
  const AddressWatch& watch = vantages_[v].addresses[a];
  if (watch.Denied()) {
    FollowDenial(v, a);
  } else if (watch.Positive()) {
    FollowSuccess(v, a);
  } else if (watch.StandingAt(now_, Patience()) != Standing::kUnable) {
    FollowSilence(v, a);
  }
}

void Planner::FollowSilence(size_t v, size_t a) {
  AddressWatch& watch = vantages_[v].addresses[a];
  if (TakeStep(watch, ScheduleStep::kFirstRetry, kFirstRetryAfter)) Retry(v, a, 1);
  if (TakeStep(watch, ScheduleStep::kContrast, kWalkAfter)) AskContrast(v, a);
  WalkSilence(v, a);
  if (watch.full && TakeStep(watch, ScheduleStep::kSecondRetry, kSecondRetryAfter)) Retry(v, a, 2);
}

void Planner::FollowDenial(size_t v, size_t a) {
  AddressWatch& watch = vantages_[v].addresses[a];
  if (TakeStep(watch, ScheduleStep::kContrast, absl::ZeroDuration())) AskContrast(v, a);
  // Where a reset comes from, or what a loop goes through. Other errors name their sender already.
  const bool walk_tells = watch.loop || (watch.refused > 0 && watch.full);
  if (!walk_tells || refusal_walks_ >= kMaxRefusalWalks) return;
  if (!TakeStep(watch, ScheduleStep::kRefusalWalk, absl::ZeroDuration())) return;
  const bool icmp = HostOnly() && CanEcho(vantages_[v].about.capabilities, watch.address);
  if (Walk(v, a, icmp ? v1::TraceProbe::ICMP : v1::TraceProbe::TCP, 1)) ++refusal_walks_;
}

void Planner::FollowSuccess(size_t v, size_t a) {
  if (HostOnly()) return;
  AddressWatch& watch = vantages_[v].addresses[a];
  const auto order_http = [&](uint32_t attempt) {
    v1::ProbeSpec spec = HttpSpec(input_.target, watch.address, UntilEnd());
    spec.set_attempt(attempt);
    OrderWithinBudget(v, static_cast<int>(a), std::move(spec));
  };
  if (IsHttp()) {
    if (!watch.full && TakeStep(watch, ScheduleStep::kHttpAfterConnect, absl::ZeroDuration())) {
      order_http(0);
    }
    // One bad replica behind a balancer, or all of them?
    if (watch.broken > 0 && TakeStep(watch, ScheduleStep::kConfirm, absl::ZeroDuration())) {
      order_http(1);
    }
    if (watch.met + watch.broken == 0 &&
        TakeStep(watch, ScheduleStep::kHttpRetry, kSecondRetryAfter)) {
      order_http(1);
    }
  }
  // Some flows pass, some do not: how many of each?
  const bool partial =
      watch.Mixed() || (HasOpenTcp(v, a) && Due(watch.first_probe + kMoreFlowsAfter));
  if (!watch.full || !partial) return;
  if (!TakeStep(watch, ScheduleStep::kMoreFlows, absl::ZeroDuration())) return;
  for (uint32_t flow = 0; flow < kExtraFlows; ++flow) {
    v1::ProbeSpec spec =
        TcpSpec(v1::SERVICE, watch.address, input_.target.port(), AtMost(kShortTimeout));
    spec.set_attempt(1);
    OrderWithinBudget(v, static_cast<int>(a), std::move(spec));
  }
}

bool Planner::HasOpenTcp(size_t v, size_t a) const {
  return std::any_of(open_.begin(), open_.end(), [v, a](const auto& entry) {
    const OpenOrder& order = entry.second;
    return order.vantage == v && order.address == static_cast<int>(a) && order.spec.has_tcp() &&
           order.spec.role() == v1::SERVICE;
  });
}

void Planner::Retry(size_t v, size_t a, uint32_t attempt) {
  const AddressWatch& watch = vantages_[v].addresses[a];
  const bool can_echo = CanEcho(vantages_[v].about.capabilities, watch.address);
  const absl::Duration timeout = AtMost(kShortTimeout);
  std::vector<v1::ProbeSpec> specs;
  if (!HostOnly()) {
    specs.push_back(TcpSpec(v1::SERVICE, watch.address, input_.target.port(), timeout));
  } else if (watch.first_of_family) {
    specs.push_back(ClosedPortSpec(watch.address, attempt, timeout));
  }
  if (can_echo && (watch.full || HostOnly())) {
    specs.push_back(EchoSpec(HostOnly() ? v1::SERVICE : v1::HOST, watch.address, timeout));
  }
  for (v1::ProbeSpec& spec : specs) {
    spec.set_attempt(attempt);
    OrderWithinBudget(v, static_cast<int>(a), std::move(spec));
  }
  if (vantages_[v].neighbors_retried) return;
  vantages_[v].neighbors_retried = true;
  for (const Endpoint& neighbor : vantages_[v].neighbors) AskNeighbor(v, neighbor, attempt);
}

// Does another port answer? If the service has no usual sibling, that is worth a packet only where
// the host shows no life at all.
void Planner::AskContrast(size_t v, size_t a) {
  const AddressWatch& watch = vantages_[v].addresses[a];
  const uint32_t port = input_.target.port();
  std::vector<uint32_t> others;
  if (port == kHttpsPort || port == kHttpPort) {
    others = {port == kHttpsPort ? kHttpPort : kHttpsPort};
  } else if (!watch.echo_answered) {
    others = {kHttpsPort, kHttpPort};
  }
  // Without ping sockets these were the first tries.
  const bool asked = HostOnly() && !CanEcho(vantages_[v].about.capabilities, watch.address);
  if (!watch.first_of_family || asked) return;
  for (const uint32_t other : others) {
    OrderWithinBudget(v, static_cast<int>(a),
                      TcpSpec(v1::CONTRAST, watch.address, other, AtMost(kShortTimeout)));
  }
}

// In the service's protocol first; in the other one at once if the budget allows it, else once the
// first walk was cut.
void Planner::WalkSilence(size_t v, size_t a) {
  AddressWatch& watch = vantages_[v].addresses[a];
  const bool can_echo = CanEcho(vantages_[v].about.capabilities, watch.address);
  const auto beside = can_echo ? v1::TraceProbe::ICMP : v1::TraceProbe::UDP;
  const auto first = HostOnly() ? beside : v1::TraceProbe::TCP;
  const bool other_wanted = watch.full && !HostOnly() && !watch.echo_answered;
  if (TakeStep(watch, ScheduleStep::kWalk, kWalkAfter)) {
    Walk(v, a, first, 1);
    if (other_wanted && WalkShare() >= 2 * kBlindWalk && Walk(v, a, beside, 1, false)) {
      watch.taken.insert(ScheduleStep::kOtherWalk);
    }
  }
  if (other_wanted && watch.walk_cut &&
      TakeStep(watch, ScheduleStep::kOtherWalk, kSecondWalkAfter)) {
    Walk(v, a, beside, 1);
  }
  if (watch.continue_from && TakeStep(watch, ScheduleStep::kLongerWalk, absl::ZeroDuration())) {
    Walk(v, a, watch.continue_protocol, *watch.continue_from);
  }
}

// Healthy vantages walk too when others are silent: they show what lies beyond the cut.
void Planner::WalkForContrast() {
  std::set<IpAddress::Family> silent;
  for (const Vantage& vantage : vantages_) {
    for (const AddressWatch& watch : vantage.addresses) {
      const bool walks = watch.taken.count(ScheduleStep::kWalk) > 0;
      if (walks && watch.Quiet() && !vantage.lost) silent.insert(watch.address.family());
    }
  }
  for (size_t v = 0; v < vantages_.size(); ++v) {
    for (size_t a = 0; a < vantages_[v].addresses.size(); ++a) {
      AddressWatch& watch = vantages_[v].addresses[a];
      if (vantages_[v].lost || silent.count(watch.address.family()) == 0) continue;
      const std::string& group = vantages_[v].about.group;
      std::vector<std::string>& walked = passing_walk_groups_[watch.address.family()];
      const bool again = std::count(walked.begin(), walked.end(), group) > 0;
      if (walked.size() >= kMaxPassingWalks || again) continue;
      if (watch.met + watch.connected == 0) continue;
      if (!TakeStep(watch, ScheduleStep::kPassingWalk, absl::ZeroDuration())) continue;
      walked.push_back(group);
      Walk(v, a, HostOnly() ? v1::TraceProbe::ICMP : v1::TraceProbe::TCP, 1);
    }
  }
}

bool Planner::NobodyAnswered() const {
  for (const Vantage& vantage : vantages_) {
    for (const AddressWatch& watch : vantage.addresses) {
      if (!vantage.lost && (!watch.Quiet() || watch.alive)) return false;
    }
  }
  return true;
}

// When nothing answers anybody: which of the routers that were met lead elsewhere as well? Such a
// one is not the target's own last hop.
void Planner::WalkTowardsControls() {
  if (!NobodyAnswered()) return;
  for (size_t v = 0; v < vantages_.size(); ++v) {
    Vantage& vantage = vantages_[v];
    if (vantage.lost || vantage.control_walked || vantage.controls_answered == 0) continue;
    const auto cut = std::find_if(vantage.addresses.begin(), vantage.addresses.end(),
                                  [](const AddressWatch& watch) { return watch.walk_cut; });
    if (cut == vantage.addresses.end() || !Due(cut->first_probe + kControlWalkAfter)) continue;
    vantage.control_walked = true;
    WalkTowardsControl(v, cut->address);
  }
}

// Vantages take turns with the controls, so that together they meet more routers.
void Planner::WalkTowardsControl(size_t v, const IpAddress& like) {
  Vantage& vantage = vantages_[v];
  std::vector<Endpoint> usable;
  for (const Endpoint& control : controls_) {
    const bool fits = control.address.family() == like.family() && usable.size() < kMaxControls;
    if (fits && control.address.ToString() != input_.target.host()) usable.push_back(control);
  }
  if (usable.empty() || !vantage.about.capabilities.error_queue()) return;
  const Endpoint& control = usable[v % usable.size()];
  WalkShape shape;
  shape.protocol =
      CanEcho(vantage.about.capabilities, like) ? v1::TraceProbe::ICMP : v1::TraceProbe::TCP;
  shape.port = control.port;
  shape.first_ttl = 1;
  shape.last_ttl = kControlLastTtl;
  v1::ProbeSpec spec =
      WalkSpec(control.address, shape, std::min(UntilEnd() - kWalkMargin, kWalkTimeout));
  spec.set_role(v1::CONTROL);
  if (Order(v, -1, std::move(spec))) ++vantage.controls_open;
}

// How far to walk: as far as the target is known to be from here, else as its neighbour or as it is
// from elsewhere, with some slack.
uint32_t Planner::LastTtl(size_t v, size_t a) const {
  const AddressWatch& watch = vantages_[v].addresses[a];
  if (watch.distance) return *watch.distance + 1;
  if (vantages_[v].neighbor_distance) return *vantages_[v].neighbor_distance + 2;
  uint32_t elsewhere = 0;
  for (const Vantage& vantage : vantages_) {
    for (const AddressWatch& other : vantage.addresses) {
      if (other.address.family() != watch.address.family()) continue;
      elsewhere = std::max(elsewhere, other.distance.value_or(0));
    }
  }
  return elsewhere > 0 ? elsewhere + 3 : kBlindLastTtl;
}

// Packets that the retries and contrasts still to come will need.
int Planner::Reserve() const {
  int reserve = 0;
  for (const Vantage& vantage : vantages_) {
    for (const AddressWatch& watch : vantage.addresses) {
      const bool waits = !vantage.lost && watch.full && watch.Quiet() && watch.open > 0;
      if (waits && watch.taken.count(ScheduleStep::kSecondRetry) == 0) reserve += 2;
      if (waits && watch.taken.count(ScheduleStep::kContrast) == 0) reserve += 2;
    }
  }
  return reserve;
}

// What one walk may cost so that every silent vantage gets one.
int Planner::WalkShare() const {
  int walkers = 1;
  for (const Vantage& vantage : vantages_) {
    for (const AddressWatch& watch : vantage.addresses) {
      const bool waits = !vantage.lost && watch.Quiet() && watch.open > 0;
      if (waits && watch.taken.count(ScheduleStep::kWalk) == 0) ++walkers;
    }
  }
  return (budget_.left() - Reserve()) / walkers;
}

bool Planner::Walk(size_t v, size_t a, v1::TraceProbe::Protocol protocol, uint32_t first_ttl,
                   bool may_reprobe) {
  const AddressWatch& watch = vantages_[v].addresses[a];
  const v1::Capabilities& capabilities = vantages_[v].about.capabilities;
  if (!capabilities.error_queue()) return false;
  if (protocol == v1::TraceProbe::ICMP && !CanEcho(capabilities, watch.address)) return false;
  WalkShape shape;
  shape.protocol = protocol;
  shape.port = protocol == v1::TraceProbe::UDP ? kTraceroutePort
               : HostOnly()                    ? kHttpsPort
                                               : input_.target.port();
  shape.first_ttl = first_ttl;
  shape.last_ttl = first_ttl > 1 ? first_ttl + kFurtherTtls - 1 : LastTtl(v, a);
  shape.last_ttl = std::min(shape.last_ttl, kMaxTtl);
  const absl::Duration left = UntilEnd() - kWalkMargin;
  for (const bool reprobe : {true, false}) {
    // Asking silent distances twice is for silence only.
    if (reprobe && !(may_reprobe && watch.Quiet())) continue;
    shape.reprobe = reprobe;
    const absl::Duration timeout = std::min(left, reprobe ? kReprobingWalkTimeout : kWalkTimeout);
    v1::ProbeSpec spec = WalkSpec(watch.address, shape, timeout);
    if (PacketsAtTarget(spec) > WalkShare()) continue;
    return OrderWithinBudget(v, static_cast<int>(a), std::move(spec), Reserve());
  }
  return false;
}

void Planner::PingHops() {
  for (size_t v = 0; v < vantages_.size(); ++v) {
    if (vantages_[v].lost) continue;
    for (const IpAddress& router : walks_.TakeHopPings(v)) {
      if (!CanEcho(vantages_[v].about.capabilities, router)) continue;
      Order(v, -1, EchoSpec(v1::HOP_PING, router, AtMost(kShortTimeout)));
    }
  }
}

}  // namespace probemesh::coordinator
