// Text from nodes and targets is hostile until it went through here: a certificate's subject must
// not be able to move the cursor of the person on call.
#ifndef PROBEMESH_COORDINATOR_CLI_RENDER_PRINTABLE_H_
#define PROBEMESH_COORDINATOR_CLI_RENDER_PRINTABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace probemesh::cli {

// One line without control characters (C0, DEL, C1), without the characters that reorder or hide
// text (Unicode bidirectional controls, zero-width characters) and without invalid UTF-8: each is
// shown as "\x1b" or "\u202e".
std::string Printable(absl::string_view text);

// Terminal columns that printable text takes; wide East Asian characters and emoji take two.
size_t DisplayWidth(absl::string_view text);

// The longest prefix that fits into `width` columns, ending in ".." when something was cut.
std::string Truncate(absl::string_view text, size_t width);

// Broken at spaces into lines of at most `width` columns (longer words stay whole); 0 never breaks.
std::vector<std::string> WrapText(absl::string_view text, size_t width);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_RENDER_PRINTABLE_H_
