// kill -9 in the middle of ingestion: what was acked is there, once, and nothing is half there.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <set>
#include <string>

#include "coordinator/store/sqlite_store.h"
#include "tests/unit/coordinator/store/store_test_util.h"

namespace probemesh::coordinator {
namespace {

constexpr uint64_t kBatch = 7;

// In the child: ingests from the watermark on until it is killed; writes one octet for each ack.
[[noreturn]] void IngestUntilKilled(const std::string& path, int acks) {
  auto store = SqliteStore::Open({path});
  if (!store.ok()) _exit(2);
  uint64_t next = *(*store)->Watermark("nodes/a", 1) + 1;
  while (true) {
    const auto result = (*store)->Ingest(BatchOf("nodes/a", 1, next, next + kBatch - 1));
    if (!result.ok() || result->accepted.size() != kBatch) _exit(3);
    next += kBatch;
    const char ack = 'a';
    if (write(acks, &ack, 1) != 1) _exit(4);
  }
}

// Kills a child after it has acked `batches` batches; returns how many it acked in all.
uint64_t RunAndKill(const std::string& path, int batches) {
  int channel[2] = {-1, -1};
  if (pipe(channel) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) {
    close(channel[0]);
    IngestUntilKilled(path, channel[1]);
  }
  close(channel[1]);
  uint64_t acked = 0;
  char ack = 0;
  while (acked < static_cast<uint64_t>(batches) && read(channel[0], &ack, 1) == 1) ++acked;
  kill(child, SIGKILL);
  while (read(channel[0], &ack, 1) == 1) ++acked;
  close(channel[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
  return acked;
}

TEST(StoreKill, AckedResultsSurviveExactlyOnce) {
  const ScratchDir scratch;
  const std::string path = scratch.File("store.db");
  uint64_t acked = 0;
  for (const int batches : {0, 1, 5, 17, 40}) {
    acked += kBatch * RunAndKill(path, batches);
    const auto store = SqliteStore::Open({path});
    ASSERT_TRUE(store.ok()) << store.status();
    const uint64_t watermark = *(*store)->Watermark("nodes/a", 1);
    EXPECT_GE(watermark, acked);
    EXPECT_EQ(watermark % kBatch, 0u) << "half a transaction";
    acked = watermark;  // committed, killed before the ack: the next child went on from there
    const auto observations = (*store)->ObservationsOf("diagnoses/1");
    ASSERT_TRUE(observations.ok());
    std::set<std::string> ids;
    for (const v1::Observation& observation : *observations) ids.insert(observation.command_id());
    EXPECT_EQ(observations->size(), watermark);
    EXPECT_EQ(ids.size(), watermark);
  }
  EXPECT_GT(acked, 0u);
}

}  // namespace
}  // namespace probemesh::coordinator
