#include "coordinator/planner/planner.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/base/proto_time.h"
#include "coordinator/planner/answer.h"
#include "coordinator/planner/probe_specs.h"

namespace probemesh::coordinator {

bool CanEcho(const v1::Capabilities& capabilities, const IpAddress& address) {
  return address.is_v4() ? capabilities.icmp_echo_v4() : capabilities.icmp_echo_v6();
}

Planner::Planner(PlanInput input) : input_(std::move(input)), budget_(input_.vantages.size()) {
  for (const std::string& text : input_.controls) {
    const absl::StatusOr<Endpoint> control = Endpoint::Parse(text);
    if (control.ok() && control->port != 0) controls_.push_back(*control);
  }
  if (input_.neighbors.size() > kMaxNeighbors) input_.neighbors.resize(kMaxNeighbors);
  for (const PlanVantage& about : input_.vantages) {
    Vantage vantage;
    vantage.about = about;
    vantages_.push_back(std::move(vantage));
  }
}

PlanStep Planner::Advance(absl::Duration now) {
  now_ = std::max(now, now_);
  step_ = PlanStep();
  step_.next = input_.deadline + kDeadlineGrace;
  if (finished_) {
    step_.finished = true;
    return step_;
  }
  for (size_t v = 0; v < vantages_.size(); ++v) {
    if (vantages_[v].lost) continue;
    if (!started_) Open(v);
    AskNewNeighbors(v);
    AdoptAddresses(v);
    for (size_t a = 0; a < vantages_[v].addresses.size(); ++a) FollowUp(v, a);
  }
  started_ = true;
  WalkForContrast();
  WalkTowardsControls();
  PingHops();
  step_.looks_healthy = LooksHealthy();
  finished_ = Finished();
  step_.finished = finished_;
  if (finished_) step_.orders.clear();
  return std::move(step_);
}

// True when `at` has come; else Advance will be called again then.
bool Planner::Due(absl::Duration at) {
  if (now_ >= at) return true;
  step_.next = std::min(step_.next, at);
  return false;
}

// True once, `after` the first probe of the address.
bool Planner::TakeStep(AddressWatch& watch, ScheduleStep step, absl::Duration after) {
  if (watch.taken.count(step) > 0 || !Due(watch.first_probe + after)) return false;
  watch.taken.insert(step);
  return true;
}

absl::Duration Planner::AtMost(absl::Duration timeout) const {
  return std::min(timeout, UntilEnd());
}

absl::Duration Planner::Patience() const {
  return std::clamp(3 * slowest_answer_, kMinOverdue, kMaxOverdue);
}

bool Planner::IsHttp() const {
  return input_.target.scheme() == v1::Target::HTTP || input_.target.scheme() == v1::Target::HTTPS;
}

bool Planner::Order(size_t v, int a, v1::ProbeSpec spec) {
  if (FromProto(spec.timeout()) < kShortestUsefulTimeout) return false;
  ProbeOrder order;
  order.id = ++last_order_;
  order.vantage = v;
  order.time_to_live = AtMost(kCommandTimeToLive);
  order.spec = spec;
  OpenOrder open{v, a, std::move(spec), now_};
  if (CountsAsService(open)) ++vantages_[v].addresses[a].open;
  open_.emplace(order.id, std::move(open));
  step_.orders.push_back(std::move(order));
  return true;
}

bool Planner::OrderWithinBudget(size_t v, int a, v1::ProbeSpec spec, int reserve) {
  if (FromProto(spec.timeout()) < kShortestUsefulTimeout) return false;
  return budget_.Take(PacketsAtTarget(spec), reserve) && Order(v, a, std::move(spec));
}

// What decides how the address stands. Where the host is the target and cannot be pinged, other
// signs of life are all there is.
bool Planner::CountsAsService(const OpenOrder& order) const {
  if (order.address < 0) return false;
  if (order.spec.role() == v1::SERVICE) return true;
  if (!HostOnly() || (order.spec.role() != v1::HOST && order.spec.role() != v1::CONTRAST)) {
    return false;
  }
  const Vantage& vantage = vantages_[order.vantage];
  return !CanEcho(vantage.about.capabilities, vantage.addresses[order.address].address);
}

void Planner::Release(Vantage& vantage, const OpenOrder& order) {
  if (order.spec.role() == v1::CONTROL) --vantage.controls_open;
  if (order.spec.has_dns() && order.spec.role() == v1::SERVICE) --vantage.dns_open;
  if (CountsAsService(order)) --vantage.addresses[order.address].open;
}

void Planner::OnObservation(uint64_t id, const v1::Observation& observation, absl::Duration now) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  const OpenOrder order = std::move(found->second);
  open_.erase(found);
  now_ = std::max(now, now_);
  Vantage& vantage = vantages_[order.vantage];
  Release(vantage, order);
  if (observation.outcome() == v1::ANSWERED && (order.spec.has_tcp() || order.spec.has_icmp())) {
    slowest_answer_ = std::max(slowest_answer_, now_ - order.ordered_at);
  }
  if (order.spec.has_dns() && order.spec.role() == v1::NEIGHBOR) {
    AdoptNeighbor(vantage, order.spec.dns().name(), observation);
  } else if (order.spec.has_dns()) {
    for (const IpAddress& address : AddressesIn(observation)) {
      if (vantage.resolved.size() < kMaxAddresses) vantage.resolved.push_back(address);
    }
  } else if (CountsAsService(order)) {
    ReadService(vantage, order, observation);
  } else {
    ReadBeside(vantage, order, observation);
  }
}

void Planner::ReadService(Vantage& vantage, const OpenOrder& order,
                          const v1::Observation& observation) {
  AddressWatch& watch = vantage.addresses[order.address];
  Answer answer = ReadAnswer(order.spec, observation, input_.target.scheme());
  if (HostOnly() && ShowsLife(order.spec, observation)) answer = Answer::kMet;
  watch.Record(answer, now_);
  watch.loop = watch.loop || ShowsLoop(observation);
  if (!order.spec.has_icmp()) return;
  watch.echo_answered = watch.echo_answered || answer == Answer::kMet;
  if (!watch.distance) watch.distance = ReplyDistance(observation);
}

void Planner::ReadBeside(Vantage& vantage, const OpenOrder& order,
                         const v1::Observation& observation) {
  switch (order.spec.role()) {
    case v1::CONTROL:
      if (order.spec.has_trace()) return;  // for the diagnosis
      // A reset proves the way there and back as well as a handshake does.
      if (observation.outcome() == v1::ANSWERED || observation.outcome() == v1::REFUSED) {
        ++vantage.controls_answered;
      } else if (observation.outcome() != v1::NOT_RUN) {
        ++vantage.controls_failed;
      }
      return;
    case v1::NEIGHBOR:
      if (vantage.neighbor_distance || !order.spec.has_icmp()) return;
      vantage.neighbor_distance = ReplyDistance(observation);
      return;
    case v1::WALK:
      return ReadWalk(order, observation);
    case v1::HOST:
    case v1::CONTRAST:
      return ReadLife(vantage.addresses[order.address], order, observation);
    default:
      return;
  }
}

void Planner::ReadWalk(const OpenOrder& order, const v1::Observation& observation) {
  if (!observation.has_trace()) return;
  AddressWatch& watch = vantages_[order.vantage].addresses[order.address];
  const WalkRecord& walk = walks_.Add(order.vantage, watch.address, observation);
  watch.walk_cut = walk.Cut();
  const uint32_t last = order.spec.trace().last_ttl();
  if (!walk.Cut() || walk.last_ttl + 2 < last || last >= kMaxTtl || watch.loop) return;
  watch.continue_from = last + 1;
  watch.continue_protocol = order.spec.trace().protocol();
}

void Planner::ReadLife(AddressWatch& watch, const OpenOrder& order,
                       const v1::Observation& observation) {
  const bool life = ShowsLife(order.spec, observation);
  watch.alive = watch.alive || life;
  if (life && HostOnly()) watch.Record(Answer::kMet, now_);
  if (!order.spec.has_icmp()) return;
  watch.echo_answered = watch.echo_answered || life;
  if (!watch.distance) watch.distance = ReplyDistance(observation);
}

void Planner::OnNoResult(uint64_t id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  const OpenOrder order = std::move(found->second);
  open_.erase(found);
  Vantage& vantage = vantages_[order.vantage];
  Release(vantage, order);
  if (CountsAsService(order)) vantage.addresses[order.address].Record(Answer::kNotLooked, now_);
}

void Planner::OnVantageLost(size_t v) {
  if (v >= vantages_.size() || vantages_[v].lost) return;
  vantages_[v].lost = true;
  for (auto order = open_.begin(); order != open_.end();) {
    order = order->second.vantage == v ? open_.erase(order) : std::next(order);
  }
}

bool Planner::AnyNameOpen() const {
  return std::any_of(vantages_.begin(), vantages_.end(),
                     [](const Vantage& vantage) { return !vantage.lost && vantage.dns_open > 0; });
}

// Nothing that is still under way can change what this vantage has to say.
bool Planner::Settled(size_t v) const {
  const Vantage& vantage = vantages_[v];
  if (vantage.lost) return true;
  const bool positive =
      std::any_of(vantage.addresses.begin(), vantage.addresses.end(),
                  [](const AddressWatch& watch) { return watch.Positive() || watch.alive; });
  const bool controls_in = vantage.controls_open == 0 || vantage.controls_answered > 0;
  if (!controls_in) return false;
  // Not fit to testify, whatever else it sends.
  if (vantage.controls_failed > 0 && vantage.controls_answered == 0 && !positive) return true;
  if (vantage.dns_open > 0) return false;
  if (vantage.addresses.empty()) return !AnyNameOpen();
  return std::all_of(vantage.addresses.begin(), vantage.addresses.end(),
                     [this](const AddressWatch& watch) {
                       const Standing standing = watch.StandingAt(now_, Patience());
                       return standing != Standing::kOpen && standing != Standing::kSilent;
                     });
}

// After a refusal, walks and other ports tell who refuses; they get a moment, not the whole time.
bool Planner::AwaitsSupport() {
  std::optional<absl::Duration> last_denial;
  for (const Vantage& vantage : vantages_) {
    for (const AddressWatch& watch : vantage.addresses) {
      if (!watch.Denied() || vantage.lost) continue;
      last_denial = std::max(last_denial.value_or(*watch.first_negative), *watch.first_negative);
    }
  }
  if (!last_denial) return false;
  const bool support_open = std::any_of(open_.begin(), open_.end(), [](const auto& entry) {
    const v1::ProbeRole role = entry.second.spec.role();
    return role != v1::SERVICE && role != v1::CONTROL;
  });
  return support_open && !Due(*last_denial + kSupportPatience);
}

bool Planner::Finished() {
  if (now_ >= input_.deadline + kDeadlineGrace) return true;
  bool all_settled = true;
  for (size_t v = 0; v < vantages_.size(); ++v) all_settled = Settled(v) && all_settled;
  if (all_settled) return !AwaitsSupport();
  WakeForPatience();
  return open_.empty() && step_.next >= ProbeEnd();
}

// Patience with tries that outlast a refusal ends without an event of its own.
void Planner::WakeForPatience() {
  for (const Vantage& vantage : vantages_) {
    for (const AddressWatch& watch : vantage.addresses) {
      if (!vantage.lost && watch.Denied()) Due(*watch.first_negative + Patience());
    }
  }
}

bool Planner::LooksHealthy() const {
  std::set<std::string> groups;
  for (const Vantage& vantage : vantages_) {
    if (vantage.lost) continue;
    for (const AddressWatch& watch : vantage.addresses) {
      if (watch.Denied() || watch.Mixed() || watch.broken + watch.hung > 0) return false;
      if (watch.met == 0 && now_ > watch.first_probe + Patience()) return false;
      if (watch.met > 0) groups.insert(vantage.about.group);
    }
  }
  return groups.size() >= kDiverseGroups;
}

}  // namespace probemesh::coordinator
