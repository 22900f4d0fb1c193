#include "coordinator/runs/probe_run_run.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "common/log/log.h"
#include "coordinator/planner/answer.h"
#include "coordinator/planner/probe_specs.h"
#include "coordinator/planner/vantage_selection.h"
#include "coordinator/runs/evidence.h"

namespace probemesh::coordinator {
namespace {

constexpr absl::Duration kLookupTimeout = absl::Seconds(3);
constexpr absl::Duration kTimeToLive = absl::Seconds(5);
// For queues, the way to the node and back, and the commit.
constexpr absl::Duration kSlack = absl::Seconds(7);

struct Verdict {
  v1::VantageReport::State state = v1::VantageReport::STATE_UNSPECIFIED;
  std::string reason;
};

// A vantage that could not look has not seen a failure.
Verdict Read(const v1::Observation& observation) {
  switch (observation.outcome()) {
    case v1::ANSWERED:
      return {v1::VantageReport::OK, ""};
    case v1::NOT_RUN:
      return {v1::VantageReport::NOT_RUN, NotRunText(observation.not_run_reason())};
    case v1::CANCELLED:
      return {v1::VantageReport::NOT_RUN, "cancelled"};
    case v1::LOCAL_ERROR:
      return {v1::VantageReport::DISCARDED,
              absl::StrCat("no packet could leave the node (",
                           observation.local_error().errno_name(), ")")};
    default:
      return {v1::VantageReport::FAILED, observation.detail()};
  }
}

Verdict ReadLookup(const v1::Observation& observation) {
  Verdict verdict = Read(observation);
  if (verdict.state != v1::VantageReport::FAILED) return verdict;
  verdict.reason = observation.outcome() == v1::SILENT ? "the resolver does not answer"
                                                       : "the name does not resolve here";
  for (const v1::DnsServerAnswer& server : observation.dns().servers()) {
    if (!server.answered() || server.rcode_name().empty()) continue;
    absl::StrAppend(&verdict.reason, ": ", server.rcode_name());
    break;
  }
  return verdict;
}

}  // namespace

ProbeRunRun::ProbeRunRun(RunHost& host, std::string name, const ProbeRequest& request,
                         const std::vector<v1::Node>& vantages, absl::Time create_time)
    : host_(host), name_(std::move(name)), request_(request) {
  resource_.set_name(name_);
  *resource_.mutable_create_time() = ToProto(create_time);
  resource_.set_state(v1::ProbeRun::RUNNING);
  resource_.set_from(request.from);
  resource_.set_host(request.host);
  *resource_.mutable_spec() = request.spec;
  for (const v1::Node& node : vantages) {
    v1::VantageReport& report = *resource_.add_vantages();
    report.set_node(node.name());
    report.set_group(node.group().empty() ? node.name() : node.group());
    Vantage vantage;
    vantage.capabilities = node.capabilities();
    vantages_.push_back(std::move(vantage));
  }
}

ProbeRunRun::~ProbeRunRun() { host_.loop().CancelTimer(deadline_timer_); }

v1::VantageReport& ProbeRunRun::Report(size_t vantage) {
  return *resource_.mutable_vantages(static_cast<int>(vantage));
}

void ProbeRunRun::Start(Finished finished) {
  finished_ = std::move(finished);
  v1::ProbeRunEvent event;
  *event.mutable_accepted() = resource_;
  events_.Publish(std::move(event));
  const absl::Duration limit =
      FromProto(request_.spec.timeout()) + (request_.is_name ? kLookupTimeout : absl::Duration());
  deadline_timer_ = host_.loop().ScheduleAfter(limit + kSlack, [this] {
    for (size_t v = 0; v < vantages_.size(); ++v) {
      Settle(v, v1::VantageReport::LOST, "the node did not answer in time");
    }
    FinishIfSettled();
  });
  for (size_t v = 0; v < vantages_.size(); ++v) {
    if (request_.is_name) {
      Resolve(v);
    } else {
      Send(v, request_.spec, false);
    }
  }
  FinishIfSettled();
}

void ProbeRunRun::Resolve(size_t v) {
  for (const v1::AddressFamily family : {v1::IPV4, v1::IPV6}) {
    const v1::AddressFamily asked = request_.family;
    if (asked != v1::ADDRESS_FAMILY_UNSPECIFIED && asked != family) continue;
    if (!HasFamily(vantages_[v].capabilities, family)) continue;
    if (Send(v, DnsSpec(v1::SERVICE, request_.host, family, false, kLookupTimeout), true)) {
      ++vantages_[v].lookups;
    }
  }
}

bool ProbeRunRun::Send(size_t v, v1::ProbeSpec spec, bool resolves) {
  if (vantages_[v].settled) return false;
  v1::RunProbe command;
  command.set_command_id(NewUuidV7(host_.random(), host_.loop().clock().Wall()));
  *command.mutable_spec() = spec;
  *command.mutable_time_to_live() = ToProto(kTimeToLive);
  const std::string id = command.command_id();
  if (!host_.RunCommand(Report(v).node(), name_, std::move(command))) {
    Settle(v, v1::VantageReport::NOT_RUN, "the node is not connected or too busy");
    return false;
  }
  commands_[id] = Command{v, std::move(spec), resolves};
  return true;
}

void ProbeRunRun::OnObservation(const v1::Observation& observation) {
  const auto found = commands_.find(observation.command_id());
  if (!running() || found == commands_.end()) return;
  const size_t v = found->second.vantage;
  if (Report(v).node() != observation.node()) return;
  const Command command = std::move(found->second);
  commands_.erase(found);
  if (!AnswersProbe(command.spec, observation)) {
    LogWarning("observation_refused", {{"run", name_}, {"node", observation.node()}});
    Settle(v, v1::VantageReport::DISCARDED, "the node answered something that was not asked");
    return FinishIfSettled();
  }
  *Report(v).add_observations() = observation;
  v1::ProbeRunEvent event;
  *event.mutable_observation() = observation;
  events_.Publish(std::move(event));
  if (command.resolves) {
    OnLookup(v, observation);
  } else {
    OnResult(v, observation);
  }
  FinishIfSettled();
}

void ProbeRunRun::OnLookup(size_t v, const v1::Observation& observation) {
  Vantage& vantage = vantages_[v];
  for (const IpAddress& address : AddressesIn(observation)) vantage.addresses.push_back(address);
  const Verdict verdict = ReadLookup(observation);
  if (verdict.state != v1::VantageReport::OK) {
    vantage.lookup_state = verdict.state;
    vantage.lookup_reason = verdict.reason;
  }
  OnLookupOver(v);
}

// IPv4 first, once both lookups are in: the same choice at every vantage and on every run.
void ProbeRunRun::OnLookupOver(size_t v) {
  Vantage& vantage = vantages_[v];
  if (--vantage.lookups > 0) return;
  if (vantage.addresses.empty()) return Settle(v, vantage.lookup_state, vantage.lookup_reason);
  v1::ProbeSpec spec = request_.spec;
  const auto preferred = std::min_element(
      vantage.addresses.begin(), vantage.addresses.end(),
      [](const IpAddress& a, const IpAddress& b) { return a.is_v4() && !b.is_v4(); });
  spec.set_address(preferred->ToString());
  Send(v, std::move(spec), false);
}

void ProbeRunRun::OnResult(size_t v, const v1::Observation& observation) {
  Verdict verdict = Read(observation);
  Settle(v, verdict.state, std::move(verdict.reason));
}

void ProbeRunRun::Settle(size_t v, v1::VantageReport::State state, std::string reason) {
  if (vantages_[v].settled) return;
  vantages_[v].settled = true;
  v1::VantageReport& report = Report(v);
  report.set_state(state);
  report.set_reason(std::move(reason));
  v1::ProbeRunEvent event;
  v1::VantageReport& changed = *event.mutable_vantage_changed();
  changed.set_node(report.node());
  changed.set_group(report.group());
  changed.set_state(report.state());
  changed.set_reason(report.reason());
  events_.Publish(std::move(event));
}

void ProbeRunRun::OnCommandLost(const std::string& node, const std::string& command_id,
                                const absl::Status& reason) {
  const auto found = commands_.find(command_id);
  if (!running() || found == commands_.end()) return;
  const size_t v = found->second.vantage;
  if (Report(v).node() != node) return;
  const bool resolves = found->second.resolves;
  commands_.erase(found);
  const v1::VantageReport::State state = absl::IsDeadlineExceeded(reason)
                                             ? v1::VantageReport::NOT_RUN  // it was never sent
                                             : v1::VantageReport::LOST;
  if (resolves) {
    vantages_[v].lookup_state = state;
    vantages_[v].lookup_reason = std::string(reason.message());
    OnLookupOver(v);
  } else {
    Settle(v, state, std::string(reason.message()));
  }
  FinishIfSettled();
}

void ProbeRunRun::OnNodeGone(const std::string& node, const absl::Status& reason) {
  if (!running()) return;
  for (size_t v = 0; v < vantages_.size(); ++v) {
    if (Report(v).node() != node) continue;
    ForgetCommandsOf(v);
    Settle(v, v1::VantageReport::LOST,
           reason.message().empty() ? "the node's session ended" : std::string(reason.message()));
  }
  FinishIfSettled();
}

void ProbeRunRun::ForgetCommandsOf(size_t v) {
  for (auto command = commands_.begin(); command != commands_.end();) {
    command = command->second.vantage == v ? commands_.erase(command) : std::next(command);
  }
}

void ProbeRunRun::FinishIfSettled() {
  const bool all = std::all_of(vantages_.begin(), vantages_.end(),
                               [](const Vantage& vantage) { return vantage.settled; });
  if (running() && all) End(v1::ProbeRun::DONE);
}

void ProbeRunRun::Stop(v1::ProbeRun::State state) {
  if (!running()) return;
  const char* reason = state == v1::ProbeRun::CANCELLED ? "cancelled" : "the coordinator stopped";
  for (size_t v = 0; v < vantages_.size(); ++v) Settle(v, v1::VantageReport::NOT_RUN, reason);
  End(state);
}

void ProbeRunRun::End(v1::ProbeRun::State state) {
  host_.loop().CancelTimer(deadline_timer_);
  for (const auto& [id, command] : commands_)
    host_.CancelCommand(Report(command.vantage).node(), id);
  commands_.clear();
  resource_.set_state(state);
  v1::ProbeRunEvent event;
  *event.mutable_done() = resource_;
  events_.Publish(std::move(event));
  events_.End();
  if (finished_) finished_(*this);
}

std::vector<std::string> ProbeRunRun::VantageNodes() const {
  std::vector<std::string> nodes;
  for (const v1::VantageReport& report : resource_.vantages()) nodes.push_back(report.node());
  return nodes;
}

}  // namespace probemesh::coordinator
