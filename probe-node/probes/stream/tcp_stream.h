// One TCP connection on the node's loop, with what the kernel learnt about how it began and ended.
#ifndef PROBEMESH_PROBE_NODE_PROBES_STREAM_TCP_STREAM_H_
#define PROBEMESH_PROBE_NODE_PROBES_STREAM_TCP_STREAM_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "common/event/event_loop.h"
#include "common/net/ip_address.h"
#include "common/net/socket_ops.h"
#include "probemesh/v1/observation.pb.h"

namespace probemesh::node {

// Loop thread only. It has no deadline of its own: the owner destroys it, which closes the socket.
class TcpStream {
 public:
  // Called from the loop, never from inside Connect or Send. Every call may destroy the stream.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnStreamConnected() = 0;
    // At most 64 KiB, never empty.
    virtual void OnStreamData(absl::string_view data) = 0;
    // The last call. Before the connection: REFUSED, ICMP_ERROR or LOCAL_ERROR. After it: RESET,
    // CLOSED (orderly end of the peer's data) or LOCAL_ERROR.
    virtual void OnStreamEnded(v1::Outcome outcome) = 0;
  };

  // `start` is what the offsets of the exchange are relative to. All references outlive the stream.
  TcpStream(EventLoop& loop, SocketOps& sockets, MonotonicTime start, Listener& listener);
  ~TcpStream();
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;

  // Call once. `source_port` 0 is any; `ttl` 0 is the system's default.
  void Connect(const Endpoint& remote, uint16_t source_port, int ttl = 0);
  // After OnStreamConnected only. Keeps what the kernel does not take yet.
  void Send(absl::string_view bytes);
  // Hands the connected, unwatched descriptor to the caller, who closes it with SocketOps::Close.
  // Its error queue is off: from here on, ICMP errors end nothing (see SocketOps::SetErrorQueue).
  int Release();
  // Ends a connection that answers no more, silently and with a reset: octets that nobody
  // acknowledged would be retransmitted for a minute otherwise, and draw ICMP errors from routers
  // that ration them.
  void Abort();

  bool connected() const { return connected_; }
  // The handshake: SYN sent and what came back. NO_REPLY until something did.
  const v1::Exchange& exchange() const { return exchange_; }
  // Of the handshake, whether it ended that or not; in `exchange` too.
  const std::optional<v1::IcmpError>& icmp_error() const { return icmp_error_; }
  const std::optional<v1::LocalError>& local_error() const { return local_error_; }

 private:
  bool OpenAndConnect(const Endpoint& remote, uint16_t source_port, int ttl);
  bool FailLocally(absl::string_view call, int error);
  void EndLater(v1::Outcome outcome);
  void OnReady(uint32_t ready);
  void OnConnecting(uint32_t ready);
  void TakeErrorQueue();
  void RecordReply(v1::ReplyKind reply);
  void EndConnecting(int error);
  void FlushOutput();
  void ReadOnce();
  void EndReading(int error);
  void End(v1::Outcome outcome);
  void CloseSocket();

  EventLoop& loop_;
  SocketOps& sockets_;
  const MonotonicTime start_;
  Listener& listener_;
  int fd_ = -1;
  bool watched_ = false;
  bool connected_ = false;
  bool ended_ = false;
  TimerId end_timer_ = 0;
  Endpoint remote_;
  std::string output_;
  v1::Exchange exchange_;
  std::optional<absl::Time> error_time_;
  std::optional<int> error_ttl_;
  std::optional<v1::IcmpError> icmp_error_;
  std::optional<v1::LocalError> local_error_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_STREAM_TCP_STREAM_H_
