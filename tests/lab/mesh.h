// A real mesh inside a lab: the coordinator on its management host, an unprivileged node on every
// vantage, and the command line.
#ifndef PROBEMESH_TESTS_LAB_MESH_H_
#define PROBEMESH_TESTS_LAB_MESH_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/lab/lab_run.h"
#include "tests/lab/process.h"

namespace probemesh::lab {

// Where the three programs lie.
struct Programs {
  std::string folder;
  std::string Path(absl::string_view program) const;
};

// Its processes belong to the lab and end with it; like LabRun it is only a name for them.
class Mesh {
 public:
  Mesh(LabRun run, Programs programs) : run_(std::move(run)), programs_(std::move(programs)) {}

  // Starts everything and waits until every node holds a session.
  absl::Status Start();

  // On the management host; returns once the context file is there and the API answers. Also after
  // StopCoordinator: it finds its data again.
  absl::Status StartCoordinator();
  // SIGKILL.
  absl::Status KillCoordinator();

  // Enrols `vantage` with a fresh token the first time; as user nobody, without capabilities.
  absl::Status StartNode(absl::string_view vantage);
  absl::Status KillNode(absl::string_view vantage);

  // Until exactly these nodes are CONNECTED, as `probemesh nodes` sees it.
  absl::Status AwaitConnected(const std::vector<std::string>& vantages);

  // `probemesh ARGUMENTS...` on the management host, with the admin's context.
  absl::StatusOr<CommandResult> Cli(const std::vector<std::string>& arguments) const;
  Command CliCommand(const std::vector<std::string>& arguments) const;

  std::string ContextFile() const;
  std::string CoordinatorLog() const;
  std::string NodeLog(absl::string_view vantage) const;
  // The process of `program` on `node`, or 0.
  pid_t FindProcess(absl::string_view node, absl::string_view program) const;

 private:
  absl::Status KillProgram(absl::string_view node, absl::string_view program) const;
  std::string DataDir() const;
  std::string StateDir(absl::string_view vantage) const;

  LabRun run_;
  Programs programs_;
};

}  // namespace probemesh::lab

#endif  // PROBEMESH_TESTS_LAB_MESH_H_
