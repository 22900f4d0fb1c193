#include "coordinator/cli/render/live_view.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "coordinator/cli/render/printable.h"
#include "coordinator/cli/render/table.h"
#include "coordinator/cli/render/vantage_row.h"
#include "coordinator/cli/render/verdict_words.h"

namespace probemesh::cli {
namespace {

// More than the 500 vantages that a coordinator would ever use.
constexpr int kMostVantages = 1000;

std::string Status(const v1::Diagnosis& diagnosis, absl::Duration elapsed, unsigned frame) {
  constexpr absl::string_view kSpinner = "|/-\\";
  return absl::StrFormat("%c %.1f s  %s", kSpinner[frame % kSpinner.size()],
                         absl::ToDoubleSeconds(elapsed), Printable(diagnosis.target()));
}

std::string SoFar(const v1::Diagnosis& diagnosis) {
  const v1::Judgement& judgement = diagnosis.diagnosis();
  if (judgement.verdict() == v1::Judgement::VERDICT_UNSPECIFIED) return "no verdict yet";
  return absl::StrCat("so far: ", v1::Judgement::Verdict_Name(judgement.verdict()), ", ",
                      ConfidenceWords(judgement));
}

}  // namespace

v1::VantageReport& LiveView::VantageNamed(const std::string& node) {
  for (v1::VantageReport& report : *diagnosis_.mutable_vantages()) {
    if (report.node() == node) return report;
  }
  if (diagnosis_.vantages_size() >= kMostVantages) {
    return *diagnosis_.mutable_vantages(kMostVantages - 1);
  }
  v1::VantageReport& report = *diagnosis_.add_vantages();
  report.set_node(node);
  return report;
}

void LiveView::Apply(const v1::DiagnosisEvent& event) {
  switch (event.event_case()) {
    case v1::DiagnosisEvent::kAccepted:
      diagnosis_ = event.accepted();
      break;
    case v1::DiagnosisEvent::kObservation:
      *VantageNamed(event.observation().node()).add_observations() = event.observation();
      break;
    case v1::DiagnosisEvent::kVantageChanged: {
      const v1::VantageReport& changed = event.vantage_changed();
      v1::VantageReport& report = VantageNamed(changed.node());
      report.set_state(changed.state());
      report.set_reason(changed.reason());
      if (!changed.group().empty()) report.set_group(changed.group());
      break;
    }
    case v1::DiagnosisEvent::kProvisional:
      *diagnosis_.mutable_diagnosis() = event.provisional();
      break;
    case v1::DiagnosisEvent::kDone:
      diagnosis_ = event.done();
      done_ = true;
      break;
    case v1::DiagnosisEvent::EVENT_NOT_SET:  // of a newer coordinator
      break;
  }
}

std::vector<std::string> LiveView::Render(absl::Duration elapsed, unsigned frame, size_t height,
                                          const Style& style) const {
  std::vector<std::string> lines = {Status(diagnosis_, elapsed, frame)};
  if (style.width > 0) lines[0] = Truncate(lines[0], style.width);
  if (diagnosis_.vantages_size() > 0) {
    for (std::string& line :
         RenderTable(VantageColumns(diagnosis_), VantageRows(diagnosis_), style)) {
      lines.push_back(std::move(line));
    }
  }
  constexpr size_t kFooter = 1;
  if (height > 2 * kFooter + 2 && lines.size() + kFooter > height) {
    const size_t hidden = lines.size() + kFooter + 1 - height;
    lines.resize(lines.size() - hidden);
    const std::string more = absl::StrCat("... and ", hidden, " more");
    lines.push_back(style.width > 0 ? Truncate(more, style.width) : more);
  }
  const std::string footer =
      absl::StrCat(SoFar(diagnosis_), cancelling_ ? "; cancelling, again to leave at once" : "");
  lines.push_back(
      style.Paint(Color::kDim, style.width > 0 ? Truncate(footer, style.width) : footer));
  if (height > 0 && lines.size() > height) lines.resize(height);
  return lines;
}

}  // namespace probemesh::cli
