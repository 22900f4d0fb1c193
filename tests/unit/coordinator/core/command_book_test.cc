#include "coordinator/core/command_book.h"

#include <gtest/gtest.h>

namespace probemesh::coordinator {
namespace {

TEST(CommandBook, AResultMustComeFromTheNodeThatWasAsked) {
  CommandBook book;
  book.Note("c1", "nodes/a", "run-1");
  EXPECT_EQ(book.Claim("c1", "nodes/b", 7, 1), "");
  EXPECT_EQ(book.Claim("c1", "nodes/a", 7, 1), "run-1");
  EXPECT_EQ(book.Claim("none", "nodes/a", 7, 2), "");
}

TEST(CommandBook, OneCommandHasOneResultHoweverOftenItIsSent) {
  CommandBook book;
  book.Note("c1", "nodes/a", "run-1");
  EXPECT_EQ(book.Claim("c1", "nodes/a", 7, 3), "run-1");
  EXPECT_EQ(book.Claim("c1", "nodes/a", 7, 3), "run-1") << "sent again";
  EXPECT_EQ(book.Claim("c1", "nodes/a", 7, 4), "") << "another result for the same command";
  EXPECT_EQ(book.Claim("c1", "nodes/a", 8, 3), "");
  book.Forget("c1");
  EXPECT_EQ(book.Claim("c1", "nodes/a", 7, 3), "");
  EXPECT_EQ(book.size(), 0u);
}

TEST(CommandBook, ALossIsToldOnceAndALateResultStillFindsItsRun) {
  CommandBook book;
  book.Note("c1", "nodes/a", "run-1");
  EXPECT_TRUE(book.MarkLost("c1"));
  EXPECT_FALSE(book.MarkLost("c1"));
  EXPECT_FALSE(book.MarkLost("none"));
  EXPECT_EQ(book.Claim("c1", "nodes/a", 7, 1), "run-1");
}

TEST(CommandBook, ForgetsTheOldestFirst) {
  CommandBook book(2);
  EXPECT_FALSE(book.Note("c1", "nodes/a", "run"));
  EXPECT_FALSE(book.Note("c2", "nodes/a", "run"));
  EXPECT_TRUE(book.Note("c3", "nodes/a", "run"));
  EXPECT_EQ(book.size(), 2u);
  EXPECT_EQ(book.Claim("c1", "nodes/a", 7, 1), "");
  EXPECT_EQ(book.Claim("c2", "nodes/a", 7, 1), "run");
  EXPECT_EQ(book.Claim("c3", "nodes/a", 7, 2), "run");
}

}  // namespace
}  // namespace probemesh::coordinator
