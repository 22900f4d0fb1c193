// Messages as a coordinator would send them, for the tests of the command line's output.
#ifndef PROBEMESH_TESTS_UNIT_COORDINATOR_CLI_SAMPLE_MESSAGES_H_
#define PROBEMESH_TESTS_UNIT_COORDINATOR_CLI_SAMPLE_MESSAGES_H_

#include <string>

#include "probemesh/v1/diagnosis.pb.h"
#include "probemesh/v1/probe_service.pb.h"

namespace probemesh::cli {

// Provider p1 discards the target's packets: va fails, vb is fine, vc is not fit to testify.
v1::Diagnosis PathFailureDiagnosis();
v1::Diagnosis HealthyDiagnosis();

// A message from protobuf text; the test fails when it does not parse.
template <typename Message>
Message FromText(const std::string& text);

// Compares with tests/unit/coordinator/cli/golden/<name>. With PROBEMESH_UPDATE_GOLDEN set, writes
// it instead.
void ExpectGolden(const std::string& name, const std::string& actual);

}  // namespace probemesh::cli

#endif  // PROBEMESH_TESTS_UNIT_COORDINATOR_CLI_SAMPLE_MESSAGES_H_
