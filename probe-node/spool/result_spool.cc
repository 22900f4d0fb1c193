#include "probe-node/spool/result_spool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"

namespace probemesh::node {
namespace {

// Emptying the file in place is cheap; this only keeps it from happening for every single ack.
constexpr uint64_t kCompactEmptyAbove = 256 << 10;
// Rewriting costs as much as what is alive, so it must free at least as much.
constexpr uint64_t kCompactGarbageAbove = 8 << 20;
constexpr int kCallsBetweenRetries = 30;

std::string DroppedObservation(const std::string& serialised) {
  v1::Observation whole;
  whole.ParseFromString(serialised);
  v1::Observation left;
  left.set_command_id(whole.command_id());
  *left.mutable_start_time() = whole.start_time();
  left.set_outcome(v1::NOT_RUN);
  left.set_not_run_reason(v1::OVERLOADED);
  left.set_detail("the node's spool was full before a coordinator took this result");
  return left.SerializeAsString();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ResultSpool>> ResultSpool::Open(const std::string& dir,
                                                               Random& random,
                                                               const SpoolLimits& limits) {
  const std::string path = absl::StrCat(dir, "/spool");
  auto contents = SpoolFile::Read(path);
  if (!contents.ok() && !absl::IsNotFound(contents.status())) return contents.status();
  std::unique_ptr<ResultSpool> spool(new ResultSpool(path, random, limits));
  if (contents.ok()) {
    spool->Restore(*std::move(contents));
  } else {
    spool->generation_ = random.Next();
  }
  spool->RewriteFile();
  return spool;
}

ResultSpool::~ResultSpool() {
  sync_worker_.reset();
  if (!file_.is_open()) RewriteFile();
  file_.CloseCleanly();
}

void ResultSpool::Restore(SpoolFile::Contents contents) {
  generation_ = contents.generation;
  acked_ = contents.acked;
  std::map<uint64_t, std::string> results;
  for (SpoolRecord& record : contents.records) RestoreRecord(std::move(record), &results);
  for (auto& [sequence, observation] : results) {
    if (sequence <= acked_) continue;
    // A hole can only be damage that went unnoticed; what lies behind it is worth keeping.
    if (sequence != last_sequence() + 1) contents.incomplete = true;
    bytes_ += observation.size();
    entries_.push_back({std::move(observation)});
  }
  for (auto& [command_id, draft] : std::exchange(started_, {})) {
    v1::Observation observation;
    if (observation.ParseFromString(draft)) unfinished_.push_back(std::move(observation));
  }
  if (!contents.incomplete) return;
  LogWarning("spool_incomplete", {{"kept", absl::StrCat(entries_.size())}});
  acked_ = 0;
  generation_ = random_.Next();
}

void ResultSpool::RestoreRecord(SpoolRecord record, std::map<uint64_t, std::string>* results) {
  if (record.kind == SpoolRecord::Kind::kAck) {
    acked_ = std::max(acked_, record.sequence);
    return;
  }
  v1::Observation observation;
  if (!observation.ParseFromString(record.observation)) return;
  if (record.kind == SpoolRecord::Kind::kStarted) {
    started_[observation.command_id()] = std::move(record.observation);
    return;
  }
  started_.erase(observation.command_id());
  (*results)[record.sequence] = std::move(record.observation);
}

void ResultSpool::RecordStarted(const v1::Observation& draft) {
  if (started_.size() >= limits_.max_started) return;
  std::string serialised = draft.SerializeAsString();
  WriteRecord({SpoolRecord::Kind::kStarted, 0, serialised});
  started_[draft.command_id()] = std::move(serialised);
}

std::vector<v1::Observation> ResultSpool::TakeUnfinished() {
  return std::exchange(unfinished_, {});
}

uint64_t ResultSpool::Append(const v1::Observation& observation) {
  started_.erase(observation.command_id());
  Entry entry{observation.SerializeAsString()};
  bytes_ += entry.observation.size();
  const uint64_t sequence = last_sequence() + 1;
  WriteRecord({SpoolRecord::Kind::kResult, sequence, entry.observation});
  entries_.push_back(std::move(entry));
  MakeRoom();
  // Renumbering may have given it another number.
  return last_sequence();
}

std::optional<v1::ProbeResult> ResultSpool::Get(uint64_t sequence) const {
  if (sequence <= acked_ || sequence > last_sequence()) return std::nullopt;
  v1::ProbeResult result;
  result.set_spool_generation(generation_);
  result.set_sequence(sequence);
  result.mutable_observation()->ParseFromString(entries_[sequence - acked_ - 1].observation);
  return result;
}

std::vector<std::string> ResultSpool::UnackedCommandIds() const {
  std::vector<std::string> ids;
  for (const Entry& entry : entries_) {
    v1::Observation observation;
    if (observation.ParseFromString(entry.observation)) ids.push_back(observation.command_id());
  }
  return ids;
}

void ResultSpool::Ack(uint64_t up_to) {
  if (up_to <= acked_ || up_to > last_sequence()) return;
  while (acked_ < up_to) {
    bytes_ -= entries_.front().observation.size();
    entries_.pop_front();
    ++acked_;
    if (next_to_drop_ > 0) --next_to_drop_;
  }
  WriteRecord({SpoolRecord::Kind::kAck, acked_, ""});
  CompactIfWorthwhile();
}

void ResultSpool::StartNewGeneration() {
  generation_ = random_.Next();
  acked_ = 0;
  RewriteFile();
}

void ResultSpool::Maintain() {
  if (file_.is_open()) {
    if (std::exchange(unsynced_, false)) sync_worker_->Request(file_.fd());
    return;
  }
  if (--calls_until_retry_ <= 0) RewriteFile();
}

void ResultSpool::WriteRecord(const SpoolRecord& record) {
  if (!file_.is_open()) return;
  const absl::Status status = file_.Append(record);
  unsynced_ = true;
  if (status.ok()) return;
  calls_until_retry_ = kCallsBetweenRetries;
  LogWarning("spool_in_memory_only", {{"error", std::string(status.message())}});
}

void ResultSpool::RewriteFile() {
  std::vector<SpoolRecord> records;
  uint64_t sequence = acked_;
  for (const Entry& entry : entries_) {
    records.push_back({SpoolRecord::Kind::kResult, ++sequence, entry.observation});
  }
  for (const auto& [command_id, draft] : started_) {
    records.push_back({SpoolRecord::Kind::kStarted, 0, draft});
  }
  // Not yet reported: a crash now must not forget them.
  for (const v1::Observation& draft : unfinished_) {
    records.push_back({SpoolRecord::Kind::kStarted, 0, draft.SerializeAsString()});
  }
  const absl::Status status = file_.Rewrite(generation_, acked_, records);
  if (status.ok()) return;
  calls_until_retry_ = kCallsBetweenRetries;
  LogWarning("spool_in_memory_only", {{"error", std::string(status.message())}});
}

void ResultSpool::MakeRoom() {
  while (bytes_ > limits_.max_bytes && next_to_drop_ + 1 < entries_.size()) {
    DropEvidence(next_to_drop_++);
  }
  CompactIfWorthwhile();
  if (entries_.size() <= limits_.max_entries) return;
  // Even the remains are too many. Letting the oldest half go leaves a gap, which only a new
  // generation may have.
  for (size_t count = limits_.max_entries / 2; count > 0; --count) {
    if (!entries_.front().dropped) ++dropped_;
    bytes_ -= entries_.front().observation.size();
    entries_.pop_front();
    if (next_to_drop_ > 0) --next_to_drop_;
  }
  LogWarning("spool_overflow", {{"dropped", absl::StrCat(dropped_)}});
  StartNewGeneration();
}

void ResultSpool::DropEvidence(size_t index) {
  Entry& entry = entries_[index];
  if (entry.dropped) return;
  std::string left = DroppedObservation(entry.observation);
  bytes_ = bytes_ - entry.observation.size() + left.size();
  entry = {std::move(left), true};
  ++dropped_;
  WriteRecord({SpoolRecord::Kind::kResult, acked_ + index + 1, entry.observation});
}

void ResultSpool::CompactIfWorthwhile() {
  if (!file_.is_open()) return;
  if (entries_.empty() && file_.size() > kCompactEmptyAbove) {
    // Running commands are noted again: the reset forgets them.
    if (!file_.Reset(generation_, acked_).ok()) return;
    for (const auto& [command_id, draft] : started_) {
      WriteRecord({SpoolRecord::Kind::kStarted, 0, draft});
    }
    return;
  }
  if (file_.size() > 2 * bytes_ + kCompactGarbageAbove) RewriteFile();
}

}  // namespace probemesh::node
