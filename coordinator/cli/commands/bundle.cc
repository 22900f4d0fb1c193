// `probemesh bundle ID`: the evidence, for a ticket or for `explain --bundle`.
#include "common/base/status_macros.h"
#include "coordinator/cli/commands/commands.h"
#include "coordinator/cli/connection.h"
#include "coordinator/cli/render/json.h"
#include "probemesh/v1/diagnosis_service.grpc.pb.h"

namespace probemesh::cli {

absl::StatusOr<ExitCode> Run(const BundleOptions& options, Workplace& place) {
  using Stub = v1::DiagnosisService::Stub;
  PM_ASSIGN_OR_RETURN(Connection connection, Connection::Open(place.global.context, place.clock));
  Stub stub(connection.channel());
  v1::GetEvidenceBundleRequest request;
  request.set_name(ResourceName("diagnoses", options.id));
  PM_ASSIGN_OR_RETURN(const v1::EvidenceBundle bundle,
                      connection.Call(&Stub::GetEvidenceBundle, stub, request));
  place.terminal.PrintLine(PrettyJson(MessageJson(bundle, false)));
  return ExitCode::kHealthy;
}

}  // namespace probemesh::cli
