// Little servers on the loopback interface that answer as a test tells them, on a thread of their
// own.
#ifndef PROBEMESH_TESTS_SUPPORT_LOOPBACK_SERVER_H_
#define PROBEMESH_TESTS_SUPPORT_LOOPBACK_SERVER_H_

#include <openssl/ssl.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/net/ip_address.h"

namespace probemesh {

// The server's end of one connection, as seen by a script. Blocking; every call returns at once and
// fails when the server is being stopped.
class ServerConnection {
 public:
  ServerConnection(int fd, int stop_fd) : fd_(fd), stop_fd_(stop_fd) {}
  ~ServerConnection();
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  // From here on, reads and writes go through TLS. False if the handshake failed.
  bool StartTls(SSL_CTX* context);
  // The SNI that the client sent; empty if none.
  std::string ServerName() const;
  // At least one octet, unless the peer has closed or reset.
  std::string Read();
  // Everything up to and with `token`, or what came until the end.
  std::string ReadUntil(absl::string_view token);
  // False if the peer is gone.
  bool Write(absl::string_view data);
  // Holds the connection open until the peer closes it.
  void AwaitPeerClose();
  // Ends the connection with a TCP reset.
  void Reset();
  // Ends it with a FIN; under TLS after close_notify.
  void Close();

 private:
  bool WaitFor(short events);  // NOLINT(google-runtime-int)
  bool WaitForTls(int result);

  int fd_;
  const int stop_fd_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, &SSL_free};
};

// Accepts one connection after the other and gives each to the script.
class LoopbackServer {
 public:
  using Script = std::function<void(ServerConnection&)>;

  // `address` is 127.0.0.1 or ::1.
  explicit LoopbackServer(Script script, const IpAddress& address = IpAddress::V4({127, 0, 0, 1}));
  ~LoopbackServer();

  const Endpoint& endpoint() const { return endpoint_; }
  int connections() const { return connections_; }

 private:
  void Run();

  const Script script_;
  int listen_fd_ = -1;
  int stop_fd_ = -1;
  Endpoint endpoint_;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

// Gives every datagram to the script and sends what it returns.
class LoopbackUdpServer {
 public:
  using Script = std::function<std::vector<std::string>(const std::string& datagram)>;

  explicit LoopbackUdpServer(Script script);
  ~LoopbackUdpServer();

  const Endpoint& endpoint() const { return endpoint_; }

 private:
  void Run();

  const Script script_;
  int fd_ = -1;
  int stop_fd_ = -1;
  Endpoint endpoint_;
  std::thread thread_;
};

// Whether this machine has ::1.
bool HasLoopbackV6();

// A TCP port of 127.0.0.1 that refuses: it was bound once and is closed now.
Endpoint ClosedLoopbackPort();

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_LOOPBACK_SERVER_H_
