// A diagnosis made by the real programs in a lab, read back from the command line's JSON.
#ifndef PROBEMESH_TESTS_LAB_LAB_DIAGNOSIS_H_
#define PROBEMESH_TESTS_LAB_LAB_DIAGNOSIS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "probemesh/v1/diagnosis.pb.h"
#include "tests/lab/mesh.h"

namespace probemesh::lab {

struct LabDiagnosis {
  int exit_code = 0;
  v1::Diagnosis diagnosis;
  std::string json;  // as printed

  std::string Verdict() const;
  std::string FaultDomain() const;
  // Verdict, summary, locus and the state of each vantage, for failure messages.
  std::string Describe() const;
  // "OK", "FAILED", ...; "" for a vantage that is not in it.
  std::string StateOf(const std::string& vantage) const;
  // Every address that the locus names.
  std::vector<std::string> LocusAddresses() const;
};

// `probemesh diagnose TARGET --json EXTRA...`.
absl::StatusOr<LabDiagnosis> DiagnoseInLab(const Mesh& mesh, const std::string& target,
                                           const std::vector<std::string>& extra = {});

}  // namespace probemesh::lab

#endif  // PROBEMESH_TESTS_LAB_LAB_DIAGNOSIS_H_
