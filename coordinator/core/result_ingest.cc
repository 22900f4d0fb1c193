#include "coordinator/core/result_ingest.h"

#include <algorithm>
#include <map>
#include <utility>

#include "common/log/log.h"
#include "coordinator/core/limits.h"

namespace probemesh::coordinator {

// Shared with the store's thread, which writes `results` before the loop reads it.
struct ResultIngest::Commit {
  struct Place {
    size_t batch = 0;
    size_t item = 0;
  };
  std::vector<IngestBatch> batches;
  std::vector<Place> places;  // of committing_[i] in `batches`
  absl::StatusOr<std::vector<IngestResult>> results;
};

ResultIngest::ResultIngest(EventLoop& loop, StoreExecutor& store, Handler& handler,
                           CoreCounters& counters)
    : loop_(loop), store_(store), handler_(handler), counters_(counters) {}

ResultIngest::~ResultIngest() {
  if (retry_timer_ != 0) loop_.CancelTimer(retry_timer_);
}

void ResultIngest::Add(ReceivedResult result) {
  octets_ += result.octets;
  waiting_.push_back(std::move(result));
  if (committing_.empty()) StartCommit();
}

void ResultIngest::StartCommit() {
  size_t octets = 0;
  while (!waiting_.empty() && committing_.size() < kMaxCommitResults && octets < kMaxCommitOctets) {
    octets += waiting_.front().octets;
    committing_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  if (!committing_.empty()) Submit();
}

// Results of one node and generation go together; a new session starts a batch of its own, since
// only the first result of a batch may jump over a gap.
std::shared_ptr<ResultIngest::Commit> ResultIngest::MakeCommit() const {
  auto commit = std::make_shared<Commit>();
  std::vector<IngestBatch>& batches = commit->batches;
  std::map<std::pair<std::string, uint64_t>, size_t> open;
  for (const ReceivedResult& result : committing_) {
    const std::pair<std::string, uint64_t> key(result.node, result.generation);
    if (result.first_of_session || open.count(key) == 0) {
      open[key] = batches.size();
      batches.emplace_back();
      batches.back().node = result.node;
      batches.back().spool_generation = result.generation;
      batches.back().allow_gap = result.first_of_session;
    }
    std::vector<IngestItem>& items = batches[open[key]].items;
    commit->places.push_back({open[key], items.size()});
    items.push_back(result.item);
  }
  return commit;
}

void ResultIngest::Submit() {
  const std::shared_ptr<Commit> commit = MakeCommit();
  store_.Submit([commit](Store& store) { commit->results = store.IngestAll(commit->batches); },
                [this, commit, alive = std::weak_ptr<bool>(alive_)] {
                  if (!alive.expired()) OnDone(*commit);
                });
}

void ResultIngest::OnDone(const Commit& commit) {
  if (!commit.results.ok()) {
    OnFailure(commit.results.status());
    return;
  }
  Deliver(commit);
  StartCommit();
}

void ResultIngest::OnFailure(const absl::Status& status) {
  ++counters_.store_errors;
  LogError("ingest_failed", {{"status", status.ToString()}});
  std::vector<ReceivedResult> kept;
  std::vector<ReceivedResult> dropped;
  for (ReceivedResult& result : committing_) {
    (handler_.IsLive(result.session) ? kept : dropped).push_back(std::move(result));
  }
  committing_ = std::move(kept);
  for (const ReceivedResult& result : dropped) octets_ -= result.octets;
  retry_timer_ = loop_.ScheduleAfter(kStoreRetryDelay, [this] {
    retry_timer_ = 0;
    committing_.empty() ? StartCommit() : Submit();
  });
  for (const ReceivedResult& result : dropped) handler_.OnDropped(result);
}

void ResultIngest::Deliver(const Commit& commit) {
  const std::vector<ReceivedResult> committed = std::exchange(committing_, {});
  for (const ReceivedResult& result : committed) octets_ -= result.octets;
  std::map<std::pair<SessionId, uint64_t>, uint64_t> acks;
  for (size_t i = 0; i < committed.size(); ++i) {
    const Commit::Place& place = commit.places[i];
    const IngestResult& outcome = (*commit.results)[place.batch];
    const bool accepted =
        std::binary_search(outcome.accepted.begin(), outcome.accepted.end(), place.item);
    acks[{committed[i].session, committed[i].generation}] = outcome.acked_sequence;
    handler_.OnResult(committed[i], accepted, outcome.acked_sequence);
  }
  for (const auto& ack : acks) handler_.OnAck(ack.first.first, ack.first.second, ack.second);
}

}  // namespace probemesh::coordinator
