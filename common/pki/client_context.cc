#include "common/pki/client_context.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/pki/private_file.h"
#include "google/protobuf/util/json_util.h"

namespace probemesh {
namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr char kHint[] =
    "; the coordinator writes one to DATA-DIR/admin.context: copy it, or name it with --context";

bool IsComplete(const internal::v1::ClientContext& context) {
  return !context.endpoint().empty() && !context.ca_pem().empty() &&
         !context.certificate_pem().empty() && !context.key_pem().empty();
}

}  // namespace

absl::StatusOr<internal::v1::ClientContext> LoadClientContext(const std::string& path) {
  const absl::StatusOr<std::string> json = ReadSmallFile(path);
  if (!json.ok()) {
    return absl::Status(json.status().code(), absl::StrCat(json.status().message(), kHint));
  }
  internal::v1::ClientContext context;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto parsed = google::protobuf::util::JsonStringToMessage(*json, &context, options);
  if (!parsed.ok() || !IsComplete(context)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is not a context file", kHint));
  }
  return context;
}

absl::Status SaveClientContext(const internal::v1::ClientContext& context,
                               const std::string& path) {
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  const auto printed = google::protobuf::util::MessageToJsonString(context, &json, options);
  if (!printed.ok()) return absl::InternalError(printed.ToString());
  return WriteFileAtomically(path, json, kOwnerOnly);
}

}  // namespace probemesh
