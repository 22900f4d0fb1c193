#include "common/event/stop_signals.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace probemesh {

StopSignals::StopSignals() {
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  fd_ = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd_ < 0) std::abort();
}

StopSignals::~StopSignals() { close(fd_); }

bool StopSignals::Take() {
  signalfd_siginfo info{};
  return read(fd_, &info, sizeof(info)) == sizeof(info);
}

bool StopSignals::WaitFor(absl::Duration limit) const {
  pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
  return poll(&waiting, 1, static_cast<int>(absl::ToInt64Milliseconds(limit))) > 0;
}

}  // namespace probemesh
