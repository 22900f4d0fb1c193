#include "coordinator/diagnosis/family_verdict.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/diagnosis/cause_catalogue.h"
#include "coordinator/diagnosis/ceilings.h"
#include "coordinator/diagnosis/judge.h"
#include "coordinator/diagnosis/narrative.h"
#include "coordinator/diagnosis/scene.h"

namespace probemesh::coordinator {
namespace {

using J = v1::Judgement;

struct FamilyVerdict {
  v1::AddressFamily family = v1::ADDRESS_FAMILY_UNSPECIFIED;
  EvidenceView view;
  Gate gate;
  J judgement;
  bool any_fails = false;
  bool all_fail = false;
  bool believable = false;  // that it fails for a reason beyond the vantages themselves
};

// Broken IPv6 at a vantage is common, and controls of that family are rare. A failure counts when a
// vantage proved its network in this family, or when several networks all fail.
bool Believable(const Scene& scene) {
  SeatSet verified = scene.failing;
  for (size_t i = 0; i < scene.size(); ++i) {
    verified[i] = verified[i] && scene.seats[i]->verified;
  }
  if (scene.WeightOf(verified) > 0) return true;
  return scene.AllFailing() && scene.GroupsOf(scene.Everyone()).size() >= 2;
}

std::vector<FamilyVerdict> JudgeEach(const v1::EvidenceBundle& bundle,
                                     const std::set<v1::AddressFamily>& families) {
  std::vector<FamilyVerdict> verdicts;
  verdicts.reserve(families.size());  // the gate points into the view
  for (const v1::AddressFamily family : families) {
    FamilyVerdict& verdict = verdicts.emplace_back();
    verdict.family = family;
    verdict.view = ViewEvidence(bundle, family);
    verdict.gate = GateVantages(verdict.view);
    const Scene scene = MakeScene(verdict.view, verdict.gate);
    if (scene.size() == 0) {
      verdicts.pop_back();  // nobody fit could try it
      continue;
    }
    verdict.any_fails = scene.AnyFailing();
    verdict.all_fail = scene.AllFailing();
    verdict.believable = Believable(scene);
    verdict.judgement = Judge(verdict.view, verdict.gate);
  }
  return verdicts;
}

const char* FamilyName(v1::AddressFamily family) { return family == v1::IPV6 ? "IPv6" : "IPv4"; }

// `where`: "IPv6 only", "over IPv6".
void AddAsSecondary(const J& other, const std::string& where, J* judgement) {
  v1::SecondaryFault& fault = *judgement->add_secondary();
  fault.set_verdict(other.verdict());
  fault.set_fault_domain(other.fault_domain());
  fault.set_cause(other.cause());
  fault.set_summary(absl::StrCat(where, ": ", other.summary()));
  *fault.mutable_vantages() = other.scope().vantages();
}

template <typename Field>
void Union(const Field& from, Field* to) {
  for (const auto& value : from) {
    if (std::find(to->begin(), to->end(), value) == to->end()) *to->Add() = value;
  }
}

using Evidence = google::protobuf::RepeatedPtrField<v1::EvidenceItem>;

// Names are the same in both families.
void NameFamily(v1::AddressFamily family, v1::EvidenceItem* item) {
  if (item->rule() == "name_fails") return;
  item->set_text(absl::StrCat(item->text(), " (", FamilyName(family), ")"));
}

void NameFamily(v1::AddressFamily family, Evidence* evidence) {
  for (v1::EvidenceItem& item : *evidence) NameFamily(family, &item);
}

// What both families saw is said once, the rest with the name of its family.
void MergeEvidence(const FamilyVerdict& main, const FamilyVerdict& other, Evidence* evidence) {
  Evidence rest = other.judgement.evidence();
  for (v1::EvidenceItem& item : *evidence) {
    const auto same = std::find_if(rest.begin(), rest.end(), [&](const v1::EvidenceItem& twin) {
      return twin.rule() == item.rule() && twin.text() == item.text();
    });
    if (same == rest.end()) {
      NameFamily(main.family, &item);
      continue;
    }
    Union(same->command_ids(), item.mutable_command_ids());
    rest.erase(same);
  }
  for (v1::EvidenceItem& item : rest) {
    NameFamily(other.family, &item);
    *evidence->Add() = std::move(item);
  }
}

// `good` works; only vantages that may be broken themselves fail in `bad`.
J HealthyButUnsure(const FamilyVerdict& good, const FamilyVerdict& bad) {
  J judgement = good.judgement;
  v1::SecondaryFault& fault = *judgement.add_secondary();
  fault.set_verdict(J::VANTAGE_FAULT);
  fault.set_fault_domain(J::VANTAGE);
  fault.set_cause(std::string(EntryOf(Cause::kVantageFault).id));
  *fault.mutable_vantages() = bad.judgement.scope().vantages();
  fault.set_summary(
      absl::StrCat(FamilyName(bad.family), " fails from vantages that never proved to have it"));
  return judgement;
}

// `good` works; what is wrong with `bad` keeps its place, scope, proof and advice.
J Degraded(const FamilyVerdict& good, const FamilyVerdict& bad) {
  const CauseEntry& entry = EntryOf(Cause::kFamilyFailure);
  J judgement = bad.judgement;
  judgement.set_verdict(entry.verdict);
  judgement.set_cause(std::string(entry.id));
  const bool known = bad.judgement.verdict() != J::INCONCLUSIVE;
  if (known) {
    AddAsSecondary(bad.judgement, absl::StrCat(FamilyName(bad.family), " only"), &judgement);
  }
  NameFamily(bad.family, judgement.mutable_evidence());
  // That one family works and the other does not is seen, not inferred; whose fault it is, is not.
  if (!known) judgement.set_confidence(std::min(good.judgement.confidence(), 0.95));
  judgement.set_confidence_label(LabelOf(static_cast<int64_t>(judgement.confidence() * 1e6 + 0.5)));
  judgement.clear_next_steps();
  for (const absl::string_view step : entry.next_steps) judgement.add_next_steps(std::string(step));
  for (const std::string& step : bad.judgement.next_steps()) judgement.add_next_steps(step);
  judgement.set_summary(absl::StrCat(FamilyName(good.family), " works, ", FamilyName(bad.family),
                                     bad.all_fail ? " does not. " : " does not everywhere. ",
                                     WithSureness(bad.judgement.summary(), judgement)));
  return judgement;
}

void UnionEnums(const v1::Scope& from, v1::Scope* to) {
  for (const int family : from.families()) {
    const auto& known = to->families();
    if (std::find(known.begin(), known.end(), family) == known.end()) {
      to->add_families(static_cast<v1::AddressFamily>(family));
    }
  }
}

J BothFail(const FamilyVerdict& first, const FamilyVerdict& second) {
  const auto weight = [](const FamilyVerdict& verdict) {
    return verdict.judgement.verdict() == J::INCONCLUSIVE ? 0.0 : verdict.judgement.confidence();
  };
  const bool swap = weight(second) > weight(first);
  const FamilyVerdict& main = swap ? second : first;
  const FamilyVerdict& other = swap ? first : second;
  J judgement = main.judgement;
  UnionEnums(other.judgement.scope(), judgement.mutable_scope());  // that one fails as well
  if (other.judgement.verdict() != judgement.verdict()) {
    NameFamily(main.family, judgement.mutable_evidence());
    if (other.judgement.verdict() != J::INCONCLUSIVE) {
      AddAsSecondary(other.judgement, absl::StrCat("over ", FamilyName(other.family)), &judgement);
    }
    return judgement;
  }
  Union(other.judgement.scope().vantages(), judgement.mutable_scope()->mutable_vantages());
  Union(other.judgement.scope().groups(), judgement.mutable_scope()->mutable_groups());
  Union(other.judgement.locus().addresses(), judgement.mutable_locus()->mutable_addresses());
  MergeEvidence(main, other, judgement.mutable_evidence());
  return judgement;
}

}  // namespace

std::optional<J> JudgeByFamily(const v1::EvidenceBundle& bundle,
                               const std::set<v1::AddressFamily>& families) {
  if (families.size() < 2) return std::nullopt;
  const std::vector<FamilyVerdict> verdicts = JudgeEach(bundle, families);
  if (verdicts.size() < 2) {
    if (verdicts.empty()) return std::nullopt;
    return verdicts[0].judgement;
  }
  const FamilyVerdict& first = verdicts[0];
  const FamilyVerdict& second = verdicts[1];
  if (first.judgement.verdict() == J::NAME_FAILURE) return std::nullopt;
  if (!first.any_fails && !second.any_fails) return std::nullopt;
  if (!first.any_fails || !second.any_fails) {
    const FamilyVerdict& good = first.any_fails ? second : first;
    const FamilyVerdict& bad = first.any_fails ? first : second;
    return bad.believable ? Degraded(good, bad) : HealthyButUnsure(good, bad);
  }
  return BothFail(first, second);
}

}  // namespace probemesh::coordinator
