#include "probe-node/identity/identity_file.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/pki/identity.h"
#include "common/pki/key_and_certificate.h"
#include "common/pki/private_file.h"
#include "google/protobuf/util/json_util.h"

namespace probemesh::node {
namespace {

constexpr mode_t kOwnerOnly = 0600;

absl::Status CheckIdentity(const NodeIdentity& identity) {
  PM_RETURN_IF_ERROR(SpkiSha256OfKey(identity.key_pem()).status());
  if (!IsEnrolled(identity)) return absl::OkStatus();
  if (identity.ca_bundle_pem().empty()) return absl::InvalidArgumentError("no CA bundle");
  return CheckCertificate(identity.certificate_chain_pem(), identity.key_pem(), identity.node());
}

}  // namespace

absl::StatusOr<NodeIdentity> LoadIdentity(const std::string& path) {
  PM_ASSIGN_OR_RETURN(const std::string json, ReadSmallFile(path));
  NodeIdentity identity;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &identity, options);
  const absl::Status valid =
      parsed.ok() ? CheckIdentity(identity) : absl::InvalidArgumentError("not the JSON it was");
  if (valid.ok()) return identity;
  return absl::FailedPreconditionError(
      absl::StrCat(path, " is broken (", valid.message(),
                   "); move it away and enrol again with a new join token"));
}

absl::Status SaveIdentity(const NodeIdentity& identity, const std::string& path) {
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  const auto printed = google::protobuf::util::MessageToJsonString(identity, &json, options);
  if (!printed.ok()) return absl::InternalError(printed.ToString());
  return WriteFileAtomically(path, json, kOwnerOnly);
}

absl::Status CheckCertificate(const std::string& chain_pem, const std::string& key_pem,
                              const std::string& node) {
  PM_ASSIGN_OR_RETURN(const CertificateFacts facts, ReadCertificatePem(chain_pem));
  PM_ASSIGN_OR_RETURN(const std::string spki, SpkiSha256OfKey(key_pem));
  if (facts.spki_sha256 != spki) {
    return absl::InvalidArgumentError("the certificate is not of this node's key");
  }
  const std::string name(absl::StripPrefix(node, "nodes/"));
  const std::string uri = Identity{Identity::Role::kNode, name}.ToUri();
  if (std::find(facts.uris.begin(), facts.uris.end(), uri) == facts.uris.end()) {
    return absl::InvalidArgumentError(absl::StrCat("the certificate does not name ", node));
  }
  return absl::OkStatus();
}

}  // namespace probemesh::node
