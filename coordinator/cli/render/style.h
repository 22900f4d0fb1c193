// How output may look: colours or none, and how wide.
#ifndef PROBEMESH_COORDINATOR_CLI_RENDER_STYLE_H_
#define PROBEMESH_COORDINATOR_CLI_RENDER_STYLE_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "probemesh/v1/diagnosis.pb.h"

namespace probemesh::cli {

enum class Color { kPlain, kBold, kDim, kRed, kGreen, kYellow };

struct Style {
  bool color = false;
  size_t width = 0;  // columns; 0 is unlimited, as in a pipe

  // ECMA-48 SGR around the text when colours are on.
  std::string Paint(Color wanted, absl::string_view text) const;
};

Color ColorOf(v1::VantageReport::State state);
Color ColorOf(v1::Judgement::Verdict verdict);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_RENDER_STYLE_H_
