// What a command line asks for, after parsing: one type for each command.
#ifndef PROBEMESH_COORDINATOR_CLI_OPTIONS_H_
#define PROBEMESH_COORDINATOR_CLI_OPTIONS_H_

#include <cstdint>
#include <string>
#include <variant>

#include "probemesh/v1/diagnosis_service.pb.h"
#include "probemesh/v1/fleet_service.pb.h"
#include "probemesh/v1/probe_service.pb.h"

namespace probemesh::cli {

enum class OutputFormat { kText, kJson, kJsonLines, kMarkdown };

struct GlobalOptions {
  std::string context;  // path of the context file; empty for the default place
  bool plain = false;   // no colours, no redrawing
};

struct DiagnoseOptions {
  v1::DiagnosisSpec spec;
  OutputFormat format = OutputFormat::kText;
};

struct ProbeOptions {
  v1::CreateProbeRunRequest request;
  OutputFormat format = OutputFormat::kText;
};

struct NodesOptions {
  enum class Action { kList, kShow, kDrain, kUndrain, kRevoke };
  Action action = Action::kList;
  std::string name;    // without "nodes/"; empty for kList
  std::string filter;  // kList: a SELECTOR
  bool json = false;
};

struct TokenOptions {
  enum class Action { kCreate, kList, kRevoke };
  Action action = Action::kList;
  v1::CreateJoinTokenRequest create;
  std::string id;
  bool json = false;
};

struct HistoryOptions {
  std::string id;  // empty: list
  uint32_t limit = 20;
  OutputFormat format = OutputFormat::kText;
};

struct ExplainOptions {
  std::string id;           // of a stored diagnosis, or
  std::string bundle_path;  // a file of `probemesh bundle`, "-" for standard input, or
  bool causes = false;      // the catalogue
  OutputFormat format = OutputFormat::kText;
};

struct BundleOptions {
  std::string id;
};

struct VersionOptions {
  bool json = false;
};

struct CompletionOptions {
  std::string script;
};

using Command =
    std::variant<DiagnoseOptions, ProbeOptions, NodesOptions, TokenOptions, HistoryOptions,
                 ExplainOptions, BundleOptions, VersionOptions, CompletionOptions>;

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_OPTIONS_H_
