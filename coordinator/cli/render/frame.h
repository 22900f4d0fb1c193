// A block of lines redrawn in place with plain ECMA-48 cursor movement.
#ifndef PROBEMESH_COORDINATOR_CLI_RENDER_FRAME_H_
#define PROBEMESH_COORDINATOR_CLI_RENDER_FRAME_H_

#include <cstddef>
#include <string>
#include <vector>

namespace probemesh::cli {

class Frame {
 public:
  // What to write so that `lines` stand where the previous frame stood. `columns` is the width of
  // the terminal now: after it shrank, old lines take more rows than they did.
  std::string Draw(const std::vector<std::string>& lines, size_t columns);

  // What to write so that the frame is gone and the cursor is where it began.
  std::string Clear(size_t columns);

 private:
  size_t Rows(size_t columns) const;

  std::vector<size_t> drawn_;  // widths of the lines that are on the screen
};

// Columns that `line` takes, colours left out.
size_t VisibleWidth(const std::string& line);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_RENDER_FRAME_H_
