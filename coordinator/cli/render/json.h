// CONTRACT's JSON: protobuf JSON with lowerCamel names, bare enum names and RFC 3339 / "2.9s"
// times. The members that readers rely on are always there, also when they hold a default; inside
// observations only what is set is shown, to keep documents small.
#ifndef PROBEMESH_COORDINATOR_CLI_RENDER_JSON_H_
#define PROBEMESH_COORDINATOR_CLI_RENDER_JSON_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "probemesh/v1/diagnosis_service.pb.h"
#include "probemesh/v1/probe_service.pb.h"

namespace probemesh::cli {

// One line, no newline at the end.
std::string DiagnosisJson(const v1::Diagnosis& diagnosis);
std::string ProbeRunJson(const v1::ProbeRun& run);
std::string EventJson(const v1::DiagnosisEvent& event);
std::string EventJson(const v1::ProbeRunEvent& event);

// Any other message, with (`defaults`) or without the members that hold a default.
std::string MessageJson(const google::protobuf::Message& message, bool defaults);

// A JSON string with quotes and escapes.
std::string JsonText(absl::string_view text);

// "[a,b]" of documents.
std::string JsonArray(const std::vector<std::string>& documents);

// Indented by two spaces; `json` must be a well-formed document.
std::string PrettyJson(absl::string_view json);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_RENDER_JSON_H_
