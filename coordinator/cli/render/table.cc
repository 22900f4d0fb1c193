#include "coordinator/cli/render/table.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "coordinator/cli/render/printable.h"

namespace probemesh::cli {
namespace {

constexpr size_t kGap = 2;

struct Layout {
  std::vector<size_t> columns;  // indices of those that are shown
  std::vector<size_t> widths;   // of each of them

  size_t Total() const {
    size_t total = columns.empty() ? 0 : kGap * (columns.size() - 1);
    for (const size_t width : widths) total += width;
    return total;
  }
};

size_t NaturalWidth(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                    size_t index) {
  size_t width = DisplayWidth(columns[index].title);
  for (const auto& row : rows) width = std::max(width, DisplayWidth(row[index].text));
  return width;
}

// False when nothing may go any more.
bool DropOne(const std::vector<Column>& columns, Layout& layout) {
  size_t victim = 0;
  for (size_t i = 1; i < layout.columns.size(); ++i) {
    if (columns[layout.columns[i]].dispensable > columns[layout.columns[victim]].dispensable) {
      victim = i;
    }
  }
  if (layout.columns.empty() || columns[layout.columns[victim]].dispensable == 0) return false;
  layout.columns.erase(layout.columns.begin() + static_cast<std::ptrdiff_t>(victim));
  layout.widths.erase(layout.widths.begin() + static_cast<std::ptrdiff_t>(victim));
  return true;
}

bool SqueezeWidest(const std::vector<Column>& columns, Layout& layout) {
  size_t* widest = nullptr;
  for (size_t i = 0; i < layout.widths.size(); ++i) {
    size_t& width = layout.widths[i];
    if (width <= columns[layout.columns[i]].narrowest) continue;
    if (widest == nullptr || width > *widest) widest = &width;
  }
  if (widest == nullptr) return false;
  --*widest;
  return true;
}

Layout Fit(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
           size_t width) {
  Layout layout;
  for (size_t i = 0; i < columns.size(); ++i) {
    layout.columns.push_back(i);
    layout.widths.push_back(NaturalWidth(columns, rows, i));
  }
  if (width == 0) return layout;
  // Cutting a quarter off the text is better than losing a column, losing a column is better than
  // cutting more.
  const auto hopeless = [&] { return layout.Total() > width + width / 4; };
  while (hopeless() && DropOne(columns, layout)) {
  }
  while (layout.Total() > width && SqueezeWidest(columns, layout)) {
  }
  while (layout.Total() > width && DropOne(columns, layout)) {
  }
  return layout;
}

std::string Line(const Layout& layout, const std::vector<Cell>& cells, const Style& style) {
  std::string line;
  size_t position = 0;
  for (size_t i = 0; i < layout.columns.size(); ++i) {
    const Cell& cell = cells[layout.columns[i]];
    size_t room = layout.widths[i];
    if (style.width > 0) room = std::min(room, style.width - std::min(style.width, position));
    const std::string text = Truncate(cell.text, room);
    absl::StrAppend(&line, style.Paint(cell.color, text));
    position += layout.widths[i] + kGap;
    if (i + 1 < layout.columns.size()) {
      line.append(layout.widths[i] + kGap - DisplayWidth(text), ' ');
    }
  }
  // Blanks at the end carry nothing and wrap in terminals.
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::vector<std::string> RenderTable(const std::vector<Column>& columns,
                                     const std::vector<std::vector<Cell>>& rows,
                                     const Style& style) {
  const Layout layout = Fit(columns, rows, style.width);
  std::vector<Cell> heading;
  for (const Column& column : columns) heading.push_back({column.title, Color::kDim});
  std::vector<std::string> lines = {Line(layout, heading, style)};
  for (const auto& row : rows) lines.push_back(Line(layout, row, style));
  return lines;
}

}  // namespace probemesh::cli
