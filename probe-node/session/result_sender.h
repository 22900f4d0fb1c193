// Moves results from the spool to the stream, in order and no faster than they are acked.
#ifndef PROBEMESH_PROBE_NODE_SESSION_RESULT_SENDER_H_
#define PROBEMESH_PROBE_NODE_SESSION_RESULT_SENDER_H_

#include <cstdint>

#include "probe-node/session/session_transport.h"
#include "probe-node/spool/result_spool.h"

namespace probemesh::node {

// Loop thread only.
class ResultSender {
 public:
  // Most results sent and not yet acked: 64 of the greatest size stay below what a coordinator
  // takes from one node before it has committed.
  static constexpr uint64_t kWindow = 64;

  // Both must outlive the sender.
  ResultSender(ResultSpool& spool, SessionTransport& transport)
      : spool_(spool), transport_(transport) {}

  // A new stream: everything unacked is sent again.
  void Start();
  void Stop() { active_ = false; }
  // Sends what the window allows. To be called after every result, ack and pause of the outbox.
  void Pump();

 private:
  ResultSpool& spool_;
  SessionTransport& transport_;
  bool active_ = false;
  uint64_t generation_ = 0;
  uint64_t next_ = 0;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_SESSION_RESULT_SENDER_H_
