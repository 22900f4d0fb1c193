#include "probe-node/spool/spool_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "probe-node/spool/crc32c.h"

namespace probemesh::node {
namespace {

constexpr absl::string_view kMagic = "PMSPOOL1";
constexpr size_t kHeaderSize = 40;
constexpr size_t kRecordPrefix = 12;
constexpr uint64_t kUnknownBoot = 0;
// Far above any observation that the agent lets through; what claims more is damage.
constexpr size_t kMaxRecord = 4 << 20;

enum class State : uint8_t { kClosed = 0, kOpen = 1, kTainted = 2 };

struct Header {
  uint64_t generation = 0;
  uint64_t acked = 0;
  uint64_t boot = 0;
  State state = State::kOpen;
};

void PutInteger(std::string* out, uint64_t value, int octets) {
  for (int i = 0; i < octets; ++i) out->push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

uint64_t TakeInteger(absl::string_view* in, int octets) {
  uint64_t value = 0;
  for (int i = 0; i < octets; ++i) value |= uint64_t{static_cast<uint8_t>((*in)[i])} << (8 * i);
  in->remove_prefix(octets);
  return value;
}

absl::Status ErrnoStatus(absl::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", what, " ", path));
}

absl::Status WriteAll(int fd, absl::string_view data, const std::string& path) {
  while (!data.empty()) {
    const ssize_t written = write(fd, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return ErrnoStatus("write", path);
    data.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus("open", path);
  std::string data;
  std::string chunk(1 << 16, '\0');
  ssize_t octets = 0;
  while ((octets = read(fd, chunk.data(), chunk.size())) > 0) {
    data.append(chunk, 0, static_cast<size_t>(octets));
  }
  const absl::Status status = octets < 0 ? ErrnoStatus("read", path) : absl::OkStatus();
  close(fd);
  if (!status.ok()) return status;
  return data;
}

// Identifies this boot of the machine: of equal values, unless unknown, the page cache never went
// away in between. A sandbox may hide /proc/sys.
uint64_t CurrentBoot() {
  const auto text = ReadWhole("/proc/sys/kernel/random/boot_id");
  if (!text.ok()) return kUnknownBoot;
  return (uint64_t{Crc32c(*text)} << 32) | Crc32c(absl::StrCat("probemesh", *text));
}

std::string EncodeHeader(const Header& header) {
  std::string out(kMagic.data(), kMagic.size());
  PutInteger(&out, header.generation, 8);
  PutInteger(&out, header.acked, 8);
  PutInteger(&out, header.boot, 8);
  PutInteger(&out, static_cast<uint64_t>(header.state), 4);
  PutInteger(&out, Crc32c(out), 4);
  return out;
}

std::optional<Header> DecodeHeader(absl::string_view in) {
  if (in.size() < kHeaderSize || in.substr(0, kMagic.size()) != kMagic) return std::nullopt;
  const uint32_t crc = Crc32c(in.substr(0, kHeaderSize - 4));
  in.remove_prefix(kMagic.size());
  Header header;
  header.generation = TakeInteger(&in, 8);
  header.acked = TakeInteger(&in, 8);
  header.boot = TakeInteger(&in, 8);
  header.state = static_cast<State>(TakeInteger(&in, 4) & 0xff);
  if (TakeInteger(&in, 4) != crc) return std::nullopt;
  return header;
}

std::string EncodeRecord(const SpoolRecord& record) {
  std::string body;
  PutInteger(&body, static_cast<uint64_t>(record.kind), 1);
  if (record.kind != SpoolRecord::Kind::kStarted) PutInteger(&body, record.sequence, 8);
  if (record.kind != SpoolRecord::Kind::kAck) body += record.observation;
  std::string out;
  PutInteger(&out, body.size(), 4);
  PutInteger(&out, Crc32c(out), 4);
  PutInteger(&out, Crc32c(body), 4);
  return out + body;
}

std::optional<SpoolRecord> DecodeBody(absl::string_view body) {
  SpoolRecord record;
  if (body.empty()) return std::nullopt;
  const uint64_t kind = TakeInteger(&body, 1);
  if (kind < 1 || kind > 3) return std::nullopt;
  record.kind = static_cast<SpoolRecord::Kind>(kind);
  if (record.kind != SpoolRecord::Kind::kStarted) {
    if (body.size() < 8) return std::nullopt;
    record.sequence = TakeInteger(&body, 8);
  }
  record.observation = std::string(body);
  return record;
}

// Reads records until the end. False when damage ended it; a torn tail is no damage, because its
// write never returned and so its result was never sent. The length has a checksum of its own, so
// that a damaged one is not taken for a torn tail with good records hidden in it.
bool DecodeRecords(absl::string_view in, std::vector<SpoolRecord>* records) {
  while (in.size() >= kRecordPrefix) {
    const uint32_t crc_of_length = Crc32c(in.substr(0, 4));
    const size_t length = TakeInteger(&in, 4);
    if (TakeInteger(&in, 4) != crc_of_length) return false;
    const auto crc = static_cast<uint32_t>(TakeInteger(&in, 4));
    if (length > kMaxRecord) return false;
    if (in.size() < length) return true;
    const absl::string_view body = in.substr(0, length);
    auto record = Crc32c(body) == crc ? DecodeBody(body) : std::nullopt;
    if (!record) return false;
    records->push_back(*std::move(record));
    in.remove_prefix(length);
  }
  return true;
}

}  // namespace

SpoolFile::~SpoolFile() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<SpoolFile::Contents> SpoolFile::Read(const std::string& path) {
  PM_ASSIGN_OR_RETURN(const std::string data, ReadWhole(path));
  Contents contents;
  const auto header = DecodeHeader(data);
  if (!header) {
    contents.incomplete = true;
  } else {
    contents.generation = header->generation;
    contents.acked = header->acked;
    const bool same_boot = header->boot != kUnknownBoot && header->boot == CurrentBoot();
    const bool power_cut = header->state == State::kOpen && !same_boot;
    contents.incomplete = power_cut || header->state == State::kTainted;
  }
  if (data.size() > kHeaderSize &&
      !DecodeRecords(absl::string_view(data).substr(kHeaderSize), &contents.records)) {
    contents.incomplete = true;
  }
  return contents;
}

absl::Status SpoolFile::Rewrite(uint64_t generation, uint64_t acked,
                                const std::vector<SpoolRecord>& records) {
  const std::string temporary = path_ + ".new";
  const int fd = open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Abandon(ErrnoStatus("create", temporary));
  std::string data = EncodeHeader({generation, acked, CurrentBoot(), State::kOpen});
  for (const SpoolRecord& record : records) data += EncodeRecord(record);
  absl::Status status = WriteAll(fd, data, temporary);
  if (status.ok() && fsync(fd) != 0) status = ErrnoStatus("sync", temporary);
  if (status.ok() && rename(temporary.c_str(), path_.c_str()) != 0) {
    status = ErrnoStatus("replace", path_);
  }
  if (!status.ok()) {
    close(fd);
    unlink(temporary.c_str());
    return Abandon(status);
  }
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
  size_ = data.size();
  generation_ = generation;
  acked_ = acked;
  return absl::OkStatus();
}

absl::Status SpoolFile::Append(const SpoolRecord& record) {
  if (fd_ < 0) return absl::FailedPreconditionError("the spool file is not open");
  const std::string data = EncodeRecord(record);
  const absl::Status status = WriteAll(fd_, data, path_);
  if (!status.ok()) return Abandon(status);
  size_ += data.size();
  if (record.kind == SpoolRecord::Kind::kAck) acked_ = record.sequence;
  return absl::OkStatus();
}

// The header goes first: it makes every record stale, so that a crash between the two steps leaves
// records which are ignored.
absl::Status SpoolFile::Reset(uint64_t generation, uint64_t acked) {
  if (fd_ < 0) return absl::FailedPreconditionError("the spool file is not open");
  const std::string header = EncodeHeader({generation, acked, CurrentBoot(), State::kOpen});
  if (pwrite(fd_, header.data(), header.size(), 0) != static_cast<ssize_t>(header.size()) ||
      ftruncate(fd_, kHeaderSize) != 0 || lseek(fd_, kHeaderSize, SEEK_SET) < 0) {
    return Abandon(ErrnoStatus("reset", path_));
  }
  size_ = kHeaderSize;
  generation_ = generation;
  acked_ = acked;
  return absl::OkStatus();
}

void SpoolFile::CloseCleanly() {
  if (fd_ < 0) return;
  const std::string header = EncodeHeader({generation_, acked_, CurrentBoot(), State::kClosed});
  // Records before the mark that vouches for them.
  if (fdatasync(fd_) == 0) {
    [[maybe_unused]] const ssize_t octets = pwrite(fd_, header.data(), header.size(), 0);
    fdatasync(fd_);
  }
  close(std::exchange(fd_, -1));
}

// Overwriting the header needs no new block, so it works on a full disk. Where it does not, the
// file has to go: records that look complete but are not would make sequence numbers be used twice.
absl::Status SpoolFile::Abandon(absl::Status reason) {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
  const int fd = open(path_.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return reason;
  std::string encoded(kHeaderSize, '\0');
  const ssize_t octets = pread(fd, encoded.data(), encoded.size(), 0);
  auto header = DecodeHeader(absl::string_view(encoded).substr(0, std::max<ssize_t>(octets, 0)));
  bool marked = true;  // a header that cannot be read counts as incomplete by itself
  if (header) {
    header->state = State::kTainted;
    encoded = EncodeHeader(*header);
    marked = pwrite(fd, encoded.data(), encoded.size(), 0) == static_cast<ssize_t>(encoded.size());
  }
  close(fd);
  if (!marked) unlink(path_.c_str());
  return reason;
}

}  // namespace probemesh::node
