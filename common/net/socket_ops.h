// The probed network as a seam: the system calls that probes make, and what the kernel's error
// queue says.
#ifndef PROBEMESH_COMMON_NET_SOCKET_OPS_H_
#define PROBEMESH_COMMON_NET_SOCKET_OPS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/net/ip_address.h"

namespace probemesh {

// The result of one call: a value of 0 or more, or a positive errno.
struct SysResult {
  int64_t value = 0;
  int error = 0;
  bool ok() const { return error == 0; }
};

enum class SocketKind : uint8_t {
  kTcp,
  kUdp,
  kPing,  // SOCK_DGRAM with IPPROTO_ICMP or IPPROTO_ICMPV6: unprivileged echo
          // (net.ipv4.ping_group_range)
};

// One datagram with what the kernel knows about it.
struct ReceivedDatagram {
  std::string payload;
  Endpoint from;
  std::optional<int> ttl;                 // IP_RECVTTL / IPV6_RECVHOPLIMIT
  std::optional<absl::Time> kernel_time;  // SO_TIMESTAMPNS
};

// One entry of a socket's error queue (ip(7), IP_RECVERR; sock_extended_err).
struct QueuedError {
  enum class Origin : uint8_t { kLocal, kIcmp, kIcmpV6, kOther };
  Origin origin = Origin::kOther;
  int error = 0;     // ee_errno
  uint8_t type = 0;  // ICMP type and code when origin is kIcmp or kIcmpV6
  uint8_t code = 0;
  uint32_t info = 0;                    // next-hop MTU of 3/4 and 2/0
  std::optional<IpAddress> offender;    // who sent the ICMP error
  std::optional<Endpoint> destination;  // where our packet was going
  // What is quoted of our packet: for TCP from its TCP header on, for kPing from the ICMP header
  // on, for UDP from behind the UDP header on.
  std::string quoted_payload;
  std::optional<int> ttl;  // of the ICMP error's own packet, where the kernel shows it
  std::optional<absl::Time> kernel_time;
};

// Every socket is non-blocking and close-on-exec. Methods may be called from the owning loop's
// thread only. One implementation makes system calls (linux_socket_ops.h), one is scripted
// (tests/support/fake_socket_ops.h).
class SocketOps {
 public:
  virtual ~SocketOps() = default;

  // A descriptor with the error queue on (IP_RECVERR / IPV6_RECVERR), TTL and timestamps of replies
  // requested.
  virtual SysResult Open(SocketKind kind, IpAddress::Family family) = 0;
  virtual SysResult Bind(int fd, const Endpoint& local) = 0;  // with SO_REUSEADDR; port 0 is any
  virtual SysResult Connect(int fd,
                            const Endpoint& remote) = 0;  // EINPROGRESS is an error value here
  virtual SysResult SetTtl(int fd, IpAddress::Family family, int ttl) = 0;
  virtual SysResult SetDontFragment(int fd, IpAddress::Family family, bool on) = 0;
  // TCP: whether ICMP errors reach the error queue and end the connection, as after Open. Linux
  // queues them during the handshake only; later, while this is on, the first one fails the
  // connection and nothing tells which it was (tcp_v4_err). Off, they are the soft errors of RFC
  // 1122 4.2.3.9.
  virtual SysResult SetErrorQueue(int fd, IpAddress::Family family, bool on) = 0;
  virtual SysResult Send(int fd, absl::string_view payload) = 0;
  virtual SysResult SendTo(int fd, absl::string_view payload, const Endpoint& to) = 0;
  virtual SysResult Receive(int fd,
                            ReceivedDatagram* datagram) = 0;  // EAGAIN when empty; value = octets
  virtual SysResult ReceiveError(int fd, QueuedError* error) = 0;  // EAGAIN when the queue is empty
  virtual SysResult PendingError(int fd) = 0;  // SO_ERROR as value, cleared by reading
  virtual std::optional<Endpoint> LocalEndpoint(int fd) = 0;
  virtual void Close(int fd) = 0;
  // Closes a TCP socket with a reset: no FIN that could be retransmitted into a broken path, and no
  // TIME_WAIT that would keep the 5-tuple from being used again.
  virtual void Abort(int fd) = 0;
};

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_NET_SOCKET_OPS_H_
