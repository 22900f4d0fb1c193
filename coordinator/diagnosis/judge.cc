#include "coordinator/diagnosis/judge.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coordinator/diagnosis/ceilings.h"
#include "coordinator/diagnosis/conclusion.h"
#include "coordinator/diagnosis/explanation.h"
#include "coordinator/diagnosis/narrative.h"
#include "coordinator/diagnosis/words.h"

namespace probemesh::coordinator {
namespace {

constexpr int64_t kWorthMentioning = 50'000;
constexpr int kMaxAlternatives = 8;

void FillMass(const Conclusion& conclusion, v1::Judgement* judgement) {
  int64_t known = 0;
  auto& masses = *judgement->mutable_fault_domain_mass();
  for (const auto& [domain, mass] : conclusion.domain_mass) {
    if (domain != v1::Judgement::UNKNOWN) known += mass / 1000;
    if (mass >= 1000 && domain != v1::Judgement::UNKNOWN) masses[DomainName(domain)] = Shown(mass);
  }
  if (known < 1000) masses[DomainName(v1::Judgement::UNKNOWN)] = Shown((1000 - known) * 1000);
}

bool IsTwin(const CauseEntry& entry, Cause cause) {
  return std::any_of(entry.twins.begin(), entry.twins.end(),
                     [&](const Twin& twin) { return twin.cause == cause; });
}

void FillAmbiguity(const Conclusion& conclusion, v1::Judgement* judgement) {
  const CauseEntry& winner = EntryOf(conclusion.cause);
  std::vector<std::pair<Cause, int64_t>> others;
  for (const auto& [cause, mass] : conclusion.cause_mass) {
    const bool shown = mass >= kWorthMentioning || IsTwin(winner, cause);
    if (cause != conclusion.cause && cause != Cause::kHealthy && shown)
      others.emplace_back(cause, mass);
  }
  std::stable_sort(others.begin(), others.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [cause, mass] : others) {
    if (judgement->ambiguity_size() >= kMaxAlternatives) return;
    v1::Alternative& alternative = *judgement->add_ambiguity();
    alternative.set_cause(std::string(EntryOf(cause).id));
    alternative.set_verdict(EntryOf(cause).verdict);
    alternative.set_probability(Shown(mass));
  }
}

void FillScope(const Conclusion& conclusion, const EvidenceView& view, v1::Judgement* judgement) {
  v1::Scope& scope = *judgement->mutable_scope();
  std::set<std::string> groups;
  int tried = 0;
  int failed = 0;
  for (const VantageEvidence& seen : view.vantages) {
    if (conclusion.affected.count(seen.node) == 0) continue;
    scope.add_vantages(seen.node);
    groups.insert(seen.group);
    tried += seen.connect.total();
    const auto ok = seen.service.find(ServiceResult::kOk);
    const bool works = ok != seen.service.end();
    failed += works ? seen.connect.silent + seen.connect.reset + seen.connect.error
                    : seen.connect.total();
  }
  for (const std::string& group : groups) scope.add_groups(group);
  if (view.port != 0) scope.add_ports(view.port);
  for (const v1::AddressFamily family : view.families) scope.add_families(family);
  if (tried > 0) scope.set_flow_fraction(Shown(int64_t{1000} * failed / tried * 1000));
}

void AddSecondary(Cause cause, const std::string& summary, const std::vector<std::string>& vantages,
                  v1::Judgement* judgement) {
  if (vantages.empty()) return;
  v1::SecondaryFault& fault = *judgement->add_secondary();
  fault.set_verdict(EntryOf(cause).verdict);
  fault.set_fault_domain(EntryOf(cause).domain);
  fault.set_cause(std::string(EntryOf(cause).id));
  std::vector<std::string> names;
  for (const std::string& node : vantages) {
    fault.add_vantages(node);
    names.push_back(ShortName(node));
  }
  fault.set_summary(absl::StrCat(Listed(names), ": ", summary));
}

void FillSecondary(const Conclusion& conclusion, const Gate& gate, v1::Judgement* judgement) {
  if (conclusion.best != nullptr && conclusion.best->secondary != nullptr) {
    std::vector<std::string> seen_by;
    for (size_t i = 0; i < conclusion.scene.size(); ++i) {
      const bool acts = conclusion.best->ActingOn(i) == conclusion.best->secondary;
      if (acts && conclusion.scene.failing[i]) seen_by.push_back(conclusion.scene.evidence(i).node);
    }
    const Cause cause = conclusion.best->secondary->cause;
    AddSecondary(cause, std::string(EntryOf(cause).description), seen_by, judgement);
  }
  std::vector<std::string> broken;
  std::vector<std::string> muted;
  for (const GatedVantage& vantage : gate.vantages) {
    if (vantage.name_muted) muted.push_back(vantage.evidence->node);
    if (vantage.vantage_fault && !vantage.name_muted) broken.push_back(vantage.evidence->node);
  }
  if (judgement->verdict() != v1::Judgement::VANTAGE_FAULT) {
    AddSecondary(Cause::kVantageFault, "not fit to testify", broken, judgement);
  }
  for (const std::string& node : muted) {
    for (const GatedVantage& vantage : gate.vantages) {
      if (vantage.evidence->node != node) continue;
      AddSecondary(CauseOf(vantage.evidence->name),
                   absl::StrCat("there the name ", Fate(vantage.evidence->name)), {node},
                   judgement);
    }
  }
}

}  // namespace

double Shown(int64_t per_million) { return static_cast<double>(per_million / 1000) / 1000; }

v1::Judgement Judge(const EvidenceView& view, const Gate& gate) {
  const Conclusion conclusion = Conclude(view, gate);
  const CauseEntry& entry = EntryOf(conclusion.cause);
  v1::Judgement judgement;
  judgement.set_verdict(entry.verdict);
  judgement.set_fault_domain(entry.domain);
  judgement.set_cause(std::string(entry.id));
  judgement.set_confidence(Shown(conclusion.confidence));
  judgement.set_confidence_label(LabelOf(conclusion.confidence));
  *judgement.mutable_locus() = conclusion.locus;
  FillScope(conclusion, view, &judgement);
  FillMass(conclusion, &judgement);
  FillAmbiguity(conclusion, &judgement);
  FillSecondary(conclusion, gate, &judgement);
  for (const std::string& wish : WouldResolve(conclusion, view)) judgement.add_would_resolve(wish);
  for (v1::EvidenceItem& item : ExplainEvidence(conclusion, view, gate)) {
    *judgement.add_evidence() = std::move(item);
  }
  for (const absl::string_view step : entry.next_steps) {
    judgement.add_next_steps(std::string(step));
  }
  judgement.set_summary(Summarise(judgement, view, gate));
  return judgement;
}

}  // namespace probemesh::coordinator
