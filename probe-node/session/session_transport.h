// One stream to one coordinator at a time, as the session sees it.
#ifndef PROBEMESH_PROBE_NODE_SESSION_SESSION_TRANSPORT_H_
#define PROBEMESH_PROBE_NODE_SESSION_SESSION_TRANSPORT_H_

#include <string>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "probemesh/v1/node_service.pb.h"

namespace probemesh::node {

// Loop thread only. Implemented over gRPC (grpc_session_transport.h) and by tests.
class SessionTransport {
 public:
  // Called on the loop, never from inside a method of the transport.
  class Events {
   public:
    virtual ~Events() = default;
    // `received_at` is when the message left the network, before it waited for the loop.
    virtual void OnTransportMessage(v1::CoordinatorMessage message, MonotonicTime received_at) = 0;
    // The stream is over: once for each Open, unless Close came first.
    virtual void OnTransportClosed(absl::Status status) = 0;
  };

  virtual ~SessionTransport() = default;

  // Starts a new stream to "host:port". Messages may be sent at once. The stream before it, if any,
  // is closed. `events` must outlive the stream.
  virtual void Open(const std::string& coordinator, Events* events) = 0;

  // False when the bounded outbox is full or no stream is open; the message is then dropped.
  virtual bool Send(v1::NodeMessage message) = 0;

  // Half-closes once everything sent so far has been handed to the network; Send returns false from
  // now on.
  virtual void FinishSending() = 0;

  // Drops the stream at once. No event of it comes after this.
  virtual void Close() = 0;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_SESSION_SESSION_TRANSPORT_H_
