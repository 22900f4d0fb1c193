#include "tests/unit/probe-node/probes/http/http_test_base.h"

namespace probemesh::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class HttpRedirectTest : public HttpTestBase {
 protected:
  static std::string To(const std::string& location, const std::string& status = "302 Found") {
    return HttpMessage(status, absl::StrCat("Location: ", location, "\r\n"), "");
  }

  static v1::ProbeSpec Following(const Endpoint& server, uint32_t max_redirects = 3) {
    v1::ProbeSpec spec = Spec(server);
    spec.mutable_http()->set_max_redirects(max_redirects);
    return spec;
  }
};

TEST_F(HttpRedirectTest, StaysAtThePinnedAddressOfTheSameHost) {
  int requests = 0;
  LoopbackServer server([&](ServerConnection& connection) {
    connection.ReadUntil("\r\n\r\n");
    connection.Write(++requests == 1 ? To("/next") : HttpMessage("200 OK", "", "there"));
    connection.AwaitPeerClose();
  });
  const v1::Observation seen = Run(Following(server.endpoint()));
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(seen.http().status(), 200u);
  EXPECT_EQ(seen.http().body_bytes(), 5u);
  ASSERT_EQ(seen.http().hops_size(), 2);
  EXPECT_EQ(seen.http().hops(0).status(), 302u);
  EXPECT_EQ(seen.http().hops(0).location(), "/next");
  EXPECT_THAT(seen.http().hops(1).url(), HasSubstr("service.example"));
  EXPECT_EQ(seen.http().hops(1).address(), server.endpoint().ToString());
  EXPECT_EQ(seen.exchanges_size(), 2);
  EXPECT_THAT(runner_->asked, ElementsAre(server.endpoint(), server.endpoint()));
}

TEST_F(HttpRedirectTest, AnotherHostIsResolvedByTheNode) {
  std::string request;
  {
    LoopbackServer second([&](ServerConnection& connection) {
      request = connection.ReadUntil("\r\n\r\n");
      connection.Write(HttpMessage("200 OK", "", ""));
      connection.AwaitPeerClose();
    });
    LoopbackServer first(
        Answering(To(absl::StrCat("http://other.example:", second.endpoint().port, "/x"))));
    hosts_.Write("127.0.0.1 other.example\n");
    v1::ProbeSpec spec = Following(first.endpoint());
    (*spec.mutable_http()->mutable_headers())["Authorization"] = "secret";
    const v1::Observation seen = Run(spec);
    EXPECT_EQ(seen.outcome(), v1::ANSWERED) << seen.detail();
    EXPECT_EQ(seen.http().hops_size(), 2);
    EXPECT_THAT(runner_->asked, ElementsAre(first.endpoint(), second.endpoint()));
  }
  EXPECT_THAT(request, StartsWith("GET /x HTTP/1.1\r\nHost: other.example:"));
  EXPECT_THAT(request, Not(HasSubstr("secret")));
}

TEST_F(HttpRedirectTest, APlaceThatThePolicyForbidsIsNotVisited) {
  LoopbackServer second(Answering(HttpMessage("200 OK", "", "secret of this network")));
  LoopbackServer first(
      Answering(To(absl::StrCat("http://127.0.0.1:", second.endpoint().port, "/"))));
  denied_ports_ = {second.endpoint().port};
  const v1::Observation seen = Run(Following(first.endpoint()));
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);  // the first server is alive
  EXPECT_EQ(seen.http().status(), 302u);
  EXPECT_THAT(seen.detail(), HasSubstr("not followed: the owner of this node says no"));
  EXPECT_EQ(seen.http().hops_size(), 1);
  EXPECT_EQ(second.connections(), 0);
}

TEST_F(HttpRedirectTest, ALoopEndsAtTheLimit) {
  LoopbackServer server(Answering(To("/again")));
  const v1::Observation seen = Run(Following(server.endpoint(), 2));
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_EQ(seen.failed_stage(), v1::RESPONSE);
  EXPECT_EQ(seen.http().hops_size(), 3);
  EXPECT_THAT(seen.detail(), HasSubstr("more redirects"));
}

TEST_F(HttpRedirectTest, OtherSchemesAndCredentialsAreNotFollowed) {
  for (const char* location : {"file:///etc/passwd", "gopher://127.0.0.1/", "http://a:b@127.0.0.1/",
                               "http://[fe80::1%25lo]/", "http://x y/"}) {
    LoopbackServer server(Answering(To(location)));
    const v1::Observation seen = Run(Following(server.endpoint()));
    EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER) << location;
    EXPECT_EQ(seen.http().hops_size(), 1);
    EXPECT_EQ(seen.http().status(), 302u);
  }
}

TEST_F(HttpRedirectTest, ADeadSecondHopIsTheFailureOfThatHop) {
  const Endpoint closed = ClosedLoopbackPort();
  LoopbackServer first(Answering(To(absl::StrCat("http://service.example:", closed.port, "/"))));
  const v1::Observation seen = Run(Following(first.endpoint()));
  EXPECT_EQ(seen.outcome(), v1::REFUSED);
  EXPECT_EQ(seen.failed_stage(), v1::CONNECT);
  ASSERT_EQ(seen.http().hops_size(), 2);
  EXPECT_EQ(seen.http().hops(0).status(), 302u);
  EXPECT_EQ(seen.http().status(), 0u);
}

TEST_F(HttpRedirectTest, SeeOtherTurnsAPostIntoAGet) {
  std::vector<std::string> requests;
  {
    LoopbackServer server([&](ServerConnection& connection) {
      requests.push_back(connection.ReadUntil("\r\n\r\n"));
      connection.Write(requests.size() == 1 ? To("/done", "303 See Other")
                                            : HttpMessage("200 OK", "", ""));
      connection.AwaitPeerClose();
    });
    v1::ProbeSpec spec = Following(server.endpoint());
    spec.mutable_http()->set_method("POST");
    EXPECT_EQ(Run(spec).outcome(), v1::ANSWERED);
  }
  EXPECT_THAT(requests, ElementsAre(StartsWith("POST /path"), StartsWith("GET /done")));
}

}  // namespace
}  // namespace probemesh::node
