// Results that no coordinator has confirmed yet: in memory, and on disk where the disk allows it.
#ifndef PROBEMESH_PROBE_NODE_SPOOL_RESULT_SPOOL_H_
#define PROBEMESH_PROBE_NODE_SPOOL_RESULT_SPOOL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/random.h"
#include "probe-node/spool/spool_file.h"
#include "probe-node/spool/sync_worker.h"
#include "probemesh/v1/node_service.pb.h"

namespace probemesh::node {

struct SpoolLimits {
  size_t max_bytes = size_t{64} << 20;  // of unacked results, as serialised
  size_t max_entries = 65536;
  size_t max_started = 4096;  // commands noted as running
};

// Loop thread only. Sequence numbers start at 1 in each generation and have no gaps: when the spool
// is full the oldest result is replaced by a small one that says so, under the same number. Nothing
// but Open ever fails: without a working disk the spool goes on in memory and tries again.
// What was sent is never sent again under another number, with one exception: a power cut (or
// damage) that took the note of an ack makes those results appear once more, in a new generation.
class ResultSpool {
 public:
  // Opens or creates `dir`/spool; `random` is kept. Damaged contents are salvaged, never an error.
  static absl::StatusOr<std::unique_ptr<ResultSpool>> Open(const std::string& dir, Random& random,
                                                           const SpoolLimits& limits = {});
  // An orderly end: all that is unacked is safe on disk.
  ~ResultSpool();

  uint64_t generation() const { return generation_; }
  // The highest sequence produced in this generation; 0 before the first.
  uint64_t last_sequence() const { return acked_ + entries_.size(); }
  uint64_t acked() const { return acked_; }
  size_t depth() const { return entries_.size(); }
  size_t bytes() const { return bytes_; }
  // Results whose evidence was dropped for lack of room since Open.
  uint64_t dropped() const { return dropped_; }
  // False while the disk refuses: results then live in memory alone.
  bool durable() const { return file_.is_open(); }

  // Notes that a command began, so that a crash before its result shows as INTERRUPTED.
  // `draft` carries command_id, spec and start_time.
  void RecordStarted(const v1::Observation& draft);

  // Commands that an earlier process began and never finished. Empties the list.
  std::vector<v1::Observation> TakeUnfinished();

  // Returns the result's sequence. Written to the file before it returns.
  uint64_t Append(const v1::Observation& observation);

  // The unacked result of that sequence, ready to send.
  std::optional<v1::ProbeResult> Get(uint64_t sequence) const;
  std::vector<std::string> UnackedCommandIds() const;

  // Cumulative. What lies outside of acked()..last_sequence() is ignored.
  void Ack(uint64_t up_to);

  // Renumbers what is unacked under a new random generation: for when a coordinator's view of this
  // one cannot be right.
  void StartNewGeneration();

  // To be called about once a second: asks the disk to sync, and retries a disk that had failed.
  void Maintain();

 private:
  struct Entry {
    std::string observation;  // serialised
    bool dropped = false;
  };

  ResultSpool(const std::string& path, Random& random, const SpoolLimits& limits)
      : limits_(limits), random_(random), file_(path) {}

  void Restore(SpoolFile::Contents contents);
  void RestoreRecord(SpoolRecord record, std::map<uint64_t, std::string>* results);
  void WriteRecord(const SpoolRecord& record);
  void RewriteFile();
  void MakeRoom();
  void DropEvidence(size_t index);
  void CompactIfWorthwhile();

  const SpoolLimits limits_;
  Random& random_;
  SpoolFile file_;
  std::unique_ptr<SyncWorker> sync_worker_ = std::make_unique<SyncWorker>();
  uint64_t generation_ = 0;
  uint64_t acked_ = 0;
  std::deque<Entry> entries_;  // sequence acked_ + 1 and up
  size_t bytes_ = 0;
  size_t next_to_drop_ = 0;  // entries before this index are dropped already
  uint64_t dropped_ = 0;
  std::map<std::string, std::string> started_;  // command id -> serialised draft
  std::vector<v1::Observation> unfinished_;
  bool unsynced_ = false;
  int calls_until_retry_ = 0;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_SPOOL_RESULT_SPOOL_H_
