// The spool on disk: one append-only file of checked records, DIR/spool.
//
//   header  magic "PMSPOOL1", u64 generation, u64 acked, u64 boot, u8 state, 3 x 0, u32 crc32c
//   record  u32 length, u32 crc32c of length, u32 crc32c of what follows: u8 kind, payload
//
// All integers are little-endian. A record is written by one write(2) before its result is sent, so
// a process that is killed never loses what it has shown to a coordinator. The machine's power may
// take unsynced records, though; `boot` and `state` tell the two apart (see Contents).
#ifndef PROBEMESH_PROBE_NODE_SPOOL_SPOOL_FILE_H_
#define PROBEMESH_PROBE_NODE_SPOOL_SPOOL_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace probemesh::node {

struct SpoolRecord {
  enum class Kind : uint8_t {
    kResult = 1,   // payload: u64 sequence, serialised Observation; a later one replaces an earlier
    kStarted = 2,  // payload: serialised Observation without a result
    kAck = 3,      // payload: u64 sequence, everything up to it is acked
  };
  Kind kind = Kind::kResult;
  uint64_t sequence = 0;    // kResult, kAck
  std::string observation;  // kResult, kStarted
};

class SpoolFile {
 public:
  struct Contents {
    uint64_t generation = 0;
    uint64_t acked = 0;
    // True when results may be missing that a coordinator has seen: damage in the middle, writes
    // that failed, or a power cut. Their sequence numbers must not be used again, so what is left
    // needs a new generation.
    bool incomplete = false;
    std::vector<SpoolRecord> records;
  };

  explicit SpoolFile(std::string path) : path_(std::move(path)) {}
  ~SpoolFile();
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;

  // NOT_FOUND when there is no file. A torn tail is dropped; any other damage ends the reading and
  // makes the contents incomplete. Never fails for what the file contains.
  static absl::StatusOr<Contents> Read(const std::string& path);

  // Replaces the file atomically and durably, and keeps it open for appending. Blocks on the disk.
  absl::Status Rewrite(uint64_t generation, uint64_t acked,
                       const std::vector<SpoolRecord>& records);

  // One write, without waiting for the disk. After an error the file is closed and marked, so that
  // the next Read calls it incomplete.
  absl::Status Append(const SpoolRecord& record);

  // Forgets all records in place. Everything up to `acked` must be acked.
  absl::Status Reset(uint64_t generation, uint64_t acked);

  // An orderly end: synced, and marked as complete even across a power cut.
  void CloseCleanly();

  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  uint64_t size() const { return size_; }

 private:
  absl::Status Abandon(absl::Status reason);

  std::string path_;
  int fd_ = -1;
  uint64_t size_ = 0;
  uint64_t generation_ = 0;
  uint64_t acked_ = 0;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_SPOOL_SPOOL_FILE_H_
