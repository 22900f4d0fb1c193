#include "common/pki/identity.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"

namespace probemesh {
namespace {

constexpr char kTrustDomain[] = "spiffe://probemesh/";
constexpr size_t kMaxNameLength = 63;

constexpr std::array<std::pair<Identity::Role, const char*>, 3> kRoles = {{
    {Identity::Role::kNode, "node/"},
    {Identity::Role::kOperator, "operator/"},
    {Identity::Role::kCoordinator, "coordinator/"},
}};

bool IsLetterOrDigit(char c) {
  return absl::ascii_islower(static_cast<unsigned char>(c)) ||
         absl::ascii_isdigit(static_cast<unsigned char>(c));
}

bool IsNameCharacter(char c) { return IsLetterOrDigit(c) || c == '.' || c == '-'; }

}  // namespace

std::string Identity::ToUri() const {
  for (const auto& [known, path] : kRoles) {
    if (known == role) return absl::StrCat(kTrustDomain, path, name);
  }
  return "";
}

absl::StatusOr<Identity> Identity::Parse(absl::string_view uri) {
  absl::string_view rest = uri;
  if (absl::ConsumePrefix(&rest, kTrustDomain)) {
    for (const auto& [role, path] : kRoles) {
      if (!absl::ConsumePrefix(&rest, path)) continue;
      PM_RETURN_IF_ERROR(CheckNodeName(rest));
      return Identity{role, std::string(rest)};
    }
  }
  return absl::InvalidArgumentError("not an identity of this mesh");
}

absl::Status CheckNodeName(absl::string_view name) {
  if (name.empty()) return absl::InvalidArgumentError("the name is empty");
  if (name.size() > kMaxNameLength) {
    return absl::InvalidArgumentError(
        absl::StrCat("the name is longer than ", kMaxNameLength, " characters"));
  }
  if (!std::all_of(name.begin(), name.end(), IsNameCharacter)) {
    return absl::InvalidArgumentError(
        "a name consists of lower-case letters, digits, dots and hyphens");
  }
  if (!IsLetterOrDigit(name.front()) || !IsLetterOrDigit(name.back())) {
    return absl::InvalidArgumentError("a name begins and ends with a letter or digit");
  }
  return absl::OkStatus();
}

}  // namespace probemesh
