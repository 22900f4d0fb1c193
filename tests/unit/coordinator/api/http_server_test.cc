#include "coordinator/api/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/raw_connection.h"

namespace probemesh::coordinator {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    server_->Handle("/page", [] { return HttpReply{200, "text/plain", "the page\n"}; });
    server_->Handle("/failing", [] { return HttpReply{503, "text/plain", "not now\n"}; });
  }

  std::string Ask(const std::string& method, const std::string& path) {
    RawConnection connection(server_->port());
    connection.Send(absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: x\r\n\r\n"));
    return connection.ReadAll();
  }

  std::unique_ptr<HttpServer> server_ =
      HttpServer::Start(Endpoint::Parse("127.0.0.1:0").value()).value();
};

TEST_F(HttpServerTest, ServesItsPages) {
  const std::string answer = Ask("GET", "/page");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 9\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\nthe page\n"));
  EXPECT_THAT(Ask("GET", "/page?x=1"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Ask("HEAD", "/page"), testing::EndsWith("\r\n\r\n"));
  EXPECT_THAT(Ask("GET", "/failing"), StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpServerTest, ServesNothingElse) {
  for (const char* path : {"/", "/page/below", "/pages", "/../../etc/passwd", "/%2e%2e/etc"}) {
    EXPECT_THAT(Ask("GET", path), StartsWith("HTTP/1.1 404")) << path;
  }
  for (const char* method : {"POST", "PUT", "DELETE"}) {
    EXPECT_THAT(Ask(method, "/page"), StartsWith("HTTP/1.1 40")) << method;
  }
}

TEST_F(HttpServerTest, GarbageDoesNoHarm) {
  for (const std::string& garbage :
       {std::string(100000, 'A'), std::string(1000, '\0'), std::string("\x16\x03\x01\x02\x00\x01"),
        std::string("GET"), std::string()}) {
    RawConnection connection(server_->port());
    connection.Send(garbage);
    connection.FinishSending();
    EXPECT_THAT(connection.ReadAll(), testing::Not(HasSubstr("HTTP/1.1 200")));
  }
  EXPECT_THAT(Ask("GET", "/page"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, ATakenPortIsOneClearLine) {
  const Endpoint taken{IpAddress::V4({127, 0, 0, 1}), server_->port()};
  const absl::Status status = HttpServer::Start(taken).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Address already in use"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(taken.ToString()));
}

TEST(HttpServer, OnlyIpv4) {
  EXPECT_EQ(HttpServer::Start(Endpoint::Parse("[::1]:0").value()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace probemesh::coordinator
