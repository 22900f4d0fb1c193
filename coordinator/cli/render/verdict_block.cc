#include "coordinator/cli/render/verdict_block.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/proto_time.h"
#include "coordinator/cli/render/observation_text.h"
#include "coordinator/cli/render/printable.h"
#include "coordinator/cli/render/table.h"
#include "coordinator/cli/render/vantage_row.h"
#include "coordinator/cli/render/verdict_words.h"

namespace probemesh::cli {
namespace {

constexpr size_t kLabelWidth = 14;

// Collects "Label         text" paragraphs, wrapped beside the label.
class Block {
 public:
  explicit Block(const Style& style) : style_(style) {}

  void Field(absl::string_view label, absl::string_view text) {
    if (text.empty()) return;
    const size_t room = style_.width > kLabelWidth + 20 ? style_.width - kLabelWidth : 0;
    const std::vector<std::string> wrapped = WrapText(text, style_.width == 0 ? 0 : room);
    for (size_t i = 0; i < wrapped.size(); ++i) {
      const std::string padded = Padded(i == 0 ? label : "");
      lines_.push_back(absl::StrCat(style_.Paint(Color::kDim, padded), wrapped[i]));
    }
  }

  void Blank() { lines_.emplace_back(); }
  void Heading(absl::string_view text) { lines_.push_back(style_.Paint(Color::kBold, text)); }

  // "  + text", wrapped with a hanging indent.
  void Item(absl::string_view bullet, absl::string_view text, Color color) {
    const size_t indent = 3 + bullet.size();
    const size_t room = style_.width > indent + 20 ? style_.width - indent : 0;
    const std::vector<std::string> wrapped = WrapText(text, style_.width == 0 ? 0 : room);
    for (size_t i = 0; i < wrapped.size(); ++i) {
      const std::string head =
          i == 0 ? absl::StrCat("  ", style_.Paint(color, bullet), " ") : std::string(indent, ' ');
      lines_.push_back(absl::StrCat(head, wrapped[i]));
    }
  }

  void Line(std::string text) { lines_.push_back(std::move(text)); }
  std::vector<std::string> Take() { return std::move(lines_); }
  const Style& style() const { return style_; }

 private:
  static std::string Padded(absl::string_view label) {
    std::string padded(label);
    padded.resize(std::max(padded.size(), kLabelWidth), ' ');
    return padded;
  }

  Style style_;
  std::vector<std::string> lines_;
};

void AddHeadline(const v1::Judgement& judgement, Block& block) {
  const std::string verdict = v1::Judgement::Verdict_Name(judgement.verdict());
  block.Line(absl::StrCat(block.style().Paint(ColorOf(judgement.verdict()), verdict),
                          "  fault domain ",
                          v1::Judgement::FaultDomain_Name(judgement.fault_domain()),
                          "  confidence ", ConfidenceWords(judgement)));
  for (std::string& line : WrapText(Printable(judgement.summary()), block.style().width)) {
    if (!line.empty()) block.Line(std::move(line));
  }
}

void AddFields(const v1::Judgement& judgement, Block& block) {
  const v1::Locus& locus = judgement.locus();
  const std::string direction = DirectionWords(locus);
  block.Field("Where", absl::StrCat(PlaceWords(locus), direction.empty() ? "" : ", ", direction));
  if (locus.addresses_size() > 1) block.Field("", "one of " + NamesWords(locus.addresses()));
  block.Field("Who sees it", ScopeWords(judgement.scope()));
  block.Field("Cause", Printable(judgement.cause()));
  block.Field("Domains", MassWords(judgement));
}

std::string EvidenceText(const v1::EvidenceItem& item, bool weight) {
  std::string text = Printable(item.text());  // begins with the vantages' names
  if (weight) absl::StrAppendFormat(&text, " (%s, %+.1f)", Printable(item.rule()), item.weight());
  return text;
}

void AddEvidence(const v1::Judgement& judgement, const VerdictBlockOptions& options, Block& block) {
  const auto sorted = SortedEvidence(judgement);
  if (sorted.empty()) return;
  block.Blank();
  block.Heading("Why");
  const size_t shown = std::min(sorted.size(), static_cast<size_t>(options.most_evidence));
  for (size_t i = 0; i < shown; ++i) {
    const bool against = sorted[i]->weight() < 0;
    block.Item(against ? "-" : "+", EvidenceText(*sorted[i], options.weights),
               against ? Color::kRed : Color::kGreen);
  }
  if (shown < sorted.size()) {
    block.Item(" ", absl::StrCat("and ", sorted.size() - shown, " more: probemesh explain"),
               Color::kDim);
  }
}

void AddAmbiguity(const v1::Judgement& judgement, Block& block) {
  if (judgement.ambiguity_size() > 0) {
    block.Blank();
    block.Heading("Cannot be told apart from");
    for (const v1::Alternative& alternative : judgement.ambiguity()) {
      block.Item("?", AlternativeWords(alternative), Color::kYellow);
    }
  }
  if (judgement.would_resolve_size() > 0) {
    block.Blank();
    block.Heading("Would settle it");
    for (const std::string& text : judgement.would_resolve()) {
      block.Item(">", Printable(text), Color::kYellow);
    }
  }
}

void AddSecondary(const v1::Judgement& judgement, Block& block) {
  if (judgement.secondary_size() == 0) return;
  block.Blank();
  block.Heading("Besides");
  for (const v1::SecondaryFault& fault : judgement.secondary()) {
    std::string text = absl::StrCat(v1::Judgement::Verdict_Name(fault.verdict()), " (",
                                    Printable(fault.cause()), "): ", Printable(fault.summary()));
    if (fault.vantages_size() > 0) absl::StrAppend(&text, " [", NamesWords(fault.vantages()), "]");
    block.Item("!", text, Color::kYellow);
  }
}

void AddNextSteps(const v1::Judgement& judgement, Block& block) {
  if (judgement.next_steps_size() == 0) return;
  block.Blank();
  block.Heading("Next steps");
  for (int i = 0; i < judgement.next_steps_size(); ++i) {
    block.Item(absl::StrCat(i + 1, "."), Printable(judgement.next_steps(i)), Color::kPlain);
  }
}

std::string HeadingOf(const v1::Diagnosis& diagnosis) {
  std::string text =
      absl::StrCat(Printable(diagnosis.target()), " from ", diagnosis.vantages_size(),
                   diagnosis.vantages_size() == 1 ? " vantage" : " vantages");
  if (diagnosis.has_elapsed()) {
    absl::StrAppendFormat(&text, ", %.1f s", absl::ToDoubleSeconds(FromProto(diagnosis.elapsed())));
  }
  if (!diagnosis.name().empty()) {
    absl::StrAppend(&text, ", id ", Printable(ShortName(diagnosis.name())));
  }
  return text;
}

}  // namespace

std::vector<const v1::EvidenceItem*> SortedEvidence(const v1::Judgement& judgement) {
  std::vector<const v1::EvidenceItem*> sorted;
  for (const v1::EvidenceItem& item : judgement.evidence()) sorted.push_back(&item);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    const bool for_a = a->weight() >= 0;
    const bool for_b = b->weight() >= 0;
    if (for_a != for_b) return for_a;
    return std::abs(a->weight()) > std::abs(b->weight());
  });
  return sorted;
}

std::vector<std::string> RenderVerdictBlock(const v1::Diagnosis& diagnosis, const Style& style,
                                            const VerdictBlockOptions& options) {
  Block block(style);
  const v1::Judgement& judgement = diagnosis.diagnosis();
  if (judgement.verdict() != v1::Judgement::VERDICT_UNSPECIFIED) {
    AddHeadline(judgement, block);
    block.Blank();
    AddFields(judgement, block);
    AddEvidence(judgement, options, block);
    AddAmbiguity(judgement, block);
    AddSecondary(judgement, block);
    AddNextSteps(judgement, block);
    block.Blank();
  }
  // In a pipe the last line of the output is the whole sentence; a terminal would break it anyway.
  for (std::string& line : WrapText(FinalSentence(diagnosis), style.width)) {
    block.Line(std::move(line));
  }
  return block.Take();
}

std::vector<std::string> RenderDiagnosis(const v1::Diagnosis& diagnosis, const Style& style,
                                         const VerdictBlockOptions& options) {
  std::vector<std::string> lines = WrapText(HeadingOf(diagnosis), style.width);
  lines.emplace_back();
  if (diagnosis.vantages_size() > 0) {
    for (std::string& line :
         RenderTable(VantageColumns(diagnosis), VantageRows(diagnosis), style)) {
      lines.push_back(std::move(line));
    }
    lines.emplace_back();
  }
  for (std::string& line : RenderVerdictBlock(diagnosis, style, options)) {
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace probemesh::cli
