// Every node that the mesh knows: who it is, what it can do, and whether it is here.
#ifndef PROBEMESH_COORDINATOR_REGISTRY_NODE_REGISTRY_H_
#define PROBEMESH_COORDINATOR_REGISTRY_NODE_REGISTRY_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "coordinator/registry/clock_offset.h"
#include "coordinator/store/store.h"
#include "probemesh/v1/node.pb.h"
#include "probemesh/v1/node_service.pb.h"

namespace probemesh::coordinator {

inline constexpr absl::Duration kHeartbeatInterval = absl::Seconds(10);
// Three heartbeats: one may be lost and one late before a node counts as gone.
inline constexpr absl::Duration kLeaseDuration = absl::Seconds(30);

// Memory only: whoever changes it writes the StoredNode to the store. One thread. Names are full
// ("nodes/fra-1"); methods that take one are no-ops for a name that is unknown.
class NodeRegistry {
 public:
  explicit NodeRegistry(std::vector<StoredNode> nodes);

  // nullptr when unknown. Valid until the next change of the registry.
  const StoredNode* Find(const std::string& name) const;
  const StoredNode* FindByKey(absl::string_view spki_sha256) const;
  void Put(StoredNode node);
  void SetDrained(const std::string& name, bool drained);
  void SetRevoked(const std::string& name, bool revoked);

  // May the holder of this certificate open a session? PERMISSION_DENIED that says why not. An
  // empty `uid` or `serial` is not compared.
  absl::Status Admit(const std::string& name, absl::string_view uid,
                     absl::string_view serial) const;

  // The node holds this certificate: those issued before it no longer speak for the node.
  void RetireOlderSerials(const std::string& name, absl::string_view serial);

  // The node is here; returns the session's epoch, greater than any before it, also those of
  // earlier processes as long as the wall clock does not run backwards meanwhile.
  uint64_t BeginSession(const std::string& name, const v1::NodeHello& hello, MonotonicTime now,
                        absl::Time wall);
  // No-op unless `epoch` is the node's present one: a fenced session changes nothing.
  void EndSession(const std::string& name, uint64_t epoch, absl::Time wall);
  // Renews the lease. False for a fenced session.
  bool OnHeartbeat(const std::string& name, uint64_t epoch, const v1::Heartbeat& heartbeat,
                   MonotonicTime now, absl::Time wall);
  // When the node's lease runs out; zero when it is not connected.
  MonotonicTime LeaseEnd(const std::string& name) const;
  bool IsConnected(const std::string& name) const;
  size_t connected_count() const { return connected_count_; }
  size_t size() const { return entries_.size(); }

  // The resource as users see it. Precondition: Find(name) is not null.
  v1::Node View(const std::string& name) const;
  // By name.
  std::vector<v1::Node> Views(bool with_revoked) const;

 private:
  struct Entry {
    StoredNode stored;
    uint64_t epoch = 0;  // 0: not connected
    MonotonicTime lease_end;
    uint32_t in_flight = 0;
    ClockOffset clock_offset;
  };

  static v1::Node ViewOf(const Entry& entry);
  Entry* Present(const std::string& name, uint64_t epoch);

  std::map<std::string, Entry> entries_;
  uint64_t last_epoch_ = 0;
  size_t connected_count_ = 0;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_REGISTRY_NODE_REGISTRY_H_
