// A program under test as a child: its output collected, its terminal ours.
#ifndef PROBEMESH_TESTS_INTEGRATION_PROGRAM_H_
#define PROBEMESH_TESTS_INTEGRATION_PROGRAM_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace probemesh {

struct ProgramOptions {
  std::vector<std::string> environment;  // "NAME=value", besides PATH and HOME
  bool terminal = false;                 // stdout is a terminal of `columns` x `rows`
  unsigned short columns = 80;
  unsigned short rows = 24;
};

class Program {
 public:
  // Started at once; killed at destruction if it still runs.
  explicit Program(const std::vector<std::string>& command, const ProgramOptions& options = {});
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Reads until `text` is in out(); false when the program ended or `limit` passed first.
  bool AwaitOutput(const std::string& text, absl::Duration limit = absl::Seconds(20));
  // The same with err().
  bool AwaitError(const std::string& text, absl::Duration limit = absl::Seconds(20));
  void Signal(int signal);
  // Its exit status (128 + signal if a signal ended it, -1 if it had to be killed after `limit`).
  int Wait(absl::Duration limit = absl::Seconds(30));

  pid_t pid() const { return pid_; }
  const std::string& out() const { return out_; }
  const std::string& err() const { return err_; }

 private:
  bool Await(const std::string& output, const std::string& text, absl::Duration limit);
  // Reads what is there, waiting at most 50 ms; false once both outputs have ended.
  bool Pump();

  pid_t pid_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  std::string out_;
  std::string err_;
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_INTEGRATION_PROGRAM_H_
