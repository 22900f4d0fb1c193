#include "tests/integration/program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "common/base/clock.h"

namespace probemesh {
namespace {

constexpr int kPumpMilliseconds = 50;

[[noreturn]] void Die(const char* call) {
  std::perror(call);
  std::abort();
}

struct Pipe {
  int read_end = -1;
  int write_end = -1;
};

Pipe MakePipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) Die("pipe2");
  return {ends[0], ends[1]};
}

Pipe MakeTerminal(const ProgramOptions& options) {
  winsize size{};
  size.ws_col = options.columns;
  size.ws_row = options.rows;
  Pipe terminal;
  if (openpty(&terminal.read_end, &terminal.write_end, nullptr, nullptr, &size) != 0) {
    Die("openpty");
  }
  fcntl(terminal.read_end, F_SETFD, FD_CLOEXEC);
  return terminal;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Appends what `fd` has; closes it at its end.
void Drain(int& fd, std::string& text) {
  std::array<char, 4096> chunk;
  const ssize_t count = read(fd, chunk.data(), chunk.size());
  if (count > 0) {
    text.append(chunk.data(), static_cast<size_t>(count));
    return;
  }
  close(fd);
  fd = -1;
}

}  // namespace

Program::Program(const std::vector<std::string>& command, const ProgramOptions& options) {
  const Pipe out = options.terminal ? MakeTerminal(options) : MakePipe();
  const Pipe err = MakePipe();
  std::vector<std::string> words = command;
  std::vector<std::string> variables = {"PATH=/usr/bin:/bin", "HOME=/nonexistent",
                                        "TERM=xterm-256color"};
  variables.insert(variables.end(), options.environment.begin(), options.environment.end());
  std::vector<char*> argv = Pointers(words);
  std::vector<char*> environment = Pointers(variables);
  pid_ = fork();
  if (pid_ == 0) {
    setsid();
    dup2(out.write_end, STDOUT_FILENO);
    dup2(err.write_end, STDERR_FILENO);
    execve(argv[0], argv.data(), environment.data());
    _exit(127);
  }
  close(out.write_end);
  close(err.write_end);
  out_fd_ = out.read_end;
  err_fd_ = err.read_end;
}

Program::~Program() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (out_fd_ >= 0) close(out_fd_);
  if (err_fd_ >= 0) close(err_fd_);
}

bool Program::Pump() {
  if (out_fd_ < 0 && err_fd_ < 0) return false;
  std::array<pollfd, 2> watched = {{{out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}}};
  if (poll(watched.data(), watched.size(), kPumpMilliseconds) <= 0) return true;
  if (watched[0].revents != 0) Drain(out_fd_, out_);
  if (watched[1].revents != 0) Drain(err_fd_, err_);
  return true;
}

bool Program::AwaitOutput(const std::string& text, absl::Duration limit) {
  return Await(out_, text, limit);
}

bool Program::AwaitError(const std::string& text, absl::Duration limit) {
  return Await(err_, text, limit);
}

bool Program::Await(const std::string& output, const std::string& text, absl::Duration limit) {
  const MonotonicTime deadline = SystemClock().Monotonic() + limit;
  while (output.find(text) == std::string::npos) {
    if (SystemClock().Monotonic() > deadline || !Pump()) return false;
  }
  return true;
}

void Program::Signal(int signal) { kill(pid_, signal); }

int Program::Wait(absl::Duration limit) {
  const MonotonicTime deadline = SystemClock().Monotonic() + limit;
  while (Pump()) {
    if (SystemClock().Monotonic() > deadline) return -1;
  }
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) return -1;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace probemesh
