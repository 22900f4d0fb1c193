// Where output goes: a terminal that may be redrawn and coloured, or a pipe that stays plain.
#ifndef PROBEMESH_COORDINATOR_CLI_TERMINAL_H_
#define PROBEMESH_COORDINATOR_CLI_TERMINAL_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coordinator/cli/render/frame.h"
#include "coordinator/cli/render/style.h"

namespace probemesh::cli {

class Terminal {
 public:
  // `plain`: neither colours (https://no-color.org says the same of NO_COLOR) nor redrawing.
  explicit Terminal(bool plain);

  // Whether frames can be redrawn in place.
  bool live() const { return live_; }
  // For the width of now.
  Style style() const;
  size_t height() const;  // rows; 0 when it is not a terminal

  void Print(absl::string_view text);
  void PrintLine(absl::string_view line);
  void PrintLines(const std::vector<std::string>& lines);
  // One line on stderr, with the program's name in front.
  void PrintError(absl::string_view message);

  // Only when live().
  void Redraw(const std::vector<std::string>& lines);
  void ClearFrame();

  // UNAVAILABLE when something could not be written (disk full).
  absl::Status Flush();

 private:
  bool live_;
  bool color_;
  Frame frame_;
};

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_TERMINAL_H_
