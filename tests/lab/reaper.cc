#include "tests/lab/reaper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/lab/namespace_lab.h"
#include "tests/lab/process.h"

namespace probemesh::lab {
namespace {

constexpr char kCommitted = 'c';
constexpr absl::Duration kStragglers = absl::Milliseconds(500);

struct Watch {
  int pipe = -1;    // the builder's end closes, or says kCommitted
  int owner = -1;   // pidfd
  int folder = -1;  // inotify on the lab's folder
};

// Nothing of the builder may be held: neither its terminal nor pipes that someone reads to the end.
void Detach(Watch& watch) {
  setsid();
  signal(SIGHUP, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  const int null = open("/dev/null", O_RDWR);
  std::array<int*, 3> kept = {&watch.pipe, &watch.owner, &watch.folder};
  int next = 100;
  for (int* fd : kept) {
    if (*fd >= 0) *fd = dup2(*fd, next++);
  }
  for (int fd = 0; fd < 3; ++fd) dup2(null, fd);
  close_range(3, 99, 0);
  close_range(static_cast<unsigned>(next), ~0U, 0);
}

// True when the lab must be torn down, false when it needs nobody any more.
bool AwaitTheEnd(Watch watch) {
  while (true) {
    std::array<pollfd, 3> waits = {pollfd{watch.pipe, POLLIN, 0}, pollfd{watch.owner, POLLIN, 0},
                                   pollfd{watch.folder, POLLIN, 0}};
    if (poll(waits.data(), waits.size(), -1) < 0) continue;
    if (waits[2].revents != 0) return false;
    if (waits[1].revents != 0) return true;
    if (waits[0].revents == 0) continue;
    char word = 0;
    if (read(watch.pipe, &word, 1) != 1 || word != kCommitted) return true;
    if (watch.owner < 0) return false;
    watch.pipe = -1;
  }
}

// A command of the killed builder may live a moment longer than the builder, and make another
// namespace.
absl::Status TearDownWithStragglers(const LabRun& run) {
  absl::Status status = TearDown(run);
  WaitUntil(kStragglers, [&] {
    if (!run.Namespaces().empty()) status = TearDown(run);
    return false;
  });
  return status;
}

[[noreturn]] void RunReaper(const LabRun& run, Watch watch) {
  Detach(watch);
  if (AwaitTheEnd(watch)) {
    const absl::Status status = TearDownWithStragglers(run);
    _exit(status.ok() ? 0 : 1);
  }
  _exit(0);
}

}  // namespace

absl::StatusOr<Reaper> Reaper::Start(const LabRun& run, pid_t owner) {
  Watch watch;
  if (owner > 0) {
    watch.owner = static_cast<int>(syscall(SYS_pidfd_open, owner, 0));
    if (watch.owner < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot watch owner process ", owner, ": ", strerror(errno)));
    }
  }
  watch.folder = inotify_init1(IN_CLOEXEC);
  inotify_add_watch(watch.folder, run.Folder().c_str(), IN_DELETE_SELF);
  std::array<int, 2> ends = {-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return absl::InternalError("pipe");
  watch.pipe = ends[0];
  const pid_t child = fork();
  if (child == 0) {
    close(ends[1]);
    if (fork() == 0) RunReaper(run, watch);
    _exit(0);
  }
  close(ends[0]);
  close(watch.folder);
  if (watch.owner >= 0) close(watch.owner);
  if (child < 0) return absl::InternalError("fork");
  waitpid(child, nullptr, 0);
  return Reaper(ends[1]);
}

Reaper::~Reaper() {
  if (pipe_ >= 0) close(pipe_);
}

void Reaper::Commit() {
  const ssize_t ignored = write(pipe_, &kCommitted, 1);
  static_cast<void>(ignored);
}

}  // namespace probemesh::lab
