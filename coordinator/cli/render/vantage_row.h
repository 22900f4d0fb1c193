// One vantage of a diagnosis in one line: what it saw of each layer.
#ifndef PROBEMESH_COORDINATOR_CLI_RENDER_VANTAGE_ROW_H_
#define PROBEMESH_COORDINATOR_CLI_RENDER_VANTAGE_ROW_H_

#include <string>
#include <vector>

#include "coordinator/cli/render/table.h"
#include "probemesh/v1/diagnosis.pb.h"

namespace probemesh::cli {

// VANTAGE, GROUP, STATE, DNS, CONNECT, TLS/HTTP, PING, WALK, NOTE; the last only when a vantage of
// the diagnosis has something to explain.
std::vector<Column> VantageColumns(const v1::Diagnosis& diagnosis);

// Cells in the order of VantageColumns. A layer that nobody looked at (yet) is "-".
std::vector<std::vector<Cell>> VantageRows(const v1::Diagnosis& diagnosis);

// "ok", "FAILED", "discarded", "not run", "lost"; "..." while nothing is known.
std::string StateWord(v1::VantageReport::State state);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_RENDER_VANTAGE_ROW_H_
