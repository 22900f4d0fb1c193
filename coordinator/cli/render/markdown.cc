#include "coordinator/cli/render/markdown.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "common/base/proto_time.h"
#include "coordinator/cli/render/printable.h"
#include "coordinator/cli/render/table.h"
#include "coordinator/cli/render/vantage_row.h"
#include "coordinator/cli/render/verdict_block.h"
#include "coordinator/cli/render/verdict_words.h"

namespace probemesh::cli {
namespace {

void AddFact(absl::string_view name, absl::string_view value, std::string& text) {
  if (value.empty()) return;
  absl::StrAppend(&text, "| ", name, " | ", EscapeMarkdown(value), " |\n");
}

std::string StartWords(const v1::Diagnosis& diagnosis) {
  std::string words = absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", FromProto(diagnosis.create_time()),
                                       absl::UTCTimeZone());
  if (diagnosis.has_elapsed()) {
    absl::StrAppendFormat(&words, ", took %.1f s",
                          absl::ToDoubleSeconds(FromProto(diagnosis.elapsed())));
  }
  return words;
}

void AddFacts(const v1::Diagnosis& diagnosis, std::string& text) {
  const v1::Judgement& judgement = diagnosis.diagnosis();
  absl::StrAppend(&text, "| | |\n|---|---|\n");
  AddFact("Target", diagnosis.target(), text);
  AddFact("Verdict", v1::Judgement::Verdict_Name(judgement.verdict()), text);
  AddFact("Fault domain", v1::Judgement::FaultDomain_Name(judgement.fault_domain()), text);
  AddFact("Cause", judgement.cause(), text);
  AddFact("Confidence", ConfidenceWords(judgement), text);
  AddFact("Where", PlaceWords(judgement.locus()), text);
  AddFact("Direction", DirectionWords(judgement.locus()), text);
  if (judgement.locus().addresses_size() > 1) {
    AddFact("One of", NamesWords(judgement.locus().addresses()), text);
  }
  AddFact("Who sees it", ScopeWords(judgement.scope()), text);
  AddFact("Fault domains", MassWords(judgement), text);
  AddFact("Started", StartWords(diagnosis), text);
  AddFact("Diagnosis", diagnosis.name(), text);
  AddFact("Rules", judgement.ruleset_version(), text);
  AddFact("Evidence", judgement.evidence_digest(), text);
}

void AddVantages(const v1::Diagnosis& diagnosis, std::string& text) {
  if (diagnosis.vantages_size() == 0) return;
  absl::StrAppend(&text, "\n### What each vantage saw\n\n|");
  const std::vector<Column> columns = VantageColumns(diagnosis);
  for (const Column& column : columns) absl::StrAppend(&text, " ", column.title, " |");
  absl::StrAppend(&text, "\n|");
  for (size_t i = 0; i < columns.size(); ++i) absl::StrAppend(&text, "---|");
  absl::StrAppend(&text, "\n");
  for (const auto& row : VantageRows(diagnosis)) {
    absl::StrAppend(&text, "|");
    for (const Cell& cell : row) absl::StrAppend(&text, " ", EscapeMarkdown(cell.text), " |");
    absl::StrAppend(&text, "\n");
  }
}

void AddEvidence(const v1::Judgement& judgement, std::string& text) {
  const auto sorted = SortedEvidence(judgement);
  if (sorted.empty()) return;
  absl::StrAppend(&text, "\n### Evidence\n\n");
  for (const v1::EvidenceItem* item : sorted) {
    absl::StrAppend(&text,
                    item->weight() < 0 ? "- against: " : "- for: ", EscapeMarkdown(item->text()));
    if (item->vantages_size() > 0) {
      absl::StrAppend(&text, " (", EscapeMarkdown(NamesWords(item->vantages())), ")");
    }
    absl::StrAppendFormat(&text, ", weight %+.1f\n", item->weight());
  }
}

void AddList(absl::string_view title, absl::string_view bullet,
             const google::protobuf::RepeatedPtrField<std::string>& items, std::string& text) {
  if (items.empty()) return;
  absl::StrAppend(&text, "\n### ", title, "\n\n");
  for (const std::string& item : items) {
    absl::StrAppend(&text, bullet, " ", EscapeMarkdown(item), "\n");
  }
}

void AddAlternatives(const v1::Judgement& judgement, std::string& text) {
  if (judgement.ambiguity_size() == 0) return;
  absl::StrAppend(&text, "\n### Cannot be told apart from\n\n");
  for (const v1::Alternative& alternative : judgement.ambiguity()) {
    absl::StrAppend(&text, "- ", EscapeMarkdown(AlternativeWords(alternative)), "\n");
  }
}

void AddSecondary(const v1::Judgement& judgement, std::string& text) {
  if (judgement.secondary_size() == 0) return;
  absl::StrAppend(&text, "\n### Besides\n\n");
  for (const v1::SecondaryFault& fault : judgement.secondary()) {
    absl::StrAppend(&text, "- ", v1::Judgement::Verdict_Name(fault.verdict()), ": ",
                    EscapeMarkdown(fault.summary()), "\n");
  }
}

}  // namespace

std::string EscapeMarkdown(absl::string_view text) {
  constexpr absl::string_view kMarkup = "\\`*[]<>|~&#";
  const std::string plain = Printable(text);
  const auto is_word = [&plain](size_t i) {
    return i < plain.size() && absl::ascii_isalnum(static_cast<unsigned char>(plain[i]));
  };
  std::string escaped;
  for (size_t i = 0; i < plain.size(); ++i) {
    // Inside of words an underscore is just that (GitHub-flavoured Markdown 6.2).
    const bool emphasis = plain[i] == '_' && !(i > 0 && is_word(i - 1) && is_word(i + 1));
    if (emphasis || kMarkup.find(plain[i]) != absl::string_view::npos) escaped += '\\';
    escaped += plain[i];
  }
  return escaped;
}

std::string RenderMarkdown(const v1::Diagnosis& diagnosis) {
  const v1::Judgement& judgement = diagnosis.diagnosis();
  std::string text =
      absl::StrCat("## ", EscapeMarkdown(v1::Judgement::Verdict_Name(judgement.verdict())), ": ",
                   EscapeMarkdown(diagnosis.target()), "\n\n");
  if (!judgement.summary().empty()) {
    absl::StrAppend(&text, EscapeMarkdown(judgement.summary()), "\n\n");
  }
  AddFacts(diagnosis, text);
  AddVantages(diagnosis, text);
  AddEvidence(judgement, text);
  AddAlternatives(judgement, text);
  AddList("Would settle it", "-", judgement.would_resolve(), text);
  AddSecondary(judgement, text);
  AddList("Next steps", "1.", judgement.next_steps(), text);
  absl::StrAppend(&text, "\n", EscapeMarkdown(FinalSentence(diagnosis)), "\n");
  return text;
}

}  // namespace probemesh::cli
