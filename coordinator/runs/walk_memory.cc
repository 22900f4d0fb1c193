#include "coordinator/runs/walk_memory.h"

#include "common/net/ip_address.h"
#include "coordinator/planner/probe_specs.h"
#include "coordinator/runs/limits.h"

namespace probemesh::coordinator {
namespace {

v1::AddressFamily FamilyOfWalk(const v1::Observation& walk) {
  const absl::StatusOr<IpAddress> address = IpAddress::Parse(walk.spec().address());
  return address.ok() ? FamilyOf(*address) : v1::ADDRESS_FAMILY_UNSPECIFIED;
}

bool EndedByReset(const v1::TraceEvidence& trace) {
  for (const v1::TraceHop& hop : trace.hops()) {
    for (const v1::Exchange& exchange : hop.exchanges()) {
      if (exchange.reply() == v1::RST) return true;
    }
  }
  return false;
}

// Who answered at which distance, and how; neither flows nor times.
v1::Observation PathOnly(const v1::Observation& walk) {
  v1::Observation path;
  path.set_node(walk.node());
  path.set_command_id(walk.command_id());
  *path.mutable_spec() = walk.spec();
  path.set_outcome(walk.outcome());
  *path.mutable_trace() = walk.trace();
  for (v1::TraceHop& hop : *path.mutable_trace()->mutable_hops()) {
    for (v1::Exchange& exchange : *hop.mutable_exchanges()) {
      exchange.clear_send_offset();
      exchange.clear_receive_offset();
      exchange.clear_flow();
      exchange.clear_local_error();
    }
  }
  return path;
}

}  // namespace

WalkMemory::TargetKey WalkMemory::KeyOf(const v1::Target& target) {
  return {target.scheme(), target.host(), target.port()};
}

WalkMemory::Entries::const_iterator WalkMemory::Oldest(const Entries& entries) {
  return std::min_element(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return a.second.LastTouched() < b.second.LastTouched();
  });
}

bool WalkMemory::Due(const v1::Target& target, const std::string& node, v1::AddressFamily family,
                     MonotonicTime now) const {
  const auto known = targets_.find(KeyOf(target));
  if (known == targets_.end()) return true;
  const Entries& entries = known->second.entries;
  auto entry = entries.find(WalkKey(node, family));
  if (entry == entries.end()) {
    if (entries.size() < kMaxWalksPerTarget) return true;
    entry = Oldest(entries);
  }
  return now - entry->second.LastTouched() >= kFreshWalk;
}

void WalkMemory::NoteAsked(const v1::Target& target, const std::string& node,
                           v1::AddressFamily family, MonotonicTime now) {
  EntryOf(target, WalkKey(node, family)).asked = now;
}

void WalkMemory::NoteNotWalked(const v1::Target& target, const std::string& node,
                               v1::AddressFamily family) {
  const auto known = targets_.find(KeyOf(target));
  if (known == targets_.end()) return;
  const auto entry = known->second.entries.find(WalkKey(node, family));
  if (entry != known->second.entries.end()) entry->second.asked = kNever;
}

void WalkMemory::Keep(const v1::Target& target, const v1::Observation& walk, MonotonicTime now) {
  const v1::AddressFamily family = FamilyOfWalk(walk);
  if (!walk.trace().reached() || family == v1::ADDRESS_FAMILY_UNSPECIFIED) return;
  if (EndedByReset(walk.trace())) return;
  v1::Observation path = PathOnly(walk);
  if (path.ByteSizeLong() > kMaxRememberedWalkOctets) return;
  Entry& entry = EntryOf(target, WalkKey(walk.node(), family));
  entry.seen = now;
  entry.walk = std::move(path);
}

google::protobuf::RepeatedPtrField<v1::Observation> WalkMemory::Recall(const v1::Target& target,
                                                                       MonotonicTime now) {
  google::protobuf::RepeatedPtrField<v1::Observation> walks;
  const auto known = targets_.find(KeyOf(target));
  if (known == targets_.end()) return walks;
  known->second.used = ++uses_;
  for (const auto& [key, entry] : known->second.entries) {
    if (now - entry.seen <= kWalkLifetime) *walks.Add() = entry.walk;
  }
  return walks;
}

WalkMemory::Entries& WalkMemory::EntriesOf(const v1::Target& target) {
  const TargetKey key = KeyOf(target);
  if (targets_.count(key) == 0 && targets_.size() >= kMaxRememberedTargets) {
    targets_.erase(std::min_element(
        targets_.begin(), targets_.end(),
        [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  }
  Remembered& remembered = targets_[key];
  remembered.used = ++uses_;
  return remembered.entries;
}

WalkMemory::Entry& WalkMemory::EntryOf(const v1::Target& target, const WalkKey& key) {
  Entries& entries = EntriesOf(target);
  if (entries.count(key) == 0 && entries.size() >= kMaxWalksPerTarget) {
    entries.erase(Oldest(entries));
  }
  return entries[key];
}

}  // namespace probemesh::coordinator
