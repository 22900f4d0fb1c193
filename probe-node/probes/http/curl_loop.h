// libcurl's multi-socket interface on the node's event loop.
#ifndef PROBEMESH_PROBE_NODE_PROBES_HTTP_CURL_LOOP_H_
#define PROBEMESH_PROBE_NODE_PROBES_HTTP_CURL_LOOP_H_

#include <curl/curl.h>

#include <set>

#include "absl/status/status.h"
#include "common/event/event_loop.h"

namespace probemesh::node {

// One multi handle with one transfer in it. Loop thread only; starts no thread.
class CurlLoop {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // The transfer has ended; from the loop, outside of libcurl; may destroy the CurlLoop.
    virtual void OnCurlDone(CURLcode code) = 0;
  };

  CurlLoop(EventLoop& loop, Owner& owner);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  // `easy` must be removed before it is cleaned up.
  absl::Status Add(CURL* easy);
  void Remove(CURL* easy);
  // Before `fd` is closed by whoever closes libcurl's sockets.
  void ForgetSocket(int fd);

 private:
  static int OnSocket(CURL* easy, curl_socket_t fd, int what, void* self, void* per_socket);
  static int OnTimer(CURLM* multi, long timeout_ms, void* self);  // NOLINT(google-runtime-int)
  void WatchSocket(int fd, int what);
  void OnReady(int fd, uint32_t ready);
  void Drive(int fd, int flags);

  EventLoop& loop_;
  Owner& owner_;
  CURLM* multi_ = nullptr;
  TimerId timer_ = 0;
  std::set<int> watched_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_HTTP_CURL_LOOP_H_
