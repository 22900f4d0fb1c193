// The node's side of the session protocol (node_service.proto): connect, prove alive, take
// commands, deliver results, come back. A pure state machine over a transport, an event loop and
// randomness.
#ifndef PROBEMESH_PROBE_NODE_SESSION_SESSION_H_
#define PROBEMESH_PROBE_NODE_SESSION_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/base/random.h"
#include "common/event/event_loop.h"
#include "common/event/loop_timer.h"
#include "probe-node/session/clock_offset.h"
#include "probe-node/session/command_ledger.h"
#include "probe-node/session/reconnect_delay.h"
#include "probe-node/session/result_sender.h"
#include "probe-node/session/session_host.h"
#include "probe-node/session/session_transport.h"
#include "probe-node/spool/result_spool.h"

namespace probemesh::node {

// Loop thread only.
class Session final : private SessionTransport::Events {
 public:
  enum class State {
    kWaiting,     // no stream; before Start, or until the next attempt
    kConnecting,  // hello sent, the coordinator's is awaited
    kOpen,
    kDraining,  // open; to be closed once nothing runs and nothing is unacked
    kLeaving,   // goodbye sent; the last acks are awaited
    kLeft,
  };

  // Everything must outlive the session. `coordinators`, at least one "host:port", are tried in
  // turn.
  Session(std::vector<std::string> coordinators, EventLoop& loop, Random& random,
          SessionTransport& transport, ResultSpool& spool, SessionHost& host,
          CertificateRenewer& renewer);
  ~Session() override;

  // Connects, and keeps on connecting until Leave.
  void Start();

  // The command's result is in the spool.
  void OnResultStored(const std::string& command_id);

  // A heartbeat out of turn, so that news (a self-check) does not wait for the next one. No-op
  // without a session.
  void SendHeartbeat();

  // Says goodbye and waits, at most 3 s, for the acks of what has been sent; then calls `done`,
  // never from inside. To be called once.
  void Leave(const std::string& reason, std::function<void()> done);

  State state() const { return state_; }
  uint64_t epoch() const { return epoch_; }
  const ClockOffset& clock_offset() const { return clock_offset_; }

 private:
  void OnTransportMessage(v1::CoordinatorMessage message, MonotonicTime received_at) override;
  void OnTransportClosed(absl::Status status) override;

  void Connect();
  void SendHello();
  void OnHello(const v1::CoordinatorHello& hello);
  void OnHeartbeatReply(const v1::HeartbeatReply& reply, MonotonicTime received_at);
  void OnRunProbe(const v1::RunProbe& command, MonotonicTime received_at);
  void OnCancelProbe(const v1::CancelProbe& cancel);
  void OnResultAck(const v1::ResultAck& ack);
  void OnDrain(const v1::Drain& drain);

  bool is_open() const { return state_ == State::kOpen || state_ == State::kDraining; }
  void RenewCertificate();
  void FinishDrainIfDone();
  void SayGoodbye(const std::string& reason);
  void WatchLease(absl::Duration limit, const std::string& complaint);
  // The stream is over, by itself or because we drop it: plan the next.
  void EndStream(const absl::Status& status);
  absl::Duration DelayAfter(const absl::Status& status);
  void LogEnd(const absl::Status& status, absl::Duration next_try);
  void FinishLeaving();
  absl::Duration Now() const { return loop_.clock().Monotonic(); }

  const std::vector<std::string> coordinators_;
  EventLoop& loop_;
  SessionTransport& transport_;
  ResultSpool& spool_;
  SessionHost& host_;
  CertificateRenewer& renewer_;

  State state_ = State::kWaiting;
  size_t coordinator_ = 0;  // index of the one in use
  uint64_t hello_generation_ = 0;
  uint64_t epoch_ = 0;
  MonotonicTime opened_at_;
  MonotonicTime not_before_;  // no connect earlier than this: a drain asked for it
  absl::Duration heartbeat_interval_;
  absl::Duration lease_;
  uint64_t heartbeat_sequence_ = 0;
  bool skew_reported_ = false;
  std::string last_failure_;  // as logged
  int unlogged_failures_ = 0;
  std::function<void()> left_;

  ClockOffset clock_offset_;
  CommandLedger ledger_;
  ReconnectDelay reconnect_delay_;
  ResultSender sender_;
  LoopTimer connect_timer_;
  LoopTimer heartbeat_timer_;
  LoopTimer lease_timer_;
  LoopTimer limit_timer_;  // of draining and of leaving
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_SESSION_SESSION_H_
