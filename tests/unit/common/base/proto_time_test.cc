#include "common/base/proto_time.h"

#include <gtest/gtest.h>

#include <limits>

namespace probemesh {
namespace {

TEST(ProtoTime, RoundTripsDurationsOfBothSigns) {
  for (const absl::Duration duration : {absl::ZeroDuration(), absl::Milliseconds(2913),
                                        -absl::Milliseconds(1500), absl::Hours(50)}) {
    EXPECT_EQ(FromProto(ToProto(duration)), duration);
  }
}

TEST(ProtoTime, SaturatesInsteadOfOverflowing) {
  EXPECT_EQ(ToProto(absl::InfiniteDuration()).seconds(), 315'576'000'000);
  google::protobuf::Duration hostile;
  hostile.set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_LE(FromProto(hostile), absl::Seconds(315'576'000'001));
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(std::numeric_limits<int64_t>::min());
  EXPECT_LT(FromProto(timestamp), absl::UnixEpoch());
}

TEST(ProtoTime, RoundTripsTimesBeforeAndAfterTheEpoch) {
  for (const absl::Time time :
       {absl::FromUnixMillis(1'700'000'000'123), absl::FromUnixMillis(-1)}) {
    EXPECT_EQ(FromProto(ToProto(time)), time);
  }
}

}  // namespace
}  // namespace probemesh
