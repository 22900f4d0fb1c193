// Bytes to a port of this machine, and what comes back.
#ifndef PROBEMESH_TESTS_SUPPORT_RAW_CONNECTION_H_
#define PROBEMESH_TESTS_SUPPORT_RAW_CONNECTION_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace probemesh {

// Blocking, with a limit of ten seconds for each read.
class RawConnection {
 public:
  explicit RawConnection(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      std::abort();
    }
  }
  ~RawConnection() { close(fd_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  void Send(const std::string& bytes) {
    size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t size = send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (size <= 0) return;  // the peer has closed, which is its right
      sent += static_cast<size_t>(size);
    }
  }
  void FinishSending() { shutdown(fd_, SHUT_WR); }

  std::string ReadAll() {
    std::string all;
    char buffer[4096];
    ssize_t size = 0;
    while ((size = recv(fd_, buffer, sizeof(buffer), 0)) > 0) {
      all.append(buffer, static_cast<size_t>(size));
    }
    return all;
  }

 private:
  const int fd_;
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_RAW_CONNECTION_H_
