// What a walk has sent and seen so far, and what that says about how to go on.
#ifndef PROBEMESH_PROBE_NODE_PROBES_TRACE_WALK_TABLE_H_
#define PROBEMESH_PROBE_NODE_PROBES_TRACE_WALK_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/net/ip_address.h"
#include "probemesh/v1/observation.pb.h"

namespace probemesh::node {

// Silence that was listened to for less is no evidence.
inline constexpr absl::Duration kMinListen = absl::Milliseconds(200);

// Pure: no clock, no socket.
class WalkTable {
 public:
  // Offsets of exchanges are relative to `start`.
  WalkTable(const IpAddress& target, MonotonicTime start) : target_(target), start_(start) {}

  // A packet is meant to be sent; returns its number.
  size_t Add(int ttl);
  // `spend`: packets to that distance before this one, as the governor counts.
  void MarkSent(size_t packet, MonotonicTime now, uint32_t spend);
  void SetFlow(size_t packet, const v1::Flow& flow);
  void SetAnswer(size_t packet, const v1::Exchange& answer);
  // From now on nobody's silence is evidence: one of the silent may have been the one who answered.
  void NoteUnattributedAnswer() { unattributed_ = true; }

  int TtlOf(size_t packet) const { return packets_[packet].ttl; }
  bool AnyLeft() const;          // did a packet leave this node?
  bool AllSent(int ttl) const;   // is none of its packets still waiting for the governor?
  bool Answered(int ttl) const;  // by the network; a local failure is no answer
  bool AllAnswered() const;      // every packet so far, and there is one
  MonotonicTime LastSent(int ttl) const;

  // The lowest TTL at which the target itself answered.
  std::optional<int> reached() const { return reached_; }
  // Where the walk ends for want of anything behind it: reached(), or else the lowest TTL at which
  // a router called the target unreachable.
  std::optional<int> end() const { return reached_ ? reached_ : unreachable_; }
  // No packet beyond this TTL can say anything new: the lower of both.
  std::optional<int> barrier() const;
  // How long the answer at end() took.
  absl::Duration rtt_at_end() const { return reached_ ? reached_rtt_ : unreachable_rtt_; }

  // ANSWERED: reached. ICMP_ERROR: not reached, and called unreachable. SILENT, also when routers
  // told of expired TTLs all the way. LOCAL_ERROR: nothing left this node. NOT_RUN: nothing was
  // sent.
  v1::Outcome OutcomeNow() const;
  void Fill(MonotonicTime now, v1::TraceEvidence* evidence) const;
  // The first local failure.
  std::optional<v1::LocalError> FirstLocalError() const;

 private:
  struct Packet {
    int ttl = 0;
    bool sent = false;
    bool answered = false;
    MonotonicTime sent_at;
    v1::Exchange exchange;
  };

  bool FromTarget(const v1::Exchange& answer) const;
  v1::ReplyKind KindOfSilence(const Packet& packet, MonotonicTime now) const;
  std::map<int, v1::TraceHop> Hops(MonotonicTime now) const;
  void FillLoop(v1::TraceEvidence* evidence) const;

  const IpAddress target_;
  const MonotonicTime start_;
  std::vector<Packet> packets_;
  std::optional<int> reached_;
  std::optional<int> unreachable_;
  absl::Duration reached_rtt_;
  absl::Duration unreachable_rtt_;
  bool unattributed_ = false;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_TRACE_WALK_TABLE_H_
