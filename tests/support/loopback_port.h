// A port of the loopback interface that belongs to the test, open or closed.
#ifndef PROBEMESH_TESTS_SUPPORT_LOOPBACK_PORT_H_
#define PROBEMESH_TESTS_SUPPORT_LOOPBACK_PORT_H_

#include <cstdint>
#include <string>

#include "common/net/ip_address.h"

namespace probemesh {

// Holds its port until it is destroyed, so that nobody else can open a closed one.
class LoopbackPort {
 public:
  enum class Kind {
    kTcpListening,
    kTcpClosed,  // answers with a reset
    kUdpClosed,  // answers with port unreachable
  };

  LoopbackPort(Kind kind, IpAddress::Family family);
  ~LoopbackPort();
  LoopbackPort(const LoopbackPort&) = delete;
  LoopbackPort& operator=(const LoopbackPort&) = delete;

  // False where the machine has no loopback address of that family.
  bool ok() const { return endpoint_.port != 0; }
  uint16_t port() const { return endpoint_.port; }
  // Readable once somebody has connected to a listening one.
  int fd() const { return fd_; }
  std::string address() const { return endpoint_.address.ToString(); }

 private:
  int fd_ = -1;
  Endpoint endpoint_;
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_LOOPBACK_PORT_H_
