#include "coordinator/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace probemesh::cli {
namespace {

bool EnvironmentHas(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool IsDumb() {
  const char* term = std::getenv("TERM");
  return term == nullptr || *term == '\0' || absl::string_view(term) == "dumb";
}

winsize Size() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return {};
  return size;
}

}  // namespace

Terminal::Terminal(bool plain)
    : live_(!plain && isatty(STDOUT_FILENO) == 1 && !IsDumb()),
      color_(live_ && !EnvironmentHas("NO_COLOR")) {}

Style Terminal::style() const {
  Style style;
  style.color = color_;
  // The last column stays empty: some terminals wrap as soon as it is written.
  if (live_ && Size().ws_col > 1) style.width = Size().ws_col - 1u;
  return style;
}

size_t Terminal::height() const { return live_ ? Size().ws_row : 0; }

void Terminal::Print(absl::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void Terminal::PrintLine(absl::string_view line) { Print(absl::StrCat(line, "\n")); }

void Terminal::PrintLines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) PrintLine(line);
}

void Terminal::PrintError(absl::string_view message) {
  std::fflush(stdout);
  const std::string line = absl::StrCat("probemesh: ", message, "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void Terminal::Redraw(const std::vector<std::string>& lines) {
  Print(frame_.Draw(lines, Size().ws_col));
  std::fflush(stdout);
}

void Terminal::ClearFrame() {
  Print(frame_.Clear(Size().ws_col));
  std::fflush(stdout);
}

absl::Status Terminal::Flush() {
  const bool failed = std::ferror(stdout) != 0;
  if (std::fflush(stdout) == 0 && !failed) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot write the output: ", std::strerror(errno)));
}

}  // namespace probemesh::cli
