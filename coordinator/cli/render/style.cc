#include "coordinator/cli/render/style.h"

#include "absl/strings/str_cat.h"

namespace probemesh::cli {
namespace {

absl::string_view SgrCode(Color color) {
  switch (color) {
    case Color::kPlain:
      return "";
    case Color::kBold:
      return "1";
    case Color::kDim:
      return "2";
    case Color::kRed:
      return "31";
    case Color::kGreen:
      return "32";
    case Color::kYellow:
      return "33";
  }
  return "";
}

}  // namespace

std::string Style::Paint(Color wanted, absl::string_view text) const {
  if (!color || wanted == Color::kPlain || text.empty()) return std::string(text);
  return absl::StrCat("\x1b[", SgrCode(wanted), "m", text, "\x1b[0m");
}

Color ColorOf(v1::VantageReport::State state) {
  switch (state) {
    case v1::VantageReport::OK:
      return Color::kGreen;
    case v1::VantageReport::FAILED:
      return Color::kRed;
    default:
      return Color::kDim;
  }
}

Color ColorOf(v1::Judgement::Verdict verdict) {
  switch (verdict) {
    case v1::Judgement::HEALTHY:
      return Color::kGreen;
    case v1::Judgement::DEGRADED:
    case v1::Judgement::VANTAGE_FAULT:
    case v1::Judgement::INCONCLUSIVE:
    case v1::Judgement::VERDICT_UNSPECIFIED:
      return Color::kYellow;
    default:
      return Color::kRed;
  }
}

}  // namespace probemesh::cli
