// How long to stay away after a session ended or never began.
#ifndef PROBEMESH_PROBE_NODE_SESSION_RECONNECT_DELAY_H_
#define PROBEMESH_PROBE_NODE_SESSION_RECONNECT_DELAY_H_

#include "absl/time/time.h"
#include "common/base/random.h"

namespace probemesh::node {

// Full jitter that grows from one failure to the next: between 200 ms and a limit of 2 s, then 4 s,
// 8 s, up to the spread. A pure calculation.
class ReconnectDelay {
 public:
  static constexpr absl::Duration kLeast = absl::Milliseconds(200);
  static constexpr absl::Duration kFirstLimit = absl::Seconds(2);
  static constexpr absl::Duration kDefaultSpread = absl::Seconds(10);
  static constexpr absl::Duration kMaxSpread = absl::Minutes(10);
  // An answer that more attempts will not change, like "revoked".
  static constexpr absl::Duration kRefusedLeast = absl::Minutes(1);
  static constexpr absl::Duration kRefusedLimit = absl::Minutes(2);

  explicit ReconnectDelay(Random& random) : random_(random) {}

  // As a coordinator advertises it: what a fleet needs to come back without trampling it.
  void set_spread(absl::Duration spread);
  // A session stood: the next failure is a first one.
  void Reset() { failures_ = 0; }

  absl::Duration Next();
  absl::Duration NextAfterRefusal();

 private:
  Random& random_;
  absl::Duration spread_ = kDefaultSpread;
  int failures_ = 0;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_SESSION_RECONNECT_DELAY_H_
