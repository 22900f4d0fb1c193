#include "probe-node/agent/self_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "common/log/log.h"

namespace probemesh::node {
namespace {

v1::ProbeSpec ControlSpec() {
  v1::ProbeSpec spec;
  spec.set_role(v1::CONTROL);
  *spec.mutable_timeout() = ToProto(SelfCheck::kTimeout);
  return spec;
}

std::string Describe(const v1::Observation& observation) {
  const std::string outcome = v1::Outcome_Name(observation.outcome());
  if (observation.detail().empty()) return outcome;
  return absl::StrCat(outcome, ": ", observation.detail());
}

// What a coordinator takes.
constexpr size_t kMaxErrorOctets = 200;

}  // namespace

SelfCheck::SelfCheck(EventLoop& loop, ProbeEngine& engine, const TargetPolicy& policy,
                     std::function<void()> on_done)
    : loop_(loop), engine_(engine), policy_(policy), on_done_(std::move(on_done)), timer_(loop) {}

void SelfCheck::SetControls(const std::vector<std::string>& controls) {
  controls_.clear();
  for (const std::string& text : controls) {
    const auto parsed = HostPort::Parse(text);
    if (!parsed.ok() || parsed->port == 0 || controls_.size() == kMaxControls) {
      LogWarning("control_ignored", {{"control", text}});
      continue;
    }
    Control control;
    control.text = text;
    control.host_port = *parsed;
    const auto literal = IpAddress::Parse(parsed->host);
    if (literal.ok()) control.address = *literal;
    controls_.push_back(std::move(control));
  }
  StartRound();
}

void SelfCheck::StartRound() {
  ++round_;
  pending_ = 0;
  round_start_ = loop_.clock().Wall();
  timer_.Set(kInterval, [this] { StartRound(); });
  for (size_t i = 0; i < controls_.size(); ++i) {
    controls_[i].result.Clear();
    controls_[i].result.set_control(controls_[i].text);
    controls_[i].address ? Examine(i) : Resolve(i, "A");
  }
  FinishRoundIfDone();
}

void SelfCheck::Run(v1::ProbeSpec spec, std::function<void(const v1::Observation&)> then) {
  ++pending_;
  // No command of a coordinator: those are UUIDs.
  const std::string id = absl::StrCat("self-check/", ++last_probe_);
  engine_.Run(id, spec, [this, round = round_, then = std::move(then)](v1::Observation seen) {
    if (round != round_) return;
    --pending_;
    then(seen);
    FinishRoundIfDone();
  });
}

void SelfCheck::Resolve(size_t index, const std::string& type) {
  v1::ProbeSpec spec = ControlSpec();
  spec.mutable_dns()->set_name(controls_[index].host_port.host);
  spec.mutable_dns()->set_type(type);
  Run(std::move(spec), [this, index, type](const v1::Observation& observation) {
    OnResolved(index, type, observation);
  });
}

void SelfCheck::OnResolved(size_t index, const std::string& type,
                           const v1::Observation& observation) {
  for (const std::string& text : observation.dns().addresses()) {
    const auto address = IpAddress::Parse(text);
    if (!address.ok()) continue;
    controls_[index].address = *address;
    return Examine(index);
  }
  if (type == "A") return Resolve(index, "AAAA");
  controls_[index].result.set_error(
      absl::StrCat("its name has no address: ", Describe(observation)).substr(0, kMaxErrorOctets));
}

void SelfCheck::Examine(size_t index) {
  Control& control = controls_[index];
  const absl::Status allowed = policy_.Check(*control.address);
  if (!allowed.ok() && !control.denied) {
    LogWarning("control_not_allowed",
               {{"control", control.text}, {"reason", std::string(allowed.message())}});
  }
  control.denied = !allowed.ok();
  if (control.denied) return;
  v1::ProbeSpec tcp = ControlSpec();
  tcp.set_address(control.address->ToString());
  v1::ProbeSpec echo = tcp;
  tcp.set_port(control.host_port.port);
  tcp.mutable_tcp();
  echo.mutable_icmp()->set_count(1);
  Run(std::move(tcp), [this, index](const v1::Observation& seen) { OnTcp(index, seen); });
  Run(std::move(echo), [this, index](const v1::Observation& seen) { OnEcho(index, seen); });
}

void SelfCheck::OnTcp(size_t index, const v1::Observation& observation) {
  Control& control = controls_[index];
  const bool connected = observation.outcome() == v1::ANSWERED;
  control.result.set_tcp_ok(connected);
  if (connected) return;
  control.result.set_error(
      absl::StrCat("connect: ", Describe(observation)).substr(0, kMaxErrorOctets));
  // The name may point elsewhere by now.
  if (!IpAddress::Parse(control.host_port.host).ok()) control.address.reset();
}

void SelfCheck::OnEcho(size_t index, const v1::Observation& observation) {
  v1::ControlResult& result = controls_[index].result;
  result.set_icmp_known(observation.outcome() != v1::NOT_RUN);
  result.set_icmp_ok(observation.outcome() == v1::ANSWERED);
}

void SelfCheck::FinishRoundIfDone() {
  if (pending_ > 0) return;
  latest_.Clear();
  *latest_.mutable_check_time() = ToProto(round_start_);
  for (const Control& control : controls_) {
    if (!control.denied) *latest_.add_controls() = control.result;
  }
  on_done_();
}

}  // namespace probemesh::node
