// Aligned columns that give way when the terminal is narrow.
#ifndef PROBEMESH_COORDINATOR_CLI_RENDER_TABLE_H_
#define PROBEMESH_COORDINATOR_CLI_RENDER_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "coordinator/cli/render/style.h"

namespace probemesh::cli {

struct Cell {
  std::string text;  // printable
  Color color = Color::kPlain;
};

struct Column {
  std::string title;
  // When the row does not fit, columns go in falling order of this; 0 always stays.
  int dispensable = 0;
  // Never squeezed below this many columns (an id that is cut is worth nothing).
  size_t narrowest = 6;
};

// The heading and one line for each row, none wider than style.width. `rows` have one cell for each
// column.
std::vector<std::string> RenderTable(const std::vector<Column>& columns,
                                     const std::vector<std::vector<Cell>>& rows,
                                     const Style& style);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_RENDER_TABLE_H_
