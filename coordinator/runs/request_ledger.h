// Creation that may be asked for twice (AIP-155): the same request id within an hour returns what
// it made the first time.
#ifndef PROBEMESH_COORDINATOR_RUNS_REQUEST_LEDGER_H_
#define PROBEMESH_COORDINATOR_RUNS_REQUEST_LEDGER_H_

#include <functional>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "coordinator/core/core.h"
#include "coordinator/runs/limits.h"

namespace probemesh::coordinator {

// `Resource` has name(). Core loop only; must outlive the replies that it hands out.
template <typename Resource>
class RequestLedger {
 public:
  using Again = std::function<void(const std::string& name, Reply<Resource> reply)>;

  // Returns the reply with which to answer a creation that is to begin now. Empty when `reply` was
  // seen to: the same creation is under way or done (then `again` answers), or the id was used for
  // another request. An empty id is always a new creation.
  Reply<Resource> Admit(const std::string& request_id, const std::string& fingerprint,
                        MonotonicTime now, Reply<Resource> reply, const Again& again) {
    if (request_id.empty()) return reply;
    if (request_id.size() > kMaxRequestIdOctets) {
      reply(absl::InvalidArgumentError("request_id is longer than 128 characters"));
      return nullptr;
    }
    Expire(now);
    const auto known = entries_.find(request_id);
    if (known == entries_.end()) return Begin(request_id, fingerprint, now, std::move(reply));
    if (known->second.fingerprint != fingerprint) {
      reply(absl::InvalidArgumentError("request_id was used for a different request"));
    } else if (known->second.name.empty()) {
      known->second.waiting.push_back(std::move(reply));
    } else {
      again(known->second.name, std::move(reply));
    }
    return nullptr;
  }

  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string fingerprint;
    std::string name;  // empty while under way
    MonotonicTime expires;
    std::vector<Reply<Resource>> waiting;
  };

  Reply<Resource> Begin(const std::string& request_id, const std::string& fingerprint,
                        MonotonicTime now, Reply<Resource> reply) {
    Entry& entry = entries_[request_id];
    entry.fingerprint = fingerprint;
    entry.expires = now + kRequestIdLifetime;
    entry.waiting.push_back(std::move(reply));
    order_.push_back(request_id);
    return [this, request_id](absl::StatusOr<Resource> resource) { Finish(request_id, resource); };
  }

  // A creation that failed is forgotten, so that it can be tried again.
  void Finish(const std::string& request_id, const absl::StatusOr<Resource>& resource) {
    const auto entry = entries_.find(request_id);
    if (entry == entries_.end()) return;
    std::vector<Reply<Resource>> waiting;
    waiting.swap(entry->second.waiting);
    if (resource.ok()) {
      entry->second.name = resource->name();
    } else {
      order_.remove(request_id);
      entries_.erase(entry);
    }
    for (const Reply<Resource>& reply : waiting) reply(resource);
  }

  // Creations under way are never dropped: their replies must come.
  void Expire(MonotonicTime now) {
    while (!order_.empty()) {
      const auto oldest = entries_.find(order_.front());
      const bool due = oldest->second.expires <= now || order_.size() >= kMaxRequestIds;
      if (!due || oldest->second.name.empty()) return;
      entries_.erase(oldest);
      order_.pop_front();
    }
  }

  std::map<std::string, Entry> entries_;
  std::list<std::string> order_;  // oldest first
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_REQUEST_LEDGER_H_
