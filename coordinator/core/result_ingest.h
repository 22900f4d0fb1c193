// From received to committed: results of all nodes in batches through the store, in order, with one
// transaction under way at a time.
#ifndef PROBEMESH_COORDINATOR_CORE_RESULT_INGEST_H_
#define PROBEMESH_COORDINATOR_CORE_RESULT_INGEST_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/event/event_loop.h"
#include "coordinator/core/core.h"
#include "coordinator/core/core_counters.h"
#include "coordinator/store/store_executor.h"

namespace probemesh::coordinator {

struct ReceivedResult {
  SessionId session = 0;
  std::string node;
  uint64_t generation = 0;
  IngestItem item;
  // The first of its session: what lies before it is not at the node any more.
  bool first_of_session = false;
  size_t octets = 0;
};

// Core loop only.
class ResultIngest {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    // A session that is gone has its results kept while the store works, and dropped when it fails:
    // the node has them still.
    virtual bool IsLive(SessionId session) const = 0;
    // `accepted`: new, and safe. Otherwise committed earlier, or beyond a gap
    // (sequence > acked_sequence). Called for the results of a commit in order of arrival.
    virtual void OnResult(const ReceivedResult& result, bool accepted, uint64_t acked_sequence) = 0;
    virtual void OnDropped(const ReceivedResult& result) = 0;
    // After the OnResult calls of a commit, once for each session in it: tell the node.
    virtual void OnAck(SessionId session, uint64_t generation, uint64_t acked_sequence) = 0;
  };

  // All must outlive this.
  ResultIngest(EventLoop& loop, StoreExecutor& store, Handler& handler, CoreCounters& counters);
  ~ResultIngest();

  void Add(ReceivedResult result);

  // Octets received and not yet committed or dropped.
  size_t octets() const { return octets_; }
  bool idle() const { return waiting_.empty() && committing_.empty(); }

 private:
  struct Commit;

  void StartCommit();
  void Submit();
  void OnDone(const Commit& commit);
  void OnFailure(const absl::Status& status);
  void Deliver(const Commit& commit);
  std::shared_ptr<Commit> MakeCommit() const;

  EventLoop& loop_;
  StoreExecutor& store_;
  Handler& handler_;
  CoreCounters& counters_;
  std::deque<ReceivedResult> waiting_;
  std::vector<ReceivedResult> committing_;
  size_t octets_ = 0;
  TimerId retry_timer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_CORE_RESULT_INGEST_H_
