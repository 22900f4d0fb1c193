#include "probe-node/session/command_ledger.h"

#include <gtest/gtest.h>

namespace probemesh::node {
namespace {

TEST(CommandLedgerTest, CommandBeginsOnce) {
  CommandLedger ledger;
  EXPECT_TRUE(ledger.Begin("a"));
  EXPECT_TRUE(ledger.IsRunning("a"));
  EXPECT_FALSE(ledger.Begin("a"));
  ledger.Finish("a");
  EXPECT_FALSE(ledger.IsRunning("a"));
  EXPECT_FALSE(ledger.Begin("a"));
}

TEST(CommandLedgerTest, FinishedWithoutBeginningCountsAsSeen) {
  CommandLedger ledger;
  ledger.Finish("from an earlier process");
  EXPECT_FALSE(ledger.Begin("from an earlier process"));
}

TEST(CommandLedgerTest, OnlyTheOldestFinishedOnesAreForgotten) {
  CommandLedger ledger(2);
  EXPECT_TRUE(ledger.Begin("running"));
  for (const char* id : {"a", "b", "b", "c"}) ledger.Finish(id);
  EXPECT_EQ(ledger.finished_count(), 2);
  EXPECT_TRUE(ledger.Begin("a"));
  EXPECT_FALSE(ledger.Begin("b"));
  EXPECT_FALSE(ledger.Begin("c"));
  EXPECT_FALSE(ledger.Begin("running"));
}

}  // namespace
}  // namespace probemesh::node
