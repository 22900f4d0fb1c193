#include "common/base/random.h"

#include <gtest/gtest.h>

#include <set>

namespace probemesh {
namespace {

TEST(SeededRandom, RepeatsFromTheSameSeed) {
  SeededRandom first(7);
  SeededRandom second(7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(first.Next(), second.Next());
}

TEST(FullJitter, StaysBelowTheLimitAndSpreads) {
  SeededRandom random(1);
  std::set<absl::Duration> seen;
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration jitter = FullJitter(random, absl::Seconds(2));
    EXPECT_GE(jitter, absl::ZeroDuration());
    EXPECT_LT(jitter, absl::Seconds(2));
    seen.insert(jitter);
  }
  EXPECT_GT(seen.size(), 900u);
  EXPECT_EQ(FullJitter(random, absl::ZeroDuration()), absl::ZeroDuration());
}

TEST(NewUuidV7, HasVersionVariantAndTimeOrder) {
  SeededRandom random(3);
  const absl::Time time = absl::FromUnixMillis(0x0123456789ab);
  const std::string early = NewUuidV7(random, time);
  const std::string late = NewUuidV7(random, time + absl::Milliseconds(1));
  ASSERT_EQ(early.size(), 36u);
  EXPECT_EQ(early.substr(0, 13), "01234567-89ab");
  EXPECT_EQ(early[14], '7');
  EXPECT_NE(std::string("89ab").find(early[19]), std::string::npos);
  EXPECT_LT(early, late);
}

TEST(TimeOfUuidV7, ReadsBackTheMillisecondAndNothingElse) {
  SeededRandom random(4);
  const absl::Time time = absl::FromUnixMillis(1767225600123);
  EXPECT_EQ(TimeOfUuidV7(NewUuidV7(random, time + absl::Microseconds(900))), time);
  for (const char* other :
       {"", "x", "01234567-89ab-4000-8000-000000000000", "01234567-89ab-7000-8000-0000000000000",
        "zzzzzzzz-89ab-7000-8000-000000000000"}) {
    EXPECT_EQ(TimeOfUuidV7(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace probemesh
