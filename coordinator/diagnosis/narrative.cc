#include "coordinator/diagnosis/narrative.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "coordinator/diagnosis/ceilings.h"
#include "coordinator/diagnosis/words.h"

namespace probemesh::coordinator {
namespace {

using J = v1::Judgement;

constexpr int64_t kSure = 900'000;
constexpr int64_t kFairlySure = 700'000;

absl::string_view DomainWords(J::FaultDomain domain) {
  switch (domain) {
    case J::NONE:
      return "No fault";
    case J::TARGET:
      return "Target fault";
    case J::POLICY:
      return "Policy (firewall) fault";
    case J::NETWORK:
      return "Network fault";
    case J::NAME:
      return "Name (DNS) fault";
    case J::VANTAGE:
      return "Vantage fault";
    default:
      return "Fault domain unknown";
  }
}

std::string Place(const v1::Locus& locus) {
  const std::string& from = locus.from_address();
  const std::string& to = locus.to_address();
  switch (locus.kind()) {
    case v1::Locus::HOST:
      if (!to.empty()) return absl::StrCat("at ", to);
      return from.empty() ? "" : absl::StrCat("at ", from);
    case v1::Locus::ROUTER:
      return from.empty() ? "" : absl::StrCat("at router ", from);
    case v1::Locus::LAST_HOP:
      if (from.empty()) return to.empty() ? "" : absl::StrCat("at ", to);
      return absl::StrCat("between the last hop ", from, " and ", to);
    case v1::Locus::SEGMENT:
      if (from.empty()) return "on the way";
      return to.empty() ? absl::StrCat("behind ", from)
                        : absl::StrCat("between ", from, " and ", to);
    case v1::Locus::SITE:
      return from.empty() ? "at the target's site"
                          : absl::StrCat("at the target's site or before it, behind ", from);
    default:
      return "";
  }
}

size_t FitVantages(const Gate& gate) {
  return static_cast<size_t>(std::count_if(gate.vantages.begin(), gate.vantages.end(),
                                           [](const GatedVantage& v) { return v.trusted; }));
}

size_t Working(const Gate& gate) {
  return static_cast<size_t>(std::count_if(
      gate.vantages.begin(), gate.vantages.end(),
      [](const GatedVantage& v) { return v.trusted && v.state == v1::VantageReport::OK; }));
}

std::string Subject(const EvidenceView& view) {
  return view.input.empty() ? "the target" : view.input;
}

std::string Witnesses(const J& judgement, const Gate& gate) {
  std::vector<std::string> names;
  for (const std::string& node : judgement.scope().vantages()) names.push_back(ShortName(node));
  if (names.empty()) return "";
  if (judgement.verdict() == J::VANTAGE_FAULT) return absl::StrCat("seen by ", Listed(names));
  const size_t fit = std::max(FitVantages(gate), names.size());
  if (names.size() == fit) return absl::StrCat("seen from ", AllOf(fit, "fit vantage"));
  return absl::StrCat("seen from ", names.size(), " of ", Counted(fit, "fit vantage"), " (",
                      Listed(names), ")");
}

std::string Sureness(const J& judgement) {
  return absl::StrFormat("confidence %s (%.2f)",
                         J::ConfidenceLabel_Name(judgement.confidence_label()),
                         judgement.confidence());
}

}  // namespace

v1::Judgement::ConfidenceLabel LabelOf(int64_t confidence) {
  if (confidence >= kSure) return J::HIGH;
  return confidence >= kFairlySure ? J::MEDIUM : J::LOW;
}

std::string DomainName(J::FaultDomain domain) { return J::FaultDomain_Name(domain); }

std::string Summarise(const J& judgement, const EvidenceView& view, const Gate& gate) {
  std::string description;
  for (const CauseInfo& info : CauseCatalogue()) {
    if (info.id == judgement.cause()) description = std::string(info.description);
  }
  if (judgement.verdict() == J::HEALTHY) {
    const size_t fit = FitVantages(gate);
    const size_t reported = Working(gate);
    const std::string who = reported == fit
                                ? AllOf(fit, "fit vantage")
                                : absl::StrCat(reported, " of ", Counted(fit, "fit vantage"));
    return absl::StrCat("No fault: ", Subject(view), " works from ", who, "; ", Sureness(judgement),
                        ".");
  }
  std::string sentence =
      absl::StrCat(DomainWords(judgement.fault_domain()), ", ", Subject(view), ": ", description);
  for (const std::string& part : {Place(judgement.locus()), Witnesses(judgement, gate)}) {
    if (!part.empty()) absl::StrAppend(&sentence, ", ", part);
  }
  return absl::StrCat(sentence, "; ", Sureness(judgement), ".");
}

std::string WithSureness(const std::string& summary, const J& judgement) {
  return absl::StrCat(summary.substr(0, summary.rfind("; confidence ")), "; ", Sureness(judgement),
                      ".");
}

std::vector<std::string> WouldResolve(const Conclusion& conclusion, const EvidenceView& view) {
  std::vector<std::string> wishes;
  const CauseEntry& entry = EntryOf(conclusion.cause);
  if (entry.twins.empty() && conclusion.confidence >= kSure) return wishes;
  for (const absl::string_view wish : entry.would_resolve) {
    const bool granted = absl::StrContains(wish, "--neighbor") && view.has_neighbors;
    if (!granted) wishes.emplace_back(wish);
  }
  const Scene& scene = conclusion.scene;
  const std::string more = "vantages in at least three different networks";
  const bool few = scene.GroupsOf(scene.Everyone()).size() < 3;
  if (few && std::find(wishes.begin(), wishes.end(), more) == wishes.end()) wishes.push_back(more);
  return wishes;
}

}  // namespace probemesh::coordinator
