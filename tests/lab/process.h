// Other programs, run to the end or left running; and waiting for a condition with a deadline.
#ifndef PROBEMESH_TESTS_LAB_PROCESS_H_
#define PROBEMESH_TESTS_LAB_PROCESS_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace probemesh::lab {

using Command = std::vector<std::string>;

struct CommandOptions {
  std::string input;                           // fed to stdin
  absl::Duration timeout = absl::Seconds(20);  // then SIGKILL and DEADLINE_EXCEEDED
};

struct CommandResult {
  int exit_code = 0;  // 128 + signal when a signal ended it; 127 when there is no such program
  std::string out;
  std::string err;
};

// Runs to the end; a non-zero exit code is a result, not an error.
absl::StatusOr<CommandResult> RunCommand(const Command& command,
                                         const CommandOptions& options = {});

// Same, but a non-zero exit code is an error that quotes the command and what it said.
absl::Status MustRun(const Command& command, const CommandOptions& options = {});

// Leaves the program running in a session of its own, as a child of init, with output appended to
// `log_path`. Returns its process id.
absl::StatusOr<pid_t> Spawn(const Command& command, const std::string& log_path);

// False once the process has ended (a zombie has).
bool IsRunning(pid_t pid);

// True as soon as `condition` is, looking every few milliseconds; false if `limit` passes first.
bool WaitUntil(absl::Duration limit, const std::function<bool()>& condition);

absl::StatusOr<std::string> ReadFile(const std::string& path);
// Written in place (same inode): bind mounts of the file see the new content.
absl::Status WriteFile(const std::string& path, absl::string_view content);

}  // namespace probemesh::lab

#endif  // PROBEMESH_TESTS_LAB_PROCESS_H_
