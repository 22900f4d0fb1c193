#include "coordinator/store/page_token.h"

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace probemesh::coordinator {
namespace {

constexpr size_t kMaxTokenLength = 512;

}  // namespace

std::string EncodePageToken(const PagePosition& position) {
  return absl::WebSafeBase64Escape(absl::StrCat(position.micros, ":", position.name));
}

absl::StatusOr<PagePosition> DecodePageToken(absl::string_view token) {
  const absl::Status invalid =
      absl::InvalidArgumentError("page_token is not one that a previous page gave out");
  std::string text;
  if (token.size() > kMaxTokenLength || !absl::WebSafeBase64Unescape(token, &text)) return invalid;
  const size_t colon = text.find(':');
  PagePosition position;
  if (colon == std::string::npos ||
      !absl::SimpleAtoi(absl::string_view(text).substr(0, colon), &position.micros)) {
    return invalid;
  }
  position.name = text.substr(colon + 1);
  if (position.name.empty() || EncodePageToken(position) != token) return invalid;
  return position;
}

}  // namespace probemesh::coordinator
