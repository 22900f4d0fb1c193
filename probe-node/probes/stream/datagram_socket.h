// One connected UDP or ping socket on the node's loop: datagrams and the error queue, in order.
#ifndef PROBEMESH_PROBE_NODE_PROBES_STREAM_DATAGRAM_SOCKET_H_
#define PROBEMESH_PROBE_NODE_PROBES_STREAM_DATAGRAM_SOCKET_H_

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/event/event_loop.h"
#include "common/net/ip_address.h"
#include "common/net/socket_ops.h"
#include "probemesh/v1/observation.pb.h"

namespace probemesh::node {

// Loop thread only.
class DatagramSocket {
 public:
  // Called from the loop; either may close or destroy the socket.
  class Listener {
   public:
    virtual ~Listener() = default;
    // Only datagrams from the remote address.
    virtual void OnDatagram(DatagramSocket& socket, const ReceivedDatagram& datagram) = 0;
    virtual void OnQueuedError(DatagramSocket& socket, const QueuedError& error) = 0;
  };

  // All references outlive the socket.
  DatagramSocket(EventLoop& loop, SocketOps& sockets, Listener& listener)
      : loop_(loop), sockets_(sockets), listener_(listener) {}
  ~DatagramSocket() { Close(); }
  DatagramSocket(const DatagramSocket&) = delete;
  DatagramSocket& operator=(const DatagramSocket&) = delete;

  // Opens, binds, connects and watches; nothing is sent. `source_port` (kPing: the echo identifier)
  // 0 is any. nullopt, or the call that failed.
  std::optional<v1::LocalError> Connect(SocketKind kind, const Endpoint& remote,
                                        uint16_t source_port);
  std::optional<v1::LocalError> SetTtl(int ttl);
  std::optional<v1::LocalError> SetDontFragment();
  // The error of an earlier packet, which the kernel reports on the next send, is not taken for one
  // of this send.
  std::optional<v1::LocalError> Send(absl::string_view payload);
  void Close();

  // Source and destination; empty before Connect.
  const v1::Flow& flow() const { return flow_; }

 private:
  std::optional<v1::LocalError> Fail(absl::string_view call, int error);
  // False when the listener closed or destroyed the socket.
  bool TakeErrors();
  void TakeDatagrams();

  EventLoop& loop_;
  SocketOps& sockets_;
  Listener& listener_;
  int fd_ = -1;
  bool watched_ = false;
  // Dropped by Close: how a loop over callbacks learns that the socket is gone, or itself is.
  std::shared_ptr<const bool> open_;
  Endpoint remote_;
  v1::Flow flow_;
};

// OK, or FAILED_PRECONDITION when this node may not open ping sockets (net.ipv4.ping_group_range).
absl::Status CheckPingSockets(SocketOps& sockets, IpAddress::Family family);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_STREAM_DATAGRAM_SOCKET_H_
