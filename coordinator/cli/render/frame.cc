#include "coordinator/cli/render/frame.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coordinator/cli/render/printable.h"

namespace probemesh::cli {
namespace {

constexpr char kEraseToEndOfLine[] = "\x1b[K";
constexpr char kEraseBelow[] = "\x1b[J";

std::string Up(size_t rows) { return rows == 0 ? "" : absl::StrCat("\r\x1b[", rows, "A"); }

}  // namespace

size_t VisibleWidth(const std::string& line) {
  std::string visible;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\x1b') {
      visible += line[i];
      continue;
    }
    const size_t end = line.find('m', i);
    if (end == std::string::npos) break;
    i = end;
  }
  return DisplayWidth(visible);
}

size_t Frame::Rows(size_t columns) const {
  size_t rows = 0;
  for (const size_t width : drawn_) {
    rows += columns == 0 ? 1 : std::max<size_t>(1, (width + columns - 1) / columns);
  }
  return rows;
}

std::string Frame::Draw(const std::vector<std::string>& lines, size_t columns) {
  std::string output = Up(Rows(columns));
  drawn_.clear();
  for (const std::string& line : lines) {
    absl::StrAppend(&output, line, kEraseToEndOfLine, "\n");
    drawn_.push_back(VisibleWidth(line));
  }
  return absl::StrCat(output, kEraseBelow);
}

std::string Frame::Clear(size_t columns) {
  // Line by line: some terminals take the erasure of a whole screen for one to keep in their
  // history.
  const size_t rows = Rows(columns);
  std::string output = Up(rows);
  for (size_t i = 0; i < rows; ++i) absl::StrAppend(&output, kEraseToEndOfLine, "\n");
  drawn_.clear();
  return absl::StrCat(output, Up(rows));
}

}  // namespace probemesh::cli
