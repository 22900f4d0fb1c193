// SessionTransport over gRPC and mTLS.
#ifndef PROBEMESH_PROBE_NODE_SESSION_GRPC_SESSION_TRANSPORT_H_
#define PROBEMESH_PROBE_NODE_SESSION_GRPC_SESSION_TRANSPORT_H_

#include <functional>
#include <memory>
#include <string>

#include "common/event/event_loop.h"
#include "grpcpp/grpcpp.h"
#include "probe-node/session/session_transport.h"

namespace probemesh::node {

// Each stream has a channel of its own, so nothing of one attempt (backoff, TLS session, keys)
// reaches into the next.
class GrpcSessionTransport final : public SessionTransport {
 public:
  // Asked at every Open, on the loop: the identity may have been renewed.
  using CredentialsSource = std::function<std::shared_ptr<grpc::ChannelCredentials>()>;

  // Sent and not yet taken by the network; beyond it Send returns false.
  static constexpr size_t kMaxOutbox = 512;
  // Received and not yet handled; beyond it reading stops, and HTTP/2 holds the coordinator back.
  static constexpr size_t kMaxUnhandled = 64;

  // `loop` must outlive the transport.
  GrpcSessionTransport(EventLoop& loop, CredentialsSource credentials);
  // Drops the stream, and waits up to 2 s for gRPC to be done with it.
  ~GrpcSessionTransport() override;

  void Open(const std::string& coordinator, Events* events) override;
  bool Send(v1::NodeMessage message) override;
  void FinishSending() override;
  void Close() override;

 private:
  class Stream;
  class LiveStreams;

  EventLoop& loop_;
  const CredentialsSource credentials_;
  const std::shared_ptr<LiveStreams> live_;
  std::shared_ptr<Stream> stream_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_SESSION_GRPC_SESSION_TRANSPORT_H_
