// Walks that reached their target, by target: what later diagnoses of it learn its paths from.
#ifndef PROBEMESH_COORDINATOR_RUNS_WALK_MEMORY_H_
#define PROBEMESH_COORDINATOR_RUNS_WALK_MEMORY_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "common/base/clock.h"
#include "probemesh/v1/diagnosis.pb.h"
#include "probemesh/v1/observation.pb.h"
#include "probemesh/v1/target.pb.h"

namespace probemesh::coordinator {

// A pure data structure, bounded by kMaxRememberedTargets and kMaxWalksPerTarget. A target is known
// by scheme, host and port. It forgets everything when the process ends.
class WalkMemory {
 public:
  // True if this vantage has neither walked nor been asked to within kFreshWalk, and there is room.
  bool Due(const v1::Target& target, const std::string& node, v1::AddressFamily family,
           MonotonicTime now) const;
  void NoteAsked(const v1::Target& target, const std::string& node, v1::AddressFamily family,
                 MonotonicTime now);
  // Nothing will come of the asking: it may be repeated.
  void NoteNotWalked(const v1::Target& target, const std::string& node, v1::AddressFamily family);

  // Keeps what paths are learnt from, if the walk reached its target and is of bearable size; no
  // walk that a reset ended, because a firewall may have sent it. Replaces the earlier one of this
  // vantage and family.
  void Keep(const v1::Target& target, const v1::Observation& walk, MonotonicTime now);

  // Walks of at most kWalkLifetime ago, by node and family.
  google::protobuf::RepeatedPtrField<v1::Observation> Recall(const v1::Target& target,
                                                             MonotonicTime now);

  size_t target_count() const { return targets_.size(); }

 private:
  static constexpr MonotonicTime kNever = -absl::InfiniteDuration();
  using TargetKey = std::tuple<int, std::string, uint32_t>;
  using WalkKey = std::pair<std::string, v1::AddressFamily>;
  struct Entry {
    MonotonicTime asked = kNever;
    MonotonicTime seen = kNever;
    v1::Observation walk;  // if it was seen
    MonotonicTime LastTouched() const { return std::max(asked, seen); }
  };
  using Entries = std::map<WalkKey, Entry>;
  struct Remembered {
    uint64_t used = 0;  // the lowest goes first
    Entries entries;
  };

  static TargetKey KeyOf(const v1::Target& target);
  static Entries::const_iterator Oldest(const Entries& entries);
  Entries& EntriesOf(const v1::Target& target);
  Entry& EntryOf(const v1::Target& target, const WalkKey& key);

  std::map<TargetKey, Remembered> targets_;
  uint64_t uses_ = 0;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_WALK_MEMORY_H_
