// One node session: the stream on gRPC's threads, its messages on the core's loop.
#ifndef PROBEMESH_COORDINATOR_SESSION_SESSION_STREAM_H_
#define PROBEMESH_COORDINATOR_SESSION_SESSION_STREAM_H_

#include <memory>

#include "common/event/event_loop.h"
#include "common/rpc/stream_writer.h"
#include "coordinator/core/core_gate.h"
#include "grpcpp/grpcpp.h"
#include "probemesh/v1/node_service.pb.h"

namespace probemesh::coordinator {

// Back-pressure: a message is read only after the core has taken the one before, so a session never
// has more than one in the loop's queue, and HTTP/2 flow control slows down the node.
class SessionStream final : public grpc::ServerBidiReactor<v1::NodeMessage, v1::CoordinatorMessage>,
                            public SessionSink,
                            public std::enable_shared_from_this<SessionStream> {
 public:
  // Opens the session with the core, then reads. gRPC keeps the stream alive until OnDone, the core
  // for as long as it likes. `gate` must outlive both.
  static grpc::ServerBidiReactor<v1::NodeMessage, v1::CoordinatorMessage>* Start(
      CoreGate& gate, grpc::CallbackServerContext* context, PeerIdentity peer);

  SessionStream(CoreGate& gate, grpc::CallbackServerContext* context, PeerIdentity peer);

  // SessionSink. A peer that does not take what is sent to it within some seconds of Close, or
  // whose outbox overflows, is cut off.
  bool Send(v1::CoordinatorMessage message) override;
  void Close(absl::Status reason) override;

  // Reactions, on gRPC's threads.
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // On the loop.
  void Open(Core& core);
  void Deliver(Core& core);
  void EndOfMessages();
  void Closed(Core& core);
  void ArmCutOff();

  void ReadNext();
  void CutOff();

  CoreGate& gate_;
  grpc::CallbackServerContext* const context_;  // valid until OnDone
  const PeerIdentity peer_;
  StreamWriter<v1::CoordinatorMessage> writer_;
  // Belongs to gRPC while a read is outstanding, to the loop otherwise.
  v1::NodeMessage incoming_;
  std::shared_ptr<SessionStream> self_;  // until OnDone

  // On the loop.
  SessionId id_ = 0;
  bool said_goodbye_ = false;  // with its latest message
  TimerId expiry_timer_ = 0;
  TimerId cut_off_timer_ = 0;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_SESSION_SESSION_STREAM_H_
