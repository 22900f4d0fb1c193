// `probemesh explain`: judges stored evidence again, here, with this program's own rules.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/commands/commands.h"
#include "coordinator/cli/connection.h"
#include "coordinator/cli/render/json.h"
#include "coordinator/cli/render/printable.h"
#include "coordinator/cli/render/table.h"
#include "coordinator/diagnosis/diagnose.h"
#include "google/protobuf/util/json_util.h"
#include "probemesh/v1/diagnosis_service.grpc.pb.h"

namespace probemesh::cli {
namespace {

using Stub = v1::DiagnosisService::Stub;

// A diagnosis of 500 vantages with every probe is below 20 MiB as JSON.
constexpr size_t kMostBundleBytes = 64u << 20;

absl::StatusOr<std::string> ReadAll(std::istream& input, const std::string& what) {
  std::string text;
  std::vector<char> chunk(1 << 16);
  while (input.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) ||
         input.gcount() > 0) {
    text.append(chunk.data(), static_cast<size_t>(input.gcount()));
    if (text.size() > kMostBundleBytes) {
      return absl::InvalidArgumentError(absl::StrCat(what, " is larger than any bundle"));
    }
  }
  if (input.bad()) return absl::InvalidArgumentError(absl::StrCat("cannot read ", what));
  return text;
}

absl::StatusOr<v1::EvidenceBundle> ReadBundle(const std::string& path) {
  std::string text;
  if (path == "-") {
    PM_ASSIGN_OR_RETURN(text, ReadAll(std::cin, "standard input"));
  } else {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      return absl::InvalidArgumentError(absl::StrCat("cannot open ", Printable(path)));
    }
    PM_ASSIGN_OR_RETURN(text, ReadAll(file, Printable(path)));
  }
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  v1::EvidenceBundle bundle;
  const auto parsed = google::protobuf::util::JsonStringToMessage(text, &bundle, options);
  if (!parsed.ok()) {
    const auto reason = parsed.message();
    return absl::InvalidArgumentError(
        absl::StrCat(Printable(path), " is not an evidence bundle: ",
                     Printable(absl::string_view(reason.data(), reason.size()))));
  }
  if (bundle.format() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(Printable(path), " is a bundle of format ",
                                                   bundle.format(), "; this program reads 1"));
  }
  return bundle;
}

// The resource that the bundle would have become.
v1::Diagnosis Judge(const v1::EvidenceBundle& bundle) {
  coordinator::DiagnosisResult result = coordinator::Diagnose(bundle);
  v1::Diagnosis diagnosis;
  diagnosis.set_name(bundle.diagnosis());
  diagnosis.set_target(bundle.target().input());
  *diagnosis.mutable_create_time() = bundle.create_time();
  *diagnosis.mutable_elapsed() = bundle.elapsed();
  diagnosis.set_state(v1::Diagnosis::DONE);
  *diagnosis.mutable_diagnosis() = std::move(result.judgement);
  for (v1::VantageReport& report : result.vantages) *diagnosis.add_vantages() = std::move(report);
  *diagnosis.mutable_spec() = bundle.spec();
  return diagnosis;
}

// What the coordinator had said, when it is not what the rules of this program say.
std::string Difference(const v1::Judgement& then, const v1::Judgement& now) {
  if (then.verdict() == now.verdict() && then.cause() == now.cause()) return "";
  return absl::StrFormat(
      "the coordinator's rules %s had said %s (%s); this program's rules %s say %s (%s)",
      Printable(then.ruleset_version()), v1::Judgement::Verdict_Name(then.verdict()),
      Printable(then.cause()), Printable(now.ruleset_version()),
      v1::Judgement::Verdict_Name(now.verdict()), Printable(now.cause()));
}

void Print(const v1::Diagnosis& diagnosis, OutputFormat format, Terminal& terminal) {
  if (format == OutputFormat::kText) {
    terminal.PrintLine(
        absl::StrCat("Judged by rules ", Printable(diagnosis.diagnosis().ruleset_version()),
                     ", evidence ", Printable(diagnosis.diagnosis().evidence_digest())));
  }
  PrintDiagnosis(diagnosis, format, true, terminal);
}

absl::StatusOr<ExitCode> ExplainStored(const ExplainOptions& options, Workplace& place) {
  PM_ASSIGN_OR_RETURN(Connection connection, Connection::Open(place.global.context, place.clock));
  Stub stub(connection.channel());
  v1::GetDiagnosisRequest get;
  get.set_name(ResourceName("diagnoses", options.id));
  PM_ASSIGN_OR_RETURN(const v1::Diagnosis stored, connection.Call(&Stub::GetDiagnosis, stub, get));
  v1::GetEvidenceBundleRequest request;
  request.set_name(get.name());
  PM_ASSIGN_OR_RETURN(const v1::EvidenceBundle bundle,
                      connection.Call(&Stub::GetEvidenceBundle, stub, request));
  const v1::Diagnosis judged = Judge(bundle);
  const std::string difference = Difference(stored.diagnosis(), judged.diagnosis());
  if (!difference.empty()) place.terminal.PrintError(difference);
  Print(judged, options.format, place.terminal);
  return ExitCode::kHealthy;
}

absl::StatusOr<ExitCode> ListCauses(OutputFormat format, Terminal& terminal) {
  std::vector<std::vector<Cell>> rows;
  std::vector<std::string> documents;
  for (const coordinator::CauseInfo& cause : coordinator::CauseCatalogue()) {
    const std::string verdict = v1::Judgement::Verdict_Name(cause.verdict);
    const std::string domain = v1::Judgement::FaultDomain_Name(cause.fault_domain);
    rows.push_back({{std::string(cause.id), Color::kBold},
                    {verdict},
                    {domain},
                    {std::string(cause.description)}});
    documents.push_back(
        absl::StrFormat(R"({"cause":"%s","verdict":"%s","faultDomain":"%s","description":%s})",
                        cause.id, verdict, domain, JsonText(cause.description)));
  }
  if (format == OutputFormat::kJson) {
    terminal.PrintLine(PrettyJson(absl::StrCat("{\"causes\":", JsonArray(documents), "}")));
  } else {
    terminal.PrintLines(
        RenderTable({{"CAUSE", 0, 32}, {"VERDICT", 0, 18}, {"DOMAIN", 1, 8}, {"MEANING", 0, 20}},
                    rows, terminal.style()));
  }
  return ExitCode::kHealthy;
}

}  // namespace

absl::StatusOr<ExitCode> Run(const ExplainOptions& options, Workplace& place) {
  if (options.causes) return ListCauses(options.format, place.terminal);
  if (options.bundle_path.empty()) return ExplainStored(options, place);
  PM_ASSIGN_OR_RETURN(const v1::EvidenceBundle bundle, ReadBundle(options.bundle_path));
  if (!options.id.empty() && ResourceName("diagnoses", options.id) != bundle.diagnosis()) {
    return absl::InvalidArgumentError(absl::StrCat(
        Printable(options.bundle_path), " is the evidence of ", Printable(bundle.diagnosis())));
  }
  Print(Judge(bundle), options.format, place.terminal);
  return ExitCode::kHealthy;
}

}  // namespace probemesh::cli
