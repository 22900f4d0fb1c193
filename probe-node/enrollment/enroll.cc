#include "probe-node/enrollment/enroll.h"

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/pki/key_and_certificate.h"
#include "common/rpc/channel_options.h"
#include "common/rpc/credentials.h"
#include "common/rpc/status_bridge.h"
#include "grpcpp/grpcpp.h"
#include "probemesh/v1/enrollment_service.grpc.pb.h"

namespace probemesh::node {
namespace {

constexpr absl::Duration kAttemptLimit = absl::Seconds(15);
constexpr absl::Duration kPause = absl::Seconds(1);

// An unfinished identity with a key that is safe on disk.
absl::StatusOr<NodeIdentity> PrepareKey(const std::string& token_id, const std::string& path) {
  absl::StatusOr<NodeIdentity> stored = LoadIdentity(path);
  if (stored.ok()) return stored;
  if (!absl::IsNotFound(stored.status())) return stored.status();
  NodeIdentity fresh;
  fresh.set_token_id(token_id);
  PM_ASSIGN_OR_RETURN(*fresh.mutable_key_pem(), GeneratePrivateKeyPem());
  PM_RETURN_IF_ERROR(SaveIdentity(fresh, path));
  return fresh;
}

absl::StatusOr<v1::EnrollRequest> MakeRequest(const JoinToken& token, const EnrollOptions& options,
                                              const std::string& key_pem) {
  v1::EnrollRequest request;
  request.set_token_id(token.id);
  request.set_token_secret(token.secret);
  PM_ASSIGN_OR_RETURN(*request.mutable_csr_der(), MakeCsrDer(key_pem));
  request.set_requested_name(options.name);
  request.mutable_labels()->insert(options.labels.begin(), options.labels.end());
  request.set_version(options.version);
  return request;
}

bool IsWrongPin(const absl::Status& status) {
  return absl::StrContains(status.message(), "wrong pin");
}

bool MayPass(const absl::Status& status) {
  if (IsWrongPin(status)) return false;
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status);
}

absl::StatusOr<v1::EnrollResponse> CallOnce(v1::EnrollmentService::Stub& stub,
                                            const v1::EnrollRequest& request, const Clock& clock) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(clock.Wall() + kAttemptLimit));
  v1::EnrollResponse response;
  const grpc::Status status = stub.Enroll(&context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  return response;
}

absl::StatusOr<v1::EnrollResponse> CallPatiently(const JoinToken& token,
                                                 const v1::EnrollRequest& request,
                                                 const EnrollOptions& options, const Clock& clock) {
  const auto stub = v1::EnrollmentService::NewStub(grpc::CreateCustomChannel(
      GrpcTarget(token.endpoint), PinnedClientCredentials(token.ca_spki_sha256),
      ClientChannelArguments()));
  const MonotonicTime give_up = clock.Monotonic() + options.patience;
  while (true) {
    absl::StatusOr<v1::EnrollResponse> response = CallOnce(*stub, request, clock);
    if (response.ok() || !MayPass(response.status())) return response;
    if (clock.Monotonic() >= give_up || !options.pause(kPause)) return response;
    LogInfo("enrollment_retried", {{"error", response.status().ToString()}});
  }
}

// What to do about it, in one line.
absl::Status Explain(const absl::Status& status, const std::string& endpoint) {
  const absl::string_view reason = status.message();
  if (IsWrongPin(status)) {
    return absl::UnauthenticatedError(
        absl::StrCat("the server at ", endpoint, " is not the one that made this join token: ",
                     "wrong pin; make a new token on the coordinator that runs there"));
  }
  if (absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status)) {
    return absl::UnauthenticatedError(absl::StrCat(
        "the join token is refused: ", reason, "; make a new one with \"probemesh token create\""));
  }
  if (MayPass(status)) {
    return absl::UnavailableError(absl::StrCat("cannot enrol at ", endpoint, ": ", reason));
  }
  return absl::Status(status.code(), absl::StrCat("enrolment is refused: ", reason));
}

absl::StatusOr<NodeIdentity> Finish(NodeIdentity identity, const v1::EnrollResponse& response) {
  const absl::Status valid =
      CheckCertificate(response.certificate_chain_pem(), identity.key_pem(), response.node());
  if (!valid.ok() || response.ca_bundle_pem().empty()) {
    return absl::InternalError(absl::StrCat("the coordinator's answer cannot be used: ",
                                            valid.ok() ? "it has no CA bundle" : valid.message()));
  }
  identity.set_node(response.node());
  identity.set_certificate_chain_pem(response.certificate_chain_pem());
  identity.set_ca_bundle_pem(response.ca_bundle_pem());
  *identity.mutable_coordinators() = response.coordinators();
  return identity;
}

}  // namespace

absl::StatusOr<NodeIdentity> Enroll(const JoinToken& token, const EnrollOptions& options,
                                    const Clock& clock) {
  PM_ASSIGN_OR_RETURN(NodeIdentity identity, PrepareKey(token.id, options.identity_path));
  if (IsEnrolled(identity) && identity.token_id() == token.id) return identity;
  PM_ASSIGN_OR_RETURN(const v1::EnrollRequest request,
                      MakeRequest(token, options, identity.key_pem()));
  const absl::StatusOr<v1::EnrollResponse> response = CallPatiently(token, request, options, clock);
  if (!response.ok()) return Explain(response.status(), token.endpoint);
  identity.set_token_id(token.id);
  PM_ASSIGN_OR_RETURN(identity, Finish(std::move(identity), *response));
  PM_RETURN_IF_ERROR(SaveIdentity(identity, options.identity_path));
  LogInfo("enrolled", {{"node", identity.node()}, {"coordinator", token.endpoint}});
  return identity;
}

}  // namespace probemesh::node
