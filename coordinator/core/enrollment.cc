#include "coordinator/core/enrollment.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/proto_time.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/pki/identity.h"
#include "common/pki/key_and_certificate.h"
#include "coordinator/core/limits.h"
#include "coordinator/registry/labels.h"

namespace probemesh::coordinator {
namespace {

absl::string_view BareName(absl::string_view node) { return absl::StripPrefix(node, "nodes/"); }

absl::Status CheckRequest(const v1::EnrollRequest& request) {
  if (request.csr_der().empty() || request.csr_der().size() > kMaxCsrOctets) {
    return absl::InvalidArgumentError(
        absl::StrCat("csr_der: 1 to ", kMaxCsrOctets, " octets of PKCS #10"));
  }
  if (request.version().size() > kMaxShortText) {
    return absl::InvalidArgumentError(absl::StrCat("version: at most ", kMaxShortText, " octets"));
  }
  return CheckLabels(request.labels());
}

absl::StatusOr<std::string> KeyOf(const std::string& csr_der) {
  PM_ASSIGN_OR_RETURN(const std::string digest, SpkiSha256OfCsr(csr_der));
  return absl::BytesToHexString(digest);
}

absl::StatusOr<std::string> NameFor(const v1::EnrollRequest& request, const StoredToken& token) {
  if (!token.node.empty()) return token.node;
  const absl::string_view name = BareName(request.requested_name());
  if (const absl::Status valid = CheckNodeName(name); !valid.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot be used as the node's name (see --name): ", valid.message()));
  }
  return absl::StrCat("nodes/", name);
}

void AddSerial(const std::string& serial, StoredNode* node) {
  std::vector<std::string>& serials = node->certificate_serials;
  serials.push_back(serial);
  if (serials.size() > kMaxCertificateSerials) serials.erase(serials.begin());
}

}  // namespace

// All that has been decided before anything is written.
struct Enrollment::Admission {
  std::string key;  // hex SPKI digest
  TokenGrant grant;
  StoredNode node;
  SignedCertificate certificate;
};

void Enrollment::Enroll(const v1::EnrollRequest& request, Reply<v1::EnrollResponse> reply) {
  absl::StatusOr<Admission> admission = Admit(request);
  if (!admission.ok()) {
    ++parts_.counters().enrollments_refused;
    LogWarning("enrollment_refused", {{"token", request.token_id()},
                                      {"name", request.requested_name()},
                                      {"reason", admission.status().ToString()}});
    reply(admission.status());
    return;
  }
  Commit(*std::move(admission), std::move(reply));
}

absl::StatusOr<Enrollment::Admission> Enrollment::Admit(const v1::EnrollRequest& request) const {
  PM_RETURN_IF_ERROR(parts_.Open());
  if (pending_.size() >= kMaxPendingEnrollments) {
    parts_.HitLimit("pending_enrollments");
    return absl::ResourceExhaustedError("too many nodes enrol at this moment; try again soon");
  }
  PM_RETURN_IF_ERROR(CheckRequest(request));
  Admission admission;
  PM_ASSIGN_OR_RETURN(admission.key, KeyOf(request.csr_der()));
  PM_ASSIGN_OR_RETURN(admission.grant,
                      parts_.tokens.Verify(request.token_id(), request.token_secret(),
                                           admission.key, parts_.wall()));
  PM_ASSIGN_OR_RETURN(const std::string name, NameFor(request, admission.grant.token));
  PM_RETURN_IF_ERROR(CheckOwner(name, admission));
  PM_ASSIGN_OR_RETURN(admission.certificate,
                      parts_.options.signer->SignNode(request.csr_der(), BareName(name)));

  StoredNode& node = admission.node;
  const StoredNode* known = parts_.nodes.Find(name);
  const bool same_node = known != nullptr && known->spki_sha256 == admission.key && !known->revoked;
  if (same_node) node = *known;
  node.name = name;
  if (node.uid.empty()) node.uid = NewUuidV7(*parts_.options.random, parts_.wall());
  node.spki_sha256 = admission.key;
  node.token_labels = admission.grant.token.labels;
  AddSerial(admission.certificate.serial, &node);
  v1::Node& resource = node.node;
  *resource.mutable_labels() = MergeLabels(request.labels(), node.token_labels);
  resource.set_group(GroupOf("", resource.labels(), BareName(name)));
  resource.set_version(request.version());
  if (!resource.has_enroll_time()) *resource.mutable_enroll_time() = ToProto(parts_.wall());
  *resource.mutable_certificate_expire_time() = ToProto(admission.certificate.expire_time);
  return admission;
}

absl::Status Enrollment::CheckOwner(const std::string& node, const Admission& admission) const {
  const auto pending = pending_.find(node);
  if (pending != pending_.end()) {
    if (pending->second == admission.key) {
      return absl::UnavailableError("this very enrolment is under way; try again soon");
    }
    return absl::AlreadyExistsError(absl::StrCat(node, " is being enrolled by another node"));
  }
  const StoredNode* by_key = parts_.nodes.FindByKey(admission.key);
  if (by_key != nullptr && by_key->name != node && !by_key->revoked) {
    return absl::AlreadyExistsError(absl::StrCat("this key is enrolled as ", by_key->name));
  }
  const StoredNode* known = parts_.nodes.Find(node);
  // A repeat renews what its first time made, and nothing else: it brings no revoked node back, and
  // no second node into the mesh.
  const absl::Status new_node = admission.grant.repeat
                                    ? absl::UnauthenticatedError("the join token is used up")
                                    : absl::OkStatus();
  if (known == nullptr) return new_node;
  if (known->revoked) {
    if (admission.grant.token.node == node) return new_node;
    return absl::AlreadyExistsError(absl::StrCat(
        node, " is revoked; its name may be used again with a token made for that name"));
  }
  if (known->spki_sha256 == admission.key) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat(
      node, " belongs to another node; choose another --name, or revoke that node first"));
}

void Enrollment::Commit(Admission admission, Reply<v1::EnrollResponse> reply) {
  pending_[admission.node.name] = admission.key;
  auto write = [admission, now = parts_.wall()](Store& store) {
    return admission.grant.repeat ? store.PutNode(admission.node)
                                  : store.Enroll(admission.grant.token.id, now, admission.node);
  };
  auto done = [this, admission, now = parts_.wall(),
               reply = std::move(reply)](const absl::Status& status) {
    pending_.erase(admission.node.name);
    if (absl::IsFailedPrecondition(status)) {
      ++parts_.counters().enrollments_refused;
      reply(absl::UnauthenticatedError(status.message()));
      return;
    }
    if (!status.ok()) {
      reply(status);
      return;
    }
    const TokenGrant& grant = admission.grant;
    if (!grant.repeat) parts_.tokens.MarkBurnt(grant.token.id, now, admission.key);
    PutEnrolled(admission.node);
    ++parts_.counters().enrollments;
    LogInfo("node_enrolled", {{"node", admission.node.name},
                              {"token", admission.grant.token.id},
                              {"serial", admission.certificate.serial}});
    reply(ResponseFor(admission));
  };
  parts_.Write(std::move(write), std::move(done));
}

// An operator may have drained or revoked the node while its enrolment was on its way to the disk.
void Enrollment::PutEnrolled(StoredNode node) {
  const StoredNode* known = parts_.nodes.Find(node.name);
  const bool changed = known != nullptr && known->uid == node.uid &&
                       (known->drained != node.drained || known->revoked != node.revoked);
  if (changed) {
    node.drained = known->drained;
    node.revoked = known->revoked;
  }
  const std::string name = node.name;
  parts_.nodes.Put(std::move(node));
  if (changed) parts_.SaveNode(name);
}

v1::EnrollResponse Enrollment::ResponseFor(const Admission& admission) const {
  v1::EnrollResponse response;
  response.set_node(admission.node.name);
  response.set_certificate_chain_pem(admission.certificate.chain_pem);
  response.set_ca_bundle_pem(admission.certificate.ca_bundle_pem);
  for (const std::string& coordinator : parts_.options.coordinators) {
    response.add_coordinators(coordinator);
  }
  *response.mutable_expire_time() = ToProto(admission.certificate.expire_time);
  return response;
}

void Enrollment::Renew(const std::string& node, const std::string& csr_der,
                       Reply<v1::IssuedCertificate> reply) {
  const absl::StatusOr<std::string> key = KeyOf(csr_der);
  const StoredNode* known = parts_.nodes.Find(node);
  if (!key.ok() || known == nullptr) {
    reply(key.ok() ? absl::NotFoundError(absl::StrCat("no such node: ", node)) : key.status());
    return;
  }
  const absl::StatusOr<SignedCertificate> certificate =
      parts_.options.signer->SignNode(csr_der, BareName(node));
  if (!certificate.ok()) {
    reply(certificate.status());
    return;
  }
  const StoredNode before = *known;
  StoredNode renewed = before;
  renewed.spki_sha256 = *key;
  AddSerial(certificate->serial, &renewed);
  *renewed.node.mutable_certificate_expire_time() = ToProto(certificate->expire_time);
  parts_.nodes.Put(renewed);
  v1::IssuedCertificate issued;
  issued.set_certificate_chain_pem(certificate->chain_pem);
  issued.set_ca_bundle_pem(certificate->ca_bundle_pem);
  parts_.Write([renewed](Store& store) { return store.PutNode(renewed); },
               [this, before, issued, reply = std::move(reply)](const absl::Status& status) {
                 if (status.ok()) {
                   ++parts_.counters().renewals;
                   reply(issued);
                   return;
                 }
                 Unrenew(before);
                 reply(status);
               });
}

void Enrollment::Unrenew(const StoredNode& before) {
  const StoredNode* known = parts_.nodes.Find(before.name);
  if (known == nullptr || known->uid != before.uid) return;
  StoredNode node = *known;
  node.spki_sha256 = before.spki_sha256;
  node.certificate_serials = before.certificate_serials;
  *node.node.mutable_certificate_expire_time() = before.node.certificate_expire_time();
  parts_.nodes.Put(std::move(node));
}

}  // namespace probemesh::coordinator
