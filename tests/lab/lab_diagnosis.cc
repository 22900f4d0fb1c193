#include "tests/lab/lab_diagnosis.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"

namespace probemesh::lab {

std::string LabDiagnosis::Verdict() const {
  return v1::Judgement::Verdict_Name(diagnosis.diagnosis().verdict());
}

std::string LabDiagnosis::FaultDomain() const {
  return v1::Judgement::FaultDomain_Name(diagnosis.diagnosis().fault_domain());
}

std::string LabDiagnosis::Describe() const {
  std::string text = absl::StrCat(
      Verdict(), " ", FaultDomain(), " ", diagnosis.diagnosis().confidence(), ": ",
      diagnosis.diagnosis().summary(), "\nlocus: ", absl::StrJoin(LocusAddresses(), " "), "\n");
  for (const v1::VantageReport& vantage : diagnosis.vantages()) {
    absl::StrAppend(&text, vantage.node(), " ", v1::VantageReport::State_Name(vantage.state()), " ",
                    vantage.reason(), "\n");
  }
  return text;
}

std::string LabDiagnosis::StateOf(const std::string& vantage) const {
  for (const v1::VantageReport& report : diagnosis.vantages()) {
    if (report.node() == "nodes/" + vantage) {
      return v1::VantageReport::State_Name(report.state());
    }
  }
  return "";
}

std::vector<std::string> LabDiagnosis::LocusAddresses() const {
  const v1::Locus& locus = diagnosis.diagnosis().locus();
  std::vector<std::string> addresses(locus.addresses().begin(), locus.addresses().end());
  addresses.push_back(locus.from_address());
  addresses.push_back(locus.to_address());
  return addresses;
}

absl::StatusOr<LabDiagnosis> DiagnoseInLab(const Mesh& mesh, const std::string& target,
                                           const std::vector<std::string>& extra) {
  std::vector<std::string> arguments = {"diagnose", target, "--json"};
  arguments.insert(arguments.end(), extra.begin(), extra.end());
  PM_ASSIGN_OR_RETURN(const CommandResult result, mesh.Cli(arguments));
  LabDiagnosis diagnosis;
  diagnosis.exit_code = result.exit_code;
  diagnosis.json = result.out;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto parsed =
      google::protobuf::util::JsonStringToMessage(result.out, &diagnosis.diagnosis, options);
  if (parsed.ok()) return diagnosis;
  return absl::InternalError(absl::StrCat("not a diagnosis (exit ", result.exit_code,
                                          "): ", result.out, "\n", result.err));
}

}  // namespace probemesh::lab
