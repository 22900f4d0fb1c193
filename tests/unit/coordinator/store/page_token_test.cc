#include "coordinator/store/page_token.h"

#include <gtest/gtest.h>

#include <string>

namespace probemesh::coordinator {
namespace {

TEST(PageToken, ComesBackAsItWentOut) {
  const auto position = DecodePageToken(EncodePageToken({-5, "diagnoses/a:b"}));
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->micros, -5);
  EXPECT_EQ(position->name, "diagnoses/a:b");
}

TEST(PageToken, RefusesWhatItNeverMade) {
  for (const std::string token : {"!", "AAAA", "MTI", "eDp5", "MTo", "MTp5=="}) {
    EXPECT_FALSE(DecodePageToken(token).ok()) << token;
  }
  EXPECT_FALSE(DecodePageToken(std::string(4096, 'A')).ok());
}

}  // namespace
}  // namespace probemesh::coordinator
