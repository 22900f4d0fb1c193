#include "probe-node/probes/http/curl_loop.h"

namespace probemesh::node {
namespace {

// libcurl's global state is set up once, before the first handle.
void InitCurlOnce() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(code);
}

}  // namespace

CurlLoop::CurlLoop(EventLoop& loop, Owner& owner) : loop_(loop), owner_(owner) {
  InitCurlOnce();
  multi_ = curl_multi_init();
  if (multi_ == nullptr) return;
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

CurlLoop::~CurlLoop() {
  if (multi_ != nullptr) curl_multi_cleanup(multi_);
  if (timer_ != 0) loop_.CancelTimer(timer_);
  for (const int fd : watched_) loop_.UnwatchFd(fd);
}

absl::Status CurlLoop::Add(CURL* easy) {
  if (multi_ == nullptr) return absl::ResourceExhaustedError("curl_multi_init");
  const CURLMcode code = curl_multi_add_handle(multi_, easy);
  if (code != CURLM_OK) return absl::InternalError(curl_multi_strerror(code));
  return absl::OkStatus();
}

void CurlLoop::Remove(CURL* easy) {
  if (multi_ != nullptr) curl_multi_remove_handle(multi_, easy);
}

void CurlLoop::ForgetSocket(int fd) {
  if (watched_.erase(fd) > 0) loop_.UnwatchFd(fd);
}

int CurlLoop::OnSocket(CURL* /*easy*/, curl_socket_t fd, int what, void* self, void* /*data*/) {
  static_cast<CurlLoop*>(self)->WatchSocket(fd, what);
  return 0;
}

void CurlLoop::WatchSocket(int fd, int what) {
  if (what == CURL_POLL_REMOVE) return ForgetSocket(fd);
  uint32_t interest = 0;
  if ((what & CURL_POLL_IN) != 0) interest |= kReadable;
  if ((what & CURL_POLL_OUT) != 0) interest |= kWritable;
  if (watched_.count(fd) > 0) return loop_.UpdateFd(fd, interest);
  const absl::Status watched =
      loop_.WatchFd(fd, interest, [this, fd](uint32_t ready) { OnReady(fd, ready); });
  if (watched.ok()) watched_.insert(fd);
}

// Never drives libcurl from here: it must not be called back by its own callback.
int CurlLoop::OnTimer(CURLM* /*multi*/, long timeout_ms, void* data) {  // NOLINT
  auto* self = static_cast<CurlLoop*>(data);
  if (self->timer_ != 0) self->loop_.CancelTimer(self->timer_);
  self->timer_ = 0;
  if (timeout_ms < 0) return 0;
  self->timer_ = self->loop_.ScheduleAfter(absl::Milliseconds(timeout_ms), [self] {
    self->timer_ = 0;
    self->Drive(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

void CurlLoop::OnReady(int fd, uint32_t ready) {
  int flags = 0;
  if ((ready & kReadable) != 0) flags |= CURL_CSELECT_IN;
  if ((ready & kWritable) != 0) flags |= CURL_CSELECT_OUT;
  if ((ready & kError) != 0) flags |= CURL_CSELECT_ERR | CURL_CSELECT_IN;
  Drive(fd, flags);
}

void CurlLoop::Drive(int fd, int flags) {
  int running = 0;
  curl_multi_socket_action(multi_, fd, flags, &running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) return owner_.OnCurlDone(message->data.result);
  }
}

}  // namespace probemesh::node
