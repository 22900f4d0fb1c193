#include "probe-node/spool/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace probemesh::node {
namespace {

TEST(Crc32cTest, MatchesTheTestVectorsOfRfc3720) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(Crc32c(""), 0U);
}

}  // namespace
}  // namespace probemesh::node
