#include "tests/lab/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

namespace probemesh::lab {
namespace {

absl::Status ErrnoStatus(absl::string_view what) {
  return absl::InternalError(absl::StrCat(what, ": ", strerror(errno)));
}

std::vector<char*> Arguments(const Command& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  return arguments;
}

// In the child, between fork and exec: only async-signal-safe calls.
[[noreturn]] void ExecWith(int in, int out, int err, const std::vector<char*>& arguments) {
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  close_range(3, ~0U, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

struct Pipe {
  std::array<int, 2> ends = {-1, -1};
  Pipe() {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) ends = {-1, -1};
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    Close(0);
    Close(1);
  }
  void Close(size_t end) {
    if (ends[end] >= 0) close(ends[end]);
    ends[end] = -1;
  }
};

// One step of a running command: moves bytes; true while either output is still open.
class Pump {
 public:
  Pump(Pipe& in, Pipe& out, Pipe& err, const std::string& input, CommandResult& result)
      : in_(in), out_(out), err_(err), input_(input), result_(result) {
    fcntl(in_.ends[1], F_SETFL, O_NONBLOCK);
    if (input_.empty()) in_.Close(1);
  }

  bool Step(absl::Duration wait) {
    std::array<pollfd, 3> waits = {pollfd{out_.ends[0], POLLIN, 0}, pollfd{err_.ends[0], POLLIN, 0},
                                   pollfd{in_.ends[1], POLLOUT, 0}};
    poll(waits.data(), waits.size(), static_cast<int>(absl::ToInt64Milliseconds(wait)) + 1);
    if (waits[0].revents != 0) Read(out_, result_.out);
    if (waits[1].revents != 0) Read(err_, result_.err);
    if (waits[2].revents != 0) Write();
    return out_.ends[0] >= 0 || err_.ends[0] >= 0;
  }

 private:
  static void Read(Pipe& pipe, std::string& text) {
    std::array<char, 65536> buffer;
    const ssize_t size = read(pipe.ends[0], buffer.data(), buffer.size());
    if (size > 0) text.append(buffer.data(), static_cast<size_t>(size));
    if (size == 0) pipe.Close(0);
  }

  void Write() {
    const ssize_t size = write(in_.ends[1], input_.data() + sent_, input_.size() - sent_);
    if (size > 0) sent_ += static_cast<size_t>(size);
    if (size < 0 && errno != EAGAIN) in_.Close(1);
    if (sent_ == input_.size()) in_.Close(1);
  }

  Pipe& in_;
  Pipe& out_;
  Pipe& err_;
  const std::string& input_;
  CommandResult& result_;
  size_t sent_ = 0;
};

int ExitCode(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

absl::StatusOr<CommandResult> RunCommand(const Command& command, const CommandOptions& options) {
  signal(SIGPIPE, SIG_IGN);
  Pipe in, out, err;
  if (in.ends[0] < 0 || out.ends[0] < 0 || err.ends[0] < 0) return ErrnoStatus("pipe");
  const std::vector<char*> arguments = Arguments(command);
  const pid_t child = fork();
  if (child < 0) return ErrnoStatus("fork");
  if (child == 0) {
    // Half of a command's work must not go on when whoever wanted it is dead.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ExecWith(in.ends[0], out.ends[1], err.ends[1], arguments);
  }
  in.Close(0);
  out.Close(1);
  err.Close(1);
  CommandResult result;
  Pump pump(in, out, err, options.input, result);
  const absl::Time deadline = absl::Now() + options.timeout;
  bool open = true;
  while (open && absl::Now() < deadline) open = pump.Step(deadline - absl::Now());
  if (open) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (open) {
    return absl::DeadlineExceededError(absl::StrCat("no end within ",
                                                    absl::FormatDuration(options.timeout), ": ",
                                                    absl::StrJoin(command, " ")));
  }
  result.exit_code = ExitCode(status);
  return result;
}

absl::Status MustRun(const Command& command, const CommandOptions& options) {
  absl::StatusOr<CommandResult> result = RunCommand(command, options);
  if (!result.ok()) return result.status();
  if (result->exit_code == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("\"", absl::StrJoin(command, " "),
                                          "\" failed (exit code ", result->exit_code,
                                          "): ", result->err, result->out));
}

absl::StatusOr<pid_t> Spawn(const Command& command, const std::string& log_path) {
  Pipe report;
  if (report.ends[0] < 0) return ErrnoStatus("pipe");
  const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) return ErrnoStatus(log_path);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const std::vector<char*> arguments = Arguments(command);
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    const pid_t grandchild = fork();
    if (grandchild == 0) ExecWith(null, log, log, arguments);
    const ssize_t ignored = write(report.ends[1], &grandchild, sizeof(grandchild));
    _exit(ignored > 0 ? 0 : 1);
  }
  close(log);
  close(null);
  if (child < 0) return ErrnoStatus("fork");
  waitpid(child, nullptr, 0);
  pid_t pid = -1;
  if (read(report.ends[0], &pid, sizeof(pid)) != sizeof(pid) || pid < 0) {
    return absl::InternalError("could not start " + command[0]);
  }
  return pid;
}

bool IsRunning(pid_t pid) {
  const absl::StatusOr<std::string> stat = ReadFile(absl::StrCat("/proc/", pid, "/stat"));
  if (!stat.ok()) return false;
  const size_t end_of_name = stat->rfind(") ");
  return end_of_name != std::string::npos && (*stat)[end_of_name + 2] != 'Z' &&
         (*stat)[end_of_name + 2] != 'X';
}

bool WaitUntil(absl::Duration limit, const std::function<bool()>& condition) {
  const absl::Time deadline = absl::Now() + limit;
  while (!condition()) {
    if (absl::Now() >= deadline) return false;
    poll(nullptr, 0, 10);
  }
  return true;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file) return absl::NotFoundError("cannot read " + path);
  text << file.rdbuf();  // "fails" on an empty file, which is as good as any
  return text.str();
}

absl::Status WriteFile(const std::string& path, absl::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file) return absl::InternalError(absl::StrCat("cannot write ", path, ": ", strerror(errno)));
  return absl::OkStatus();
}

}  // namespace probemesh::lab
