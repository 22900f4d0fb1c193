#include "coordinator/cli/render/vantage_row.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/cli/render/observation_text.h"
#include "coordinator/cli/render/printable.h"

namespace probemesh::cli {
namespace {

enum class Layer { kDns, kConnect, kTls, kHttp, kPing, kWalk, kOther };

// Controls, neighbours and contrasts say nothing about the target's own layers.
bool IsAboutTarget(const v1::ProbeSpec& spec) {
  switch (spec.role()) {
    case v1::SERVICE:
    case v1::HOST:
    case v1::WALK:
    case v1::PROBE_ROLE_UNSPECIFIED:
      return true;
    default:
      return false;
  }
}

Layer LayerOf(const v1::ProbeSpec& spec) {
  switch (spec.kind_case()) {
    case v1::ProbeSpec::kDns:
      return Layer::kDns;
    case v1::ProbeSpec::kTcp:
      return Layer::kConnect;
    case v1::ProbeSpec::kTls:
      return Layer::kTls;
    case v1::ProbeSpec::kHttp:
      return Layer::kHttp;
    case v1::ProbeSpec::kIcmp:
      return Layer::kPing;
    case v1::ProbeSpec::kTrace:
      return Layer::kWalk;
    default:
      return Layer::kOther;
  }
}

// A walk has told its story however it ended.
int Rank(const v1::Observation& observation) {
  switch (observation.outcome()) {
    case v1::ANSWERED:
      return 3;
    case v1::NOT_RUN:
    case v1::CANCELLED:
    case v1::OUTCOME_UNSPECIFIED:
      return 0;
    default:
      return 1;
  }
}

// The best look at each destination: an answer beats every failure, a later look an earlier one.
class LayerView {
 public:
  void Add(const v1::Observation& observation) {
    const v1::Observation*& best = best_[KeyOf(observation)];
    if (best == nullptr || Rank(observation) >= Rank(*best)) best = &observation;
  }

  bool empty() const { return best_.empty(); }

  Cell ToCell() const {
    if (best_.empty()) return {"-", Color::kDim};
    const auto better = [](const auto& a, const auto& b) {
      return Rank(*a.second) < Rank(*b.second);
    };
    const v1::Observation& shown = *std::max_element(best_.begin(), best_.end(), better)->second;
    const auto answered = std::count_if(best_.begin(), best_.end(),
                                        [](const auto& entry) { return Rank(*entry.second) == 3; });
    std::string text = OutcomeCell(shown);
    if (answered > 0 && static_cast<size_t>(answered) < best_.size()) {
      absl::StrAppend(&text, " (", answered, " of ", best_.size(), ")");
    }
    return {std::move(text), ColorFor(shown, static_cast<size_t>(answered))};
  }

 private:
  static std::string KeyOf(const v1::Observation& observation) {
    return observation.spec().has_dns() ? "" : ProbedAddress(observation);
  }

  Color ColorFor(const v1::Observation& shown, size_t answered) const {
    if (Rank(shown) == 0) return Color::kDim;
    if (shown.has_trace()) return Color::kPlain;
    if (answered == best_.size()) return Color::kPlain;
    return answered == 0 ? Color::kRed : Color::kYellow;
  }

  std::map<std::string, const v1::Observation*> best_;
};

// A check that never got past the connection has nothing to say about TLS or HTTP.
bool StoppedBelow(const v1::Observation& observation) {
  return observation.failed_stage() == v1::CONNECT || observation.failed_stage() == v1::RESOLVE;
}

std::map<Layer, LayerView> LayersOf(const v1::VantageReport& report) {
  std::map<Layer, LayerView> layers;
  for (const v1::Observation& observation : report.observations()) {
    if (!IsAboutTarget(observation.spec())) continue;
    const Layer layer = LayerOf(observation.spec());
    const bool service = layer == Layer::kTls || layer == Layer::kHttp;
    if (service && StoppedBelow(observation)) continue;
    layers[layer].Add(observation);
  }
  return layers;
}

bool NeedsNote(const v1::VantageReport& report) {
  return report.state() != v1::VantageReport::OK && !report.reason().empty();
}

std::vector<Cell> RowOf(const v1::VantageReport& report, bool with_note) {
  std::map<Layer, LayerView> layers = LayersOf(report);
  const bool http = !layers[Layer::kHttp].empty();
  std::vector<Cell> row = {
      {Printable(ShortName(report.node())), Color::kBold},
      {Printable(report.group()), Color::kPlain},
      {StateWord(report.state()), ColorOf(report.state())},
      layers[Layer::kDns].ToCell(),
      layers[Layer::kConnect].ToCell(),
      layers[http ? Layer::kHttp : Layer::kTls].ToCell(),
      layers[Layer::kPing].ToCell(),
      layers[Layer::kWalk].ToCell(),
  };
  if (with_note) {
    row.push_back({NeedsNote(report) ? Printable(report.reason()) : "", Color::kDim});
  }
  return row;
}

bool AnyNote(const v1::Diagnosis& diagnosis) {
  return std::any_of(diagnosis.vantages().begin(), diagnosis.vantages().end(), NeedsNote);
}

}  // namespace

std::vector<Column> VantageColumns(const v1::Diagnosis& diagnosis) {
  std::vector<Column> columns = {{"VANTAGE", 0}, {"GROUP", 4},    {"STATE", 0}, {"DNS", 3},
                                 {"CONNECT", 0}, {"TLS/HTTP", 0}, {"PING", 1},  {"WALK", 2}};
  if (AnyNote(diagnosis)) columns.push_back({"NOTE", 5});
  return columns;
}

std::vector<std::vector<Cell>> VantageRows(const v1::Diagnosis& diagnosis) {
  const bool with_note = AnyNote(diagnosis);
  std::vector<std::vector<Cell>> rows;
  for (const v1::VantageReport& report : diagnosis.vantages()) {
    rows.push_back(RowOf(report, with_note));
  }
  return rows;
}

std::string StateWord(v1::VantageReport::State state) {
  switch (state) {
    case v1::VantageReport::OK:
      return "ok";
    case v1::VantageReport::FAILED:
      return "FAILED";
    case v1::VantageReport::DISCARDED:
      return "discarded";
    case v1::VantageReport::NOT_RUN:
      return "not run";
    case v1::VantageReport::LOST:
      return "lost";
    default:
      return "...";
  }
}

}  // namespace probemesh::cli
