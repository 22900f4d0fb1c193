#include "coordinator/diagnosis/vantage_gate.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"

namespace probemesh::coordinator {
namespace {

bool Answers(const ControlSeen& control) {
  return control.tcp.value_or(false) || control.icmp.value_or(false);
}

bool Failed(const ControlSeen& control) {
  return (control.tcp.has_value() || control.icmp.has_value()) && !Answers(control);
}

struct Audience {
  std::set<std::string> answered;  // groups
  std::set<std::string> failed;
  std::set<std::string> echoed;  // groups whose echo requests it answered
};

std::map<std::string, Audience> AskEveryone(const EvidenceView& view) {
  std::map<std::string, Audience> audiences;
  for (const VantageEvidence& vantage : view.vantages) {
    for (const auto& [address, control] : vantage.controls) {
      Audience& audience = audiences[address];
      if (vantage.lost) continue;
      if (Answers(control)) audience.answered.insert(vantage.group);
      if (Failed(control)) audience.failed.insert(vantage.group);
      if (control.icmp.value_or(false)) audience.echoed.insert(vantage.group);
    }
  }
  return audiences;
}

// A control that fails from several groups, and from many more than it answers, is itself broken.
std::set<std::string> BadControls(const std::map<std::string, Audience>& audiences) {
  std::set<std::string> bad;
  for (const auto& [address, audience] : audiences) {
    if (audience.failed.size() >= 2 && audience.failed.size() > 2 * audience.answered.size()) {
      bad.insert(address);
    }
  }
  return bad;
}

struct ControlCount {
  int asked = 0;
  int answered = 0;
  int tcp_asked = 0;
  int tcp_answered = 0;
  int icmp_asked = 0;  // only of controls that answer other groups' echo requests
  int icmp_answered = 0;
};

ControlCount CountControls(const VantageEvidence& vantage, const std::set<std::string>& dropped,
                           const std::map<std::string, Audience>& audiences) {
  ControlCount count;
  for (const auto& [address, control] : vantage.controls) {
    if (dropped.count(address) > 0) continue;
    if (Answers(control) || Failed(control)) ++count.asked;
    if (Answers(control)) ++count.answered;
    if (control.tcp.has_value()) ++count.tcp_asked;
    if (control.tcp.value_or(false)) ++count.tcp_answered;
    if (!control.icmp.has_value() || audiences.at(address).echoed.empty()) continue;
    ++count.icmp_asked;
    if (*control.icmp) ++count.icmp_answered;
  }
  return count;
}

void Discard(absl::string_view reason, GatedVantage* vantage) {
  vantage->state = v1::VantageReport::DISCARDED;
  vantage->reason = std::string(reason);
  vantage->trusted = false;
  vantage->vantage_fault = true;
}

// True when the vantage never took part; its evidence, if any, is left out.
bool Absent(const VantageEvidence& evidence, GatedVantage* vantage) {
  if (evidence.lost) {
    vantage->state = v1::VantageReport::LOST;
    vantage->reason =
        evidence.reason.empty() ? "the node went away during the diagnosis" : evidence.reason;
    return true;
  }
  const bool nothing_ran =
      evidence.observations > 0 && evidence.refused_to_run == evidence.observations;
  if (!evidence.not_run && !nothing_ran) return false;
  vantage->state = v1::VantageReport::NOT_RUN;
  vantage->reason = evidence.reason;
  if (vantage->reason.empty()) {
    vantage->reason =
        evidence.not_run_detail.empty()
            ? "the node did not run the probes"
            : absl::StrCat("the node did not run the probes: ", evidence.not_run_detail);
  }
  return true;
}

bool Unfit(const VantageEvidence& evidence, const ControlCount& count, const EvidenceView& view,
           GatedVantage* vantage) {
  const bool answered = evidence.AnythingFromTarget();
  if (count.asked > 0 && count.answered == 0 && !answered) {
    Discard(count.asked == 1
                ? "its only control does not answer either"
                : absl::StrCat("none of its ", count.asked, " controls answers either"),
            vantage);
    return true;
  }
  const bool nothing_left = evidence.connect.total() == 0;
  if (evidence.local_refusals > 0 && nothing_left && !answered) {
    Discard(absl::StrCat("no packet could leave it (",
                         evidence.local_error.empty() ? "local error" : evidence.local_error, ")"),
            vantage);
    return true;
  }
  if (evidence.own_trouble && !evidence.connect.positive()) {
    Discard("its own machine does not let packets for the target out, or cannot find the next hop",
            vantage);
    return true;
  }
  const bool tcp_service = view.scheme != v1::Target::HOST;
  if (tcp_service && count.tcp_asked > 0 && count.tcp_answered == 0 && count.answered > 0 &&
      !evidence.connect.positive()) {
    Discard("TCP does not work from it, not even to the controls", vantage);
    return true;
  }
  if (view.scheme == v1::Target::HOST && vantage->icmp_muted && evidence.service_failed) {
    Discard("echo requests do not work from it, not even to the controls", vantage);
    return true;
  }
  return false;
}

void Settle(const VantageEvidence& evidence, GatedVantage* vantage) {
  vantage->trusted = true;
  if (evidence.service_ok) {
    vantage->state = v1::VantageReport::OK;
  } else if (evidence.service_failed) {
    vantage->state = v1::VantageReport::FAILED;
  } else {
    vantage->reason = "no result yet";
  }
}

bool NameFailed(const VantageEvidence& evidence) {
  return evidence.name != NameResult::kNone && evidence.name != NameResult::kOk;
}

// A name that fails here and resolves for a different group is this resolver's fault.
void GateNames(const EvidenceView& view, Gate* gate) {
  if (!view.named) return;
  for (GatedVantage& vantage : gate->vantages) {
    if (!vantage.trusted || !NameFailed(*vantage.evidence)) continue;
    const bool resolves_elsewhere =
        vantage.evidence->other_resolver == NameResult::kOk ||
        std::any_of(gate->vantages.begin(), gate->vantages.end(), [&](const GatedVantage& other) {
          return other.trusted && other.evidence->name == NameResult::kOk;
        });
    if (!resolves_elsewhere) {
      vantage.state = v1::VantageReport::FAILED;
      vantage.reason = "the name does not resolve";
      continue;
    }
    vantage.name_muted = true;
    if (vantage.state == v1::VantageReport::STATE_UNSPECIFIED) {
      Discard("its resolver does not resolve the name, others do", &vantage);
    }
  }
}

// A certificate refused for its dates at one place only: that place's clock is wrong.
void GateClocks(Gate* gate) {
  std::set<std::string> accepted;
  for (const GatedVantage& vantage : gate->vantages) {
    if (vantage.trusted && vantage.evidence->service_ok) accepted.insert(vantage.evidence->group);
  }
  for (GatedVantage& vantage : gate->vantages) {
    if (!vantage.trusted || !vantage.evidence->certificate_dates_only) continue;
    if (accepted.size() < 2 || accepted.count(vantage.evidence->group) > 0) continue;
    if (vantage.evidence->service_ok) continue;
    Discard("only here the certificate's dates are wrong: check this node's clock", &vantage);
  }
}

}  // namespace

Gate GateVantages(const EvidenceView& view) {
  Gate gate;
  const std::map<std::string, Audience> audiences = AskEveryone(view);
  gate.dropped_controls = BadControls(audiences);
  for (const VantageEvidence& evidence : view.vantages) {
    GatedVantage vantage;
    vantage.evidence = &evidence;
    const ControlCount count = CountControls(evidence, gate.dropped_controls, audiences);
    vantage.verified = count.answered > 0 || evidence.AnythingFromTarget();
    vantage.icmp_muted = count.icmp_asked > 0 && count.icmp_answered == 0 && count.answered > 0;
    gate.controls_known |= count.asked > 0;
    if (!Absent(evidence, &vantage) && !Unfit(evidence, count, view, &vantage)) {
      Settle(evidence, &vantage);
    }
    gate.vantages.push_back(vantage);
  }
  GateNames(view, &gate);
  GateClocks(&gate);
  return gate;
}

}  // namespace probemesh::coordinator
