// `probemesh history ...`
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/commands/commands.h"
#include "coordinator/cli/connection.h"
#include "coordinator/cli/render/fleet_text.h"
#include "coordinator/cli/render/json.h"
#include "coordinator/cli/render/markdown.h"
#include "coordinator/cli/render/verdict_block.h"
#include "probemesh/v1/diagnosis_service.grpc.pb.h"

namespace probemesh::cli {
namespace {

using Stub = v1::DiagnosisService::Stub;

constexpr int kAllEvidence = 1000;

absl::StatusOr<ExitCode> List(const HistoryOptions& options, Connection& connection, Stub& stub,
                              Terminal& terminal) {
  v1::ListDiagnosesRequest request;
  request.set_page_size(static_cast<int32_t>(options.limit));
  PM_ASSIGN_OR_RETURN(const v1::ListDiagnosesResponse list,
                      connection.Call(&Stub::ListDiagnoses, stub, request));
  if (options.format == OutputFormat::kJson) {
    std::vector<std::string> documents;
    for (const v1::Diagnosis& diagnosis : list.diagnoses()) {
      documents.push_back(DiagnosisJson(diagnosis));
    }
    terminal.PrintLine(PrettyJson(absl::StrCat("{\"diagnoses\":", JsonArray(documents), "}")));
  } else {
    terminal.PrintLines(RenderHistory(list, terminal.style()));
  }
  return ExitCode::kHealthy;
}

}  // namespace

void PrintDiagnosis(const v1::Diagnosis& diagnosis, OutputFormat format, bool everything,
                    Terminal& terminal) {
  switch (format) {
    case OutputFormat::kJson:
      terminal.PrintLine(PrettyJson(DiagnosisJson(diagnosis)));
      break;
    case OutputFormat::kJsonLines:
      terminal.PrintLine(DiagnosisJson(diagnosis));
      break;
    case OutputFormat::kMarkdown:
      terminal.Print(RenderMarkdown(diagnosis));
      break;
    case OutputFormat::kText: {
      VerdictBlockOptions options;
      options.weights = everything;
      if (everything) options.most_evidence = kAllEvidence;
      terminal.PrintLines(RenderDiagnosis(diagnosis, terminal.style(), options));
      break;
    }
  }
}

absl::StatusOr<ExitCode> Run(const HistoryOptions& options, Workplace& place) {
  PM_ASSIGN_OR_RETURN(Connection connection, Connection::Open(place.global.context, place.clock));
  Stub stub(connection.channel());
  if (options.id.empty()) return List(options, connection, stub, place.terminal);
  v1::GetDiagnosisRequest request;
  request.set_name(ResourceName("diagnoses", options.id));
  PM_ASSIGN_OR_RETURN(const v1::Diagnosis diagnosis,
                      connection.Call(&Stub::GetDiagnosis, stub, request));
  PrintDiagnosis(diagnosis, options.format, false, place.terminal);
  return ExitCode::kHealthy;
}

}  // namespace probemesh::cli
