#include "coordinator/registry/node_registry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/proto_time.h"
#include "coordinator/registry/labels.h"

namespace probemesh::coordinator {
namespace {

// Hex as different libraries print it: "0A:1F", "0a1f", "a1f".
std::string CanonicalSerial(absl::string_view serial) {
  std::string canonical;
  for (const char c : serial) {
    const bool leading_zero = c == '0' && canonical.empty();
    if (c != ':' && !leading_zero) canonical += absl::ascii_tolower(static_cast<unsigned char>(c));
  }
  return canonical;
}

using Serials = std::vector<std::string>;

Serials::const_iterator FindSerial(const Serials& serials, absl::string_view serial) {
  const std::string wanted = CanonicalSerial(serial);
  return std::find_if(serials.begin(), serials.end(), [&wanted](const std::string& known) {
    return CanonicalSerial(known) == wanted;
  });
}

bool SpeaksFor(const StoredNode& node, absl::string_view serial) {
  if (serial.empty() || node.certificate_serials.empty()) return true;
  return FindSerial(node.certificate_serials, serial) != node.certificate_serials.end();
}

v1::Node::State StateOf(const StoredNode& node, bool connected) {
  if (node.revoked) return v1::Node::REVOKED;
  if (!connected) return v1::Node::DISCONNECTED;
  return node.drained ? v1::Node::DRAINING : v1::Node::CONNECTED;
}

}  // namespace

NodeRegistry::NodeRegistry(std::vector<StoredNode> nodes) {
  for (StoredNode& node : nodes) Put(std::move(node));
}

const StoredNode* NodeRegistry::Find(const std::string& name) const {
  const auto entry = entries_.find(name);
  return entry == entries_.end() ? nullptr : &entry->second.stored;
}

const StoredNode* NodeRegistry::FindByKey(absl::string_view spki_sha256) const {
  for (const auto& entry : entries_) {
    if (entry.second.stored.spki_sha256 == spki_sha256) return &entry.second.stored;
  }
  return nullptr;
}

void NodeRegistry::Put(StoredNode node) {
  const std::string name = node.name;
  entries_[name].stored = std::move(node);
}

void NodeRegistry::SetDrained(const std::string& name, bool drained) {
  const auto entry = entries_.find(name);
  if (entry != entries_.end()) entry->second.stored.drained = drained;
}

void NodeRegistry::SetRevoked(const std::string& name, bool revoked) {
  const auto entry = entries_.find(name);
  if (entry != entries_.end()) entry->second.stored.revoked = revoked;
}

absl::Status NodeRegistry::Admit(const std::string& name, absl::string_view uid,
                                 absl::string_view serial) const {
  const StoredNode* node = Find(name);
  if (node == nullptr) {
    return absl::PermissionDeniedError(
        absl::StrCat(name, " is not known to this mesh: enrol it with a new join token"));
  }
  if (node->revoked) return absl::PermissionDeniedError(absl::StrCat(name, " is revoked"));
  const bool other_uid = !uid.empty() && !node->uid.empty() && uid != node->uid;
  if (other_uid || !SpeaksFor(*node, serial)) {
    return absl::PermissionDeniedError(
        absl::StrCat("this certificate no longer speaks for ", name));
  }
  return absl::OkStatus();
}

void NodeRegistry::RetireOlderSerials(const std::string& name, absl::string_view serial) {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) return;
  Serials& serials = entry->second.stored.certificate_serials;
  const auto current = FindSerial(serials, serial);
  if (current != serials.end()) serials.erase(serials.begin(), current);
}

uint64_t NodeRegistry::BeginSession(const std::string& name, const v1::NodeHello& hello,
                                    MonotonicTime now, absl::Time wall) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return 0;
  Entry& entry = found->second;
  const auto wall_epoch = static_cast<uint64_t>(std::max<int64_t>(absl::ToUnixMicros(wall), 0));
  last_epoch_ = std::max(last_epoch_ + 1, wall_epoch);
  if (entry.epoch == 0) ++connected_count_;
  entry.epoch = last_epoch_;
  entry.lease_end = now + kLeaseDuration;
  entry.in_flight = 0;
  entry.clock_offset = ClockOffset();
  v1::Node& node = entry.stored.node;
  *node.mutable_labels() = MergeLabels(hello.labels(), entry.stored.token_labels);
  node.set_group(GroupOf(hello.group(), node.labels(), absl::StripPrefix(name, "nodes/")));
  node.set_version(hello.version());
  *node.mutable_capabilities() = hello.capabilities();
  node.clear_self_check();
  if (hello.has_self_check()) *node.mutable_self_check() = hello.self_check();
  *node.mutable_last_seen_time() = ToProto(wall);
  return entry.epoch;
}

void NodeRegistry::EndSession(const std::string& name, uint64_t epoch, absl::Time wall) {
  Entry* entry = Present(name, epoch);
  if (entry == nullptr) return;
  entry->epoch = 0;
  entry->in_flight = 0;
  --connected_count_;
  *entry->stored.node.mutable_last_seen_time() = ToProto(wall);
}

bool NodeRegistry::OnHeartbeat(const std::string& name, uint64_t epoch,
                               const v1::Heartbeat& heartbeat, MonotonicTime now, absl::Time wall) {
  Entry* entry = Present(name, epoch);
  if (entry == nullptr) return false;
  entry->lease_end = now + kLeaseDuration;
  entry->in_flight = heartbeat.in_flight();
  entry->clock_offset.AddSample(FromProto(heartbeat.send_time()), wall);
  v1::Node& node = entry->stored.node;
  if (heartbeat.has_self_check()) *node.mutable_self_check() = heartbeat.self_check();
  *node.mutable_last_seen_time() = ToProto(wall);
  return true;
}

MonotonicTime NodeRegistry::LeaseEnd(const std::string& name) const {
  const auto entry = entries_.find(name);
  if (entry == entries_.end() || entry->second.epoch == 0) return absl::ZeroDuration();
  return entry->second.lease_end;
}

bool NodeRegistry::IsConnected(const std::string& name) const {
  const auto entry = entries_.find(name);
  return entry != entries_.end() && entry->second.epoch != 0;
}

v1::Node NodeRegistry::View(const std::string& name) const { return ViewOf(entries_.at(name)); }

std::vector<v1::Node> NodeRegistry::Views(bool with_revoked) const {
  std::vector<v1::Node> nodes;
  for (const auto& entry : entries_) {
    if (with_revoked || !entry.second.stored.revoked) nodes.push_back(ViewOf(entry.second));
  }
  return nodes;
}

v1::Node NodeRegistry::ViewOf(const Entry& entry) {
  v1::Node node = entry.stored.node;
  node.set_name(entry.stored.name);
  node.set_uid(entry.stored.uid);
  node.set_state(StateOf(entry.stored, entry.epoch != 0));
  node.set_in_flight(entry.in_flight);
  const std::optional<absl::Duration> offset = entry.clock_offset.Estimate();
  if (offset.has_value()) *node.mutable_clock_offset() = ToProto(*offset);
  return node;
}

NodeRegistry::Entry* NodeRegistry::Present(const std::string& name, uint64_t epoch) {
  const auto entry = entries_.find(name);
  if (entry == entries_.end() || epoch == 0 || entry->second.epoch != epoch) return nullptr;
  return &entry->second;
}

}  // namespace probemesh::coordinator
