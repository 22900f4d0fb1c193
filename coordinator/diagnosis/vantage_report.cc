#include "coordinator/diagnosis/vantage_report.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "coordinator/diagnosis/icmp_meaning.h"
#include "coordinator/diagnosis/words.h"

namespace probemesh::coordinator {
namespace {

std::string WhatFailed(const VantageEvidence& seen) {
  if (seen.connect.reset > 0) return "connections are refused";
  if (seen.connect.answered > 0) return absl::StrCat("the service ", Misdeed(seen.WorstService()));
  if (!seen.errors.empty()) {
    const ErrorSeen& error = seen.errors.front();
    if (error.type == 0) return absl::StrCat("the path goes in circles at ", error.offender);
    return absl::StrCat(error.offender, " says ", DescribeIcmp(error.type, error.code, error.v6));
  }
  return "no answer";
}

std::string ReasonOf(const GatedVantage& vantage) {
  if (!vantage.reason.empty()) return vantage.reason;
  if (vantage.state == v1::VantageReport::FAILED) return WhatFailed(*vantage.evidence);
  if (vantage.name_muted) return "its resolver fails for this name; others resolve it";
  return "";
}

}  // namespace

std::vector<v1::VantageReport> MakeReports(const v1::EvidenceBundle& bundle, const Gate& gate) {
  std::map<std::string, v1::VantageReport*> by_node;
  std::vector<v1::VantageReport> reports;
  reports.reserve(gate.vantages.size());
  for (const GatedVantage& vantage : gate.vantages) {
    v1::VantageReport& report = reports.emplace_back();
    report.set_node(vantage.evidence->node);
    report.set_group(vantage.evidence->group);
    report.set_state(vantage.state);
    report.set_reason(ReasonOf(vantage));
    by_node[report.node()] = &report;
  }
  for (const v1::Observation* observation : CanonicalObservations(bundle)) {
    const auto report = by_node.find(observation->node());
    if (report != by_node.end()) *report->second->add_observations() = *observation;
  }
  return reports;
}

}  // namespace probemesh::coordinator
