#include "coordinator/cli/render/verdict_words.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "coordinator/cli/render/observation_text.h"
#include "coordinator/cli/render/printable.h"

namespace probemesh::cli {
namespace {

constexpr int kMostNames = 12;

std::string AddressWords(const std::string& address, uint32_t asn) {
  std::string words = Printable(address);
  if (asn != 0) absl::StrAppend(&words, " (AS", asn, ")");
  return words;
}

std::string SegmentWords(const v1::Locus& locus) {
  const std::string from = AddressWords(locus.from_address(), locus.from_asn());
  const std::string to = AddressWords(locus.to_address(), locus.to_asn());
  if (!from.empty() && !to.empty()) return absl::StrCat("the segment between ", from, " and ", to);
  if (!from.empty()) return absl::StrCat("the segment behind ", from);
  return to.empty() ? "the segment" : absl::StrCat("the segment before ", to);
}

// `from` is the router that said so, `to` the host itself.
std::string HostWords(const v1::Locus& locus) {
  std::string from = AddressWords(locus.from_address(), locus.from_asn());
  std::string to = AddressWords(locus.to_address(), locus.to_asn());
  if (to.empty()) std::swap(from, to);
  if (to.empty()) return "the host";
  if (from.empty() || from == to) return absl::StrCat("the host ", to);
  return absl::StrCat("the host ", to, " behind ", from);
}

std::string LastHopWords(const v1::Locus& locus) {
  const std::string from = AddressWords(locus.from_address(), locus.from_asn());
  const std::string to = AddressWords(locus.to_address(), locus.to_asn());
  if (from.empty()) return to.empty() ? "the last hop" : absl::StrCat("the last hop before ", to);
  return absl::StrCat("the last hop ", from, to.empty() ? "" : " or behind it, before ", to);
}

std::string SiteWords(const v1::Locus& locus) {
  const std::string from = AddressWords(locus.from_address(), locus.from_asn());
  return from.empty() ? "the target's site"
                      : absl::StrCat("the target's site or before it, behind ", from);
}

std::string RouterWords(const v1::Locus& locus) {
  std::string address = AddressWords(locus.from_address(), locus.from_asn());
  if (address.empty() && locus.addresses_size() > 0) address = Printable(locus.addresses(0));
  return address.empty() ? "the router" : absl::StrCat("the router ", address);
}

bool HasJudgement(const v1::Diagnosis& diagnosis) {
  return diagnosis.diagnosis().verdict() != v1::Judgement::VERDICT_UNSPECIFIED;
}

std::string UnfinishedSentence(const v1::Diagnosis& diagnosis) {
  const absl::string_view how = diagnosis.state() == v1::Diagnosis::CANCELLED ? "was cancelled"
                                : diagnosis.state() == v1::Diagnosis::INTERRUPTED
                                    ? "was interrupted by the coordinator's stop"
                                    : "has not finished";
  if (!HasJudgement(diagnosis)) {
    return absl::StrCat("The diagnosis ", how,
                        ": fault domain UNKNOWN, no particular place, no confidence.");
  }
  const v1::Judgement& judgement = diagnosis.diagnosis();
  return absl::StrCat("The diagnosis ", how, "; so far: fault domain ",
                      v1::Judgement::FaultDomain_Name(judgement.fault_domain()), " (",
                      v1::Judgement::Verdict_Name(judgement.verdict()), "), at ",
                      PlaceWords(judgement.locus()), ", confidence ", ConfidenceWords(judgement),
                      ".");
}

}  // namespace

std::string PlaceWords(const v1::Locus& locus) {
  switch (locus.kind()) {
    case v1::Locus::HOST:
      return HostWords(locus);
    case v1::Locus::LAST_HOP:
      return LastHopWords(locus);
    case v1::Locus::SEGMENT:
      return SegmentWords(locus);
    case v1::Locus::ROUTER:
      return RouterWords(locus);
    case v1::Locus::SITE:
      return SiteWords(locus);
    case v1::Locus::VANTAGE:
      return "the vantages' own network";
    case v1::Locus::NAME:
      return "the name and its servers";
    default:
      return "no particular place";
  }
}

std::string DirectionWords(const v1::Locus& locus) {
  switch (locus.direction()) {
    case v1::Locus::FORWARD:
      return "towards the target";
    case v1::Locus::REVERSE:
      return "on the way back";
    case v1::Locus::EITHER:
      return locus.kind() == v1::Locus::SEGMENT ? "in either direction" : "";
    default:
      return "";
  }
}

std::string NamesWords(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    if (shown.size() == kMostNames) break;
    shown.push_back(Printable(ShortName(name)));
  }
  std::string words = absl::StrJoin(shown, ", ");
  if (names.size() > kMostNames)
    absl::StrAppend(&words, " and ", names.size() - kMostNames, " more");
  return words;
}

std::string ScopeWords(const v1::Scope& scope) {
  std::vector<std::string> parts;
  if (scope.vantages_size() > 0) {
    parts.push_back(absl::StrCat(scope.vantages_size(),
                                 scope.vantages_size() == 1 ? " vantage (" : " vantages (",
                                 NamesWords(scope.vantages()), ")"));
  }
  if (scope.groups_size() > 0) {
    parts.push_back(
        absl::StrCat(scope.groups_size() == 1 ? "group " : "groups ", NamesWords(scope.groups())));
  }
  std::vector<std::string> families;
  for (const int family : scope.families()) {
    if (family == v1::IPV4) families.emplace_back("IPv4");
    if (family == v1::IPV6) families.emplace_back("IPv6");
  }
  if (!families.empty()) parts.push_back(absl::StrJoin(families, " and "));
  if (scope.ports_size() > 0) {
    parts.push_back(absl::StrCat(scope.ports_size() == 1 ? "port " : "ports ",
                                 absl::StrJoin(scope.ports(), ", ")));
  }
  if (scope.flow_fraction() > 0) {
    parts.push_back(absl::StrFormat("%.0f%% of the flows", 100 * scope.flow_fraction()));
  }
  return absl::StrJoin(parts, "; ");
}

std::string ConfidenceWords(const v1::Judgement& judgement) {
  const std::string label =
      judgement.confidence_label() == v1::Judgement::CONFIDENCE_LABEL_UNSPECIFIED
          ? "UNKNOWN"
          : v1::Judgement::ConfidenceLabel_Name(judgement.confidence_label());
  return absl::StrFormat("%s (%.2f)", label, judgement.confidence());
}

std::string MassWords(const v1::Judgement& judgement) {
  std::vector<std::pair<std::string, double>> masses(judgement.fault_domain_mass().begin(),
                                                     judgement.fault_domain_mass().end());
  std::sort(masses.begin(), masses.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  std::vector<std::string> parts;
  for (const auto& [domain, mass] : masses) {
    if (mass < 0.005) continue;
    parts.push_back(absl::StrFormat("%s %.2f", Printable(domain), mass));
  }
  return absl::StrJoin(parts, ", ");
}

std::string AlternativeWords(const v1::Alternative& alternative) {
  return absl::StrFormat("%s (%s), %.2f", v1::Judgement::Verdict_Name(alternative.verdict()),
                         Printable(alternative.cause()), alternative.probability());
}

std::string FinalSentence(const v1::Diagnosis& diagnosis) {
  const v1::Judgement& judgement = diagnosis.diagnosis();
  if (diagnosis.state() != v1::Diagnosis::DONE || !HasJudgement(diagnosis)) {
    return UnfinishedSentence(diagnosis);
  }
  const std::string verdict = v1::Judgement::Verdict_Name(judgement.verdict());
  const std::string confidence = ConfidenceWords(judgement);
  if (judgement.verdict() == v1::Judgement::HEALTHY) {
    return absl::StrCat(
        "There is no fault (fault domain NONE, HEALTHY) at any place that was looked at, with "
        "confidence ",
        confidence, ".");
  }
  if (judgement.fault_domain() == v1::Judgement::UNKNOWN ||
      judgement.fault_domain() == v1::Judgement::FAULT_DOMAIN_UNSPECIFIED) {
    return absl::StrCat("The fault domain is UNKNOWN (", verdict, "), at ",
                        PlaceWords(judgement.locus()), ", with confidence ", confidence, ".");
  }
  const std::string direction = DirectionWords(judgement.locus());
  return absl::StrCat(
      "The fault is in the ", v1::Judgement::FaultDomain_Name(judgement.fault_domain()),
      " domain (", verdict, "), at ", PlaceWords(judgement.locus()), direction.empty() ? "" : " ",
      direction, ", with confidence ", confidence, ".");
}

}  // namespace probemesh::cli
