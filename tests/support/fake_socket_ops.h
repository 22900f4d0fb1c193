// The probed network as a script: every packet that leaves is shown to the test, which decides what
// comes back, and when.
#ifndef PROBEMESH_TESTS_SUPPORT_FAKE_SOCKET_OPS_H_
#define PROBEMESH_TESTS_SUPPORT_FAKE_SOCKET_OPS_H_

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/net/socket_ops.h"
#include "tests/support/manual_event_loop.h"

namespace probemesh {

// Behaves as Linux does where probes can notice: an ICMP error sets the socket's pending error,
// which the next Send, SendTo or Receive returns once; taking the last ICMP entry off the error
// queue clears it; a TCP socket dies of its first ICMP error, which is queued during the handshake
// only. Answers to sockets
// that are closed by then are lost. Numbers of descriptors are never used twice.
class FakeSocketOps final : public SocketOps {
 public:
  struct Packet {
    int fd = -1;
    SocketKind kind = SocketKind::kTcp;
    Endpoint from;
    Endpoint to;
    int ttl = 0;  // 0: the system's default
    bool dont_fragment = false;
    std::string payload;     // empty for a SYN
    bool handshake = false;  // true for the SYN of Connect
  };
  enum class Call { kOpen, kBind, kConnect, kSetTtl, kSend };

  explicit FakeSocketOps(ManualEventLoop& loop) : loop_(loop) {}

  // Called for every packet, from inside Connect, Send or SendTo. Without one, all is silence.
  void set_network(std::function<void(const Packet&)> network) { network_ = std::move(network); }
  // Source addresses that connected and sending sockets get.
  void set_local_v4(const IpAddress& address) { local_v4_ = address; }
  void set_local_v6(const IpAddress& address) { local_v6_ = address; }

  // The next `times` calls of this kind return `error` and do nothing.
  void FailNext(Call call, int error, int times = 1);
  // Opens of this kind and family return `error` from now on; 0 heals.
  void FailOpens(SocketKind kind, IpAddress::Family family, int error);

  // TCP: the handshake ends well, or with `error` and nothing in the error queue (ECONNREFUSED is
  // what a reset looks like).
  void CompleteConnect(int fd, absl::Duration delay);
  void FailConnect(int fd, absl::Duration delay, int error);
  // A datagram, or bytes of a stream; an empty one ends the stream.
  void Deliver(int fd, absl::Duration delay, ReceivedDatagram datagram);
  void DeliverError(int fd, absl::Duration delay, QueuedError error);
  // An entry that is in the error queue only: no pending error, and a handshake goes on. Linux does
  // so when the ICMP error meets a connect() that still holds the socket's lock.
  void QueueErrorOnly(int fd, absl::Duration delay, QueuedError error);
  // A wakeup without a cause: the descriptor is reported with `ready` for one instant.
  void WakeSpuriously(int fd, absl::Duration delay, uint32_t ready);

  const std::vector<Packet>& packets() const { return packets_; }
  size_t open_count() const { return sockets_.size(); }
  size_t aborted_count() const { return aborted_; }

  SysResult Open(SocketKind kind, IpAddress::Family family) override;
  SysResult Bind(int fd, const Endpoint& local) override;
  SysResult Connect(int fd, const Endpoint& remote) override;
  SysResult SetTtl(int fd, IpAddress::Family family, int ttl) override;
  SysResult SetDontFragment(int fd, IpAddress::Family family, bool on) override;
  SysResult SetErrorQueue(int fd, IpAddress::Family family, bool on) override;
  SysResult Send(int fd, absl::string_view payload) override;
  SysResult SendTo(int fd, absl::string_view payload, const Endpoint& to) override;
  SysResult Receive(int fd, ReceivedDatagram* datagram) override;
  SysResult ReceiveError(int fd, QueuedError* error) override;
  SysResult PendingError(int fd) override;
  std::optional<Endpoint> LocalEndpoint(int fd) override;
  void Close(int fd) override;
  void Abort(int fd) override;

 private:
  struct Socket {
    SocketKind kind = SocketKind::kTcp;
    IpAddress::Family family = IpAddress::Family::kV4;
    Endpoint local;
    std::optional<Endpoint> remote;
    int ttl = 0;
    bool dont_fragment = false;
    bool connecting = false;
    bool connected = false;
    bool hung_up = false;
    bool error_queue = true;
    int pending_error = 0;
    std::deque<ReceivedDatagram> input;
    std::deque<QueuedError> errors;
  };

  Socket* Find(int fd);
  std::optional<SysResult> PlannedFailure(Call call);
  void AssignLocal(Socket* socket);
  void Emit(int fd, const Endpoint& to, absl::string_view payload, bool handshake);
  void Later(int fd, absl::Duration delay, std::function<void(Socket&)> change);
  void Refresh(int fd);

  ManualEventLoop& loop_;
  std::function<void(const Packet&)> network_;
  std::map<int, Socket> sockets_;
  std::map<Call, std::deque<int>> failures_;
  std::map<std::pair<SocketKind, IpAddress::Family>, int> broken_opens_;
  std::vector<Packet> packets_;
  size_t aborted_ = 0;
  int next_fd_ = 1000;
  uint16_t next_port_ = 40000;
  IpAddress local_v4_ = IpAddress::V4({192, 0, 2, 10});
  IpAddress local_v6_ =
      IpAddress::V6({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10});
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_FAKE_SOCKET_OPS_H_
