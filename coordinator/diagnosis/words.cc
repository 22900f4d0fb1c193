#include "coordinator/diagnosis/words.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace probemesh::coordinator {
namespace {

constexpr size_t kNamed = 5;

}  // namespace

std::string ShortName(const std::string& node) {
  return std::string(absl::StripPrefix(node, "nodes/"));
}

std::string Listed(const std::vector<std::string>& names) {
  if (names.size() <= kNamed) return absl::StrJoin(names, ", ");
  const std::vector<std::string> first(names.begin(), names.begin() + kNamed - 1);
  return absl::StrCat(absl::StrJoin(first, ", "), " and ", names.size() - first.size(), " more");
}

std::string Counted(size_t count, const char* noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

std::string AllOf(size_t count, const char* noun) {
  return count == 1 ? absl::StrCat("the only ", noun) : absl::StrCat("all ", Counted(count, noun));
}

std::string Delay(int64_t milliseconds) {
  if (milliseconds < 1000) return absl::StrCat(milliseconds, " ms");
  return absl::StrFormat("%d.%02d s", milliseconds / 1000, milliseconds % 1000 / 10);
}

std::string Misdeed(ServiceResult result) {
  switch (result) {
    case ServiceResult::kNone:
    case ServiceResult::kOk:
      return "answered";
    case ServiceResult::kHung:
      return "accepted the connection and then said nothing";
    case ServiceResult::kReset:
      return "accepted the connection and then reset it";
    case ServiceResult::kClosed:
      return "accepted the connection and then closed it without an answer";
    case ServiceResult::kTlsCertificate:
      return "presented a certificate that is not acceptable";
    case ServiceResult::kTlsHandshake:
      return "did not complete the TLS handshake";
    case ServiceResult::kHttpServerError:
      return "answered with an HTTP server error";
    case ServiceResult::kBadResponse:
      return "answered, but not with a valid response";
  }
  return "";
}

std::string Fate(NameResult result) {
  switch (result) {
    case NameResult::kNone:
    case NameResult::kOk:
      return "resolves";
    case NameResult::kNxdomain:
      return "does not exist (NXDOMAIN)";
    case NameResult::kNoData:
      return "has no address";
    case NameResult::kServfail:
      return "cannot be resolved (SERVFAIL)";
    case NameResult::kRefused:
      return "is refused by the resolvers";
    case NameResult::kMalformed:
      return "gets no valid answer from the resolvers";
    case NameResult::kSilent:
      return "gets no answer from any resolver";
  }
  return "";
}

}  // namespace probemesh::coordinator
