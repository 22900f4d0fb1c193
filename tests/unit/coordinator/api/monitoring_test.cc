#include "coordinator/api/monitoring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/loop_thread.h"
#include "tests/support/raw_connection.h"

namespace probemesh::coordinator {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class MonitoringTest : public testing::Test {
 protected:
  MonitoringTest() { monitoring_.AddTo(*server_); }

  std::string Get(const std::string& path) {
    RawConnection connection(server_->port());
    connection.Send(absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: x\r\n\r\n"));
    return connection.ReadAll();
  }

  LoopThread thread_;
  CoreCounters core_;
  ApiCounters api_;
  Monitoring monitoring_{thread_.loop(), core_, api_, "1.2.3"};
  std::unique_ptr<HttpServer> server_ =
      HttpServer::Start(Endpoint::Parse("127.0.0.1:0").value()).value();
};

TEST_F(MonitoringTest, MetricsAreThoseOfTheLoop) {
  thread_.Run([&] { core_.connected_nodes = 3; });
  const std::string answer = Get("/metrics");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(answer, HasSubstr("\nprobemesh_connected_nodes 3\n"));
}

TEST_F(MonitoringTest, HealthyMeansThatTheLoopTurns) {
  EXPECT_THAT(Get("/-/healthy"), StartsWith("HTTP/1.1 200"));
  thread_.Stop();
  EXPECT_THAT(Get("/-/healthy"), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(Get("/metrics"), StartsWith("HTTP/1.1 503"));
}

TEST_F(MonitoringTest, ReadyIsWhatItIsTold) {
  EXPECT_THAT(Get("/-/ready"), StartsWith("HTTP/1.1 503"));
  monitoring_.SetReady(true);
  EXPECT_THAT(Get("/-/ready"), StartsWith("HTTP/1.1 200"));
}

}  // namespace
}  // namespace probemesh::coordinator
