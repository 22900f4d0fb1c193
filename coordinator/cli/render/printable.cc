#include "coordinator/cli/render/printable.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace probemesh::cli {
namespace {

struct Decoded {
  uint32_t code_point = 0;
  size_t length = 1;
  bool valid = false;
};

size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

// The code point at the front of `text`, which is not empty (RFC 3629 3).
Decoded DecodeFront(absl::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = SequenceLength(lead);
  if (length == 0 || length > text.size()) return {};
  uint32_t code_point = length == 1 ? lead : lead & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return {};
    code_point = code_point << 6 | (byte & 0x3F);
  }
  constexpr std::array<uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < kSmallest[length] || code_point > 0x10FFFF || surrogate) return {};
  return {code_point, length, true};
}

using Range = std::pair<uint32_t, uint32_t>;

template <size_t kSize>
bool Within(uint32_t code_point, const std::array<Range, kSize>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [code_point](const Range& range) {
    return code_point >= range.first && code_point <= range.second;
  });
}

// Controls, soft hyphen, Arabic letter mark, zero-width and directional characters, line and
// paragraph separators, invisible operators, variation selectors, byte order mark, annotations,
// tags.
constexpr std::array<Range, 11> kUnprintable = {{{0x00, 0x1F},
                                                 {0x7F, 0x9F},
                                                 {0xAD, 0xAD},
                                                 {0x61C, 0x61C},
                                                 {0x180E, 0x180E},
                                                 {0x200B, 0x200F},
                                                 {0x2028, 0x202E},
                                                 {0x2060, 0x206F},
                                                 {0xFEFF, 0xFEFF},
                                                 {0xFFF9, 0xFFFB},
                                                 {0xE0000, 0xE0FFF}}};

// A coarse Unicode TR 11: enough to keep columns aligned.
constexpr std::array<Range, 9> kWide = {{{0x1100, 0x115F},
                                         {0x2E80, 0xA4CF},
                                         {0xAC00, 0xD7A3},
                                         {0xF900, 0xFAFF},
                                         {0xFE30, 0xFE6F},
                                         {0xFF00, 0xFF60},
                                         {0xFFE0, 0xFFE6},
                                         {0x1F300, 0x1FAFF},
                                         {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 3> kCombining = {{{0x300, 0x36F}, {0x1AB0, 0x1AFF}, {0x20D0, 0x20FF}}};

size_t WidthOf(const Decoded& decoded) {
  if (!decoded.valid) return 1;
  if (Within(decoded.code_point, kCombining)) return 0;
  return Within(decoded.code_point, kWide) ? 2 : 1;
}

}  // namespace

std::string Printable(absl::string_view text) {
  std::string result;
  while (!text.empty()) {
    const Decoded decoded = DecodeFront(text);
    if (!decoded.valid) {
      absl::StrAppendFormat(&result, "\\x%02x", static_cast<unsigned char>(text[0]));
    } else if (!Within(decoded.code_point, kUnprintable)) {
      absl::StrAppend(&result, text.substr(0, decoded.length));
    } else if (decoded.code_point <= 0xFF) {
      absl::StrAppendFormat(&result, "\\x%02x", decoded.code_point);
    } else {
      absl::StrAppendFormat(&result, "\\u%04x", decoded.code_point);
    }
    text.remove_prefix(decoded.length);
  }
  return result;
}

size_t DisplayWidth(absl::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const Decoded decoded = DecodeFront(text);
    width += WidthOf(decoded);
    text.remove_prefix(decoded.length);
  }
  return width;
}

std::string Truncate(absl::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  const absl::string_view mark = absl::string_view("..").substr(0, width);
  const size_t room = width - mark.size();
  size_t used = 0;
  size_t bytes = 0;
  while (bytes < text.size()) {
    const Decoded decoded = DecodeFront(text.substr(bytes));
    const size_t columns = WidthOf(decoded);
    if (used + columns > room) break;
    used += columns;
    bytes += decoded.length;
  }
  return absl::StrCat(text.substr(0, bytes), mark);
}

std::vector<std::string> WrapText(absl::string_view text, size_t width) {
  if (width == 0) return {std::string(text)};
  std::vector<std::string> lines = {""};
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    std::string& line = lines.back();
    if (line.empty()) {
      line = std::string(word);
    } else if (DisplayWidth(line) + 1 + DisplayWidth(word) <= width) {
      absl::StrAppend(&line, " ", word);
    } else {
      lines.emplace_back(word);
    }
  }
  return lines;
}

}  // namespace probemesh::cli
