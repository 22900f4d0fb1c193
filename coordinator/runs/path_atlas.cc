#include "coordinator/runs/path_atlas.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "common/base/random.h"
#include "coordinator/planner/answer.h"
#include "coordinator/planner/probe_specs.h"
#include "coordinator/planner/schedule.h"
#include "coordinator/runs/evidence.h"
#include "coordinator/runs/limits.h"

namespace probemesh::coordinator {
namespace {

constexpr absl::string_view kPrefix = "pathAtlas/";
// Long enough for a node that is busy with a diagnosis.
constexpr absl::Duration kBackgroundTimeToLive = absl::Seconds(5);

// An observation of `node` at which the service contract was met.
bool ShowsSuccess(const v1::Observation& observation, const std::string& node,
                  v1::Target::Scheme scheme) {
  const v1::ProbeSpec& spec = observation.spec();
  if (observation.node() != node || spec.has_dns()) return false;
  if (scheme == v1::Target::HOST) {
    const bool about_host = spec.role() == v1::SERVICE || spec.role() == v1::HOST;
    return about_host && ShowsLife(spec, observation);
  }
  return spec.role() == v1::SERVICE && ReadAnswer(spec, observation, scheme) == Answer::kMet;
}

// Where the target answered this vantage: one address of each family.
std::map<v1::AddressFamily, IpAddress> AnsweringAddresses(const v1::EvidenceBundle& bundle,
                                                          const std::string& node) {
  std::map<v1::AddressFamily, IpAddress> addresses;
  for (const v1::Observation& observation : bundle.observations()) {
    if (!ShowsSuccess(observation, node, bundle.target().scheme())) continue;
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(observation.spec().address());
    if (address.ok()) addresses.emplace(FamilyOf(*address), *address);
  }
  return addresses;
}

// The answered echo of this vantage to this address; null if there is none.
const v1::Observation* AnsweredEcho(const v1::EvidenceBundle& bundle, const std::string& node,
                                    const std::string& address) {
  for (const v1::Observation& observation : bundle.observations()) {
    const v1::ProbeSpec& spec = observation.spec();
    if (observation.node() == node && spec.has_icmp() && spec.address() == address &&
        observation.outcome() == v1::ANSWERED) {
      return &observation;
    }
  }
  return nullptr;
}

// In the service's own protocol, no farther than the target is known to be.
v1::ProbeSpec WalkTo(const v1::EvidenceBundle& bundle, const std::string& node,
                     const IpAddress& address) {
  const v1::Observation* echo = AnsweredEcho(bundle, node, address.ToString());
  WalkShape shape;
  shape.port = bundle.target().port();
  if (bundle.target().scheme() == v1::Target::HOST) {
    shape.protocol = echo != nullptr ? v1::TraceProbe::ICMP : v1::TraceProbe::UDP;
    shape.port = kTraceroutePort;
  }
  std::optional<uint32_t> distance;
  if (echo != nullptr) distance = ReplyDistance(*echo);
  shape.last_ttl = distance ? std::min(*distance + 1, kMaxTtl) : kBlindLastTtl;
  return WalkSpec(address, shape, kWalkTimeout);
}

}  // namespace

bool PathAtlas::Owns(absl::string_view run) { return absl::StartsWith(run, kPrefix); }

google::protobuf::RepeatedPtrField<v1::Observation> PathAtlas::Baseline(const v1::Target& target) {
  return memory_.Recall(target, now());
}

void PathAtlas::OnDiagnosisOver(const v1::Diagnosis& diagnosis, const v1::EvidenceBundle& bundle) {
  if (stopped_) return;
  for (const v1::Observation& observation : bundle.observations()) {
    if (observation.spec().role() != v1::WALK) continue;
    memory_.Keep(bundle.target(), observation, now());
  }
  if (diagnosis.diagnosis().verdict() != v1::Judgement::HEALTHY) return;
  std::set<std::string> through;
  for (const v1::VantageReport& report : diagnosis.vantages()) {
    if (report.state() == v1::VantageReport::OK) through.insert(report.node());
  }
  for (const v1::BundleVantage& vantage : bundle.vantages()) {
    if (through.count(vantage.node()) > 0) Plan(bundle, vantage);
  }
  SchedulePump();
}

void PathAtlas::Plan(const v1::EvidenceBundle& bundle, const v1::BundleVantage& vantage) {
  if (!vantage.capabilities().error_queue()) return;
  for (const auto& [family, address] : AnsweringAddresses(bundle, vantage.node())) {
    if (planned_.size() >= kMaxPlannedWalks) return;
    if (!memory_.Due(bundle.target(), vantage.node(), family, now())) continue;
    memory_.NoteAsked(bundle.target(), vantage.node(), family, now());
    planned_.push_back(PlannedWalk{bundle.target(), vantage.node(),
                                   WalkTo(bundle, vantage.node(), address), family, now()});
  }
}

void PathAtlas::SchedulePump() {
  if (timer_ != 0 || planned_.empty()) return;
  timer_ = host_.loop().ScheduleAfter(kWalkPace, [this] {
    timer_ = 0;
    Pump();
  });
}

void PathAtlas::Pump() {
  DropStale();
  SendNext();
  SchedulePump();
}

// What was planned long ago says nothing of a target that may have failed since; what was sent long
// ago will not be answered.
void PathAtlas::DropStale() {
  while (!planned_.empty() && now() - planned_.front().since > kBackgroundWalkPatience) {
    GiveUp(planned_.front());
    planned_.pop_front();
  }
  for (auto sent = sent_.begin(); sent != sent_.end();) {
    const bool overdue = now() - sent->second.since > kBackgroundWalkPatience;
    sent = overdue ? sent_.erase(sent) : std::next(sent);
  }
  for (auto last = last_sent_.begin(); last != last_sent_.end();) {
    last = now() - last->second >= kWalkGapPerNode ? last_sent_.erase(last) : std::next(last);
  }
}

// The first whose vantage has not walked for a while: routers ration their errors for each vantage.
void PathAtlas::SendNext() {
  if (sent_.size() >= kMaxBackgroundWalks) return;
  const auto next = std::find_if(planned_.begin(), planned_.end(), [this](const PlannedWalk& walk) {
    return last_sent_.count(walk.node) == 0;
  });
  if (next == planned_.end()) return;
  PlannedWalk walk = std::move(*next);
  planned_.erase(next);
  Send(std::move(walk));
}

void PathAtlas::Send(PlannedWalk walk) {
  v1::RunProbe command;
  command.set_command_id(NewUuidV7(host_.random(), host_.loop().clock().Wall()));
  *command.mutable_spec() = walk.spec;
  *command.mutable_time_to_live() = ToProto(kBackgroundTimeToLive);
  const std::string id = command.command_id();
  if (!host_.RunCommand(walk.node, absl::StrCat(kPrefix, id), std::move(command))) {
    return GiveUp(walk);
  }
  walk.since = last_sent_[walk.node] = now();
  sent_[id] = std::move(walk);
}

void PathAtlas::GiveUp(const PlannedWalk& walk) {
  memory_.NoteNotWalked(walk.target, walk.node, walk.family);
}

void PathAtlas::OnObservation(const v1::Observation& observation) {
  const auto found = sent_.find(observation.command_id());
  if (found == sent_.end() || found->second.node != observation.node()) return;
  if (AnswersProbe(found->second.spec, observation)) {
    memory_.Keep(found->second.target, observation, now());
  }
  sent_.erase(found);
}

void PathAtlas::OnCommandLost(const std::string& node, const std::string& command_id) {
  const auto found = sent_.find(command_id);
  if (found == sent_.end() || found->second.node != node) return;
  GiveUp(found->second);
  sent_.erase(found);
}

void PathAtlas::OnNodeGone(const std::string& node) {
  for (auto sent = sent_.begin(); sent != sent_.end();) {
    const bool gone = sent->second.node == node;
    if (gone) GiveUp(sent->second);
    sent = gone ? sent_.erase(sent) : std::next(sent);
  }
  for (auto walk = planned_.begin(); walk != planned_.end();) {
    const bool gone = walk->node == node;
    if (gone) GiveUp(*walk);
    walk = gone ? planned_.erase(walk) : std::next(walk);
  }
}

void PathAtlas::Stop() {
  stopped_ = true;
  if (timer_ != 0) host_.loop().CancelTimer(timer_);
  timer_ = 0;
  planned_.clear();
  sent_.clear();
}

}  // namespace probemesh::coordinator
