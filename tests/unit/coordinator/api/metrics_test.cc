#include "coordinator/api/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace probemesh::coordinator {
namespace {

using testing::HasSubstr;

TEST(Metrics, AreTextForPrometheus) {
  CoreCounters core;
  core.connected_nodes = 4;
  core.observations_ingested = 1234;
  core.diagnoses_by_verdict["PATH_FAILURE"] = 2;
  core.limits_hit["sessions"] = 1;
  ApiCounters api;
  api.enrollments_limited = 7;
  const std::string text = RenderMetrics("1.2.3", absl::FromUnixSeconds(1700000000), core, api);
  EXPECT_THAT(text, HasSubstr("probemesh_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE probemesh_connected_nodes gauge\n"));
  EXPECT_THAT(text, HasSubstr("probemesh_connected_nodes 4\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE probemesh_observations_ingested_total counter\n"));
  EXPECT_THAT(text, HasSubstr("probemesh_observations_ingested_total 1234\n"));
  EXPECT_THAT(text, HasSubstr("probemesh_diagnoses_total{verdict=\"PATH_FAILURE\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("probemesh_limits_hit_total{limit=\"sessions\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("probemesh_limits_hit_total{limit=\"enrollment_rate\"} 7\n"));
}

TEST(Metrics, EveryNameHasThePrefix) {
  const std::string text = RenderMetrics("1.2.3", absl::UnixEpoch(), CoreCounters(), ApiCounters());
  size_t lines = 0;
  for (size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1, ++lines) {
    if (text[begin] == '#') continue;
    EXPECT_EQ(text.compare(begin, 10, "probemesh_"), 0) << begin;
  }
  EXPECT_GT(lines, 50u);
}

}  // namespace
}  // namespace probemesh::coordinator
