// How a server that has accepted the connection can fail, and what the probe calls it. These pin
// the words of libcurl on which the difference between a reset and a close rests.
#include "tests/unit/probe-node/probes/http/http_test_base.h"

namespace probemesh::node {
namespace {

using ::testing::HasSubstr;
using Connection = ServerConnection;

class HttpFailureTest : public HttpTestBase {
 protected:
  HttpFailureTest() : authority_(MakeTestAuthority()) {
    ca_pem_ = authority_.CertificatePem();
    TestLeaf leaf;
    leaf.alternative_names = "DNS:service.example";
    tls_ = MakeServerContext(SignTestLeaf(leaf, authority_));
  }

  // `script` runs after the TLS handshake.
  v1::Observation ProbeTls(const std::function<void(Connection&)>& script,
                           absl::Duration timeout = absl::Seconds(20)) {
    return Probe(
        [&](Connection& connection) {
          if (connection.StartTls(tls_.get())) script(connection);
        },
        timeout, "https");
  }

  static void Expect(const v1::Observation& seen, v1::Outcome outcome, v1::Stage stage) {
    EXPECT_EQ(v1::Outcome_Name(seen.outcome()), v1::Outcome_Name(outcome)) << seen.detail();
    EXPECT_EQ(v1::Stage_Name(seen.failed_stage()), v1::Stage_Name(stage)) << seen.detail();
  }

  const TestIdentity authority_;
  std::shared_ptr<SSL_CTX> tls_;
};

void Hang(Connection& connection) { connection.AwaitPeerClose(); }
void ResetAfterRequest(Connection& connection) {
  connection.ReadUntil("\r\n\r\n");
  connection.Reset();
}
void CloseAfterRequest(Connection& connection) {
  connection.ReadUntil("\r\n\r\n");
  connection.Close();
}

TEST_F(HttpFailureTest, ASilentServerHangs) {
  Expect(Probe(&Hang, absl::Milliseconds(200)), v1::HUNG, v1::RESPONSE);
  Expect(ProbeTls(&Hang, absl::Milliseconds(1500)), v1::HUNG, v1::RESPONSE);
  const v1::Observation in_handshake = Probe(&Hang, absl::Milliseconds(200), "https");
  Expect(in_handshake, v1::HUNG, v1::TLS_HANDSHAKE);
  EXPECT_FALSE(in_handshake.http().has_tls());
}

TEST_F(HttpFailureTest, AResetIsAReset) {
  Expect(Probe(&ResetAfterRequest), v1::RESET, v1::RESPONSE);
  Expect(ProbeTls(&ResetAfterRequest), v1::RESET, v1::RESPONSE);
  const auto at_once = [](Connection& connection) { connection.Reset(); };
  Expect(Probe(at_once), v1::RESET, v1::RESPONSE);
  Expect(Probe(at_once, absl::Seconds(20), "https"), v1::RESET, v1::TLS_HANDSHAKE);
  const auto after_hello = [](Connection& connection) {
    connection.Read();
    connection.Reset();
  };
  Expect(Probe(after_hello, absl::Seconds(20), "https"), v1::RESET, v1::TLS_HANDSHAKE);
}

TEST_F(HttpFailureTest, AnOrderlyCloseIsClosed) {
  Expect(Probe(&CloseAfterRequest), v1::CLOSED, v1::RESPONSE);
  Expect(ProbeTls(&CloseAfterRequest), v1::CLOSED, v1::RESPONSE);
  const auto after_hello = [](Connection& connection) {
    connection.Read();
    connection.Close();
  };
  Expect(Probe(after_hello, absl::Seconds(20), "https"), v1::CLOSED, v1::TLS_HANDSHAKE);
}

TEST_F(HttpFailureTest, ABodyThatEndsTooEarlyIsClosedOrReset) {
  const char* half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
  const auto close = [&](Connection& connection) {
    connection.ReadUntil("\r\n\r\n");
    connection.Write(half);
    connection.Close();
  };
  const v1::Observation seen = Probe(close);
  Expect(seen, v1::CLOSED, v1::RESPONSE);
  EXPECT_EQ(seen.http().status(), 200u);
  EXPECT_EQ(seen.http().body_bytes(), 4u);
  Expect(ProbeTls(close), v1::CLOSED, v1::RESPONSE);
}

TEST_F(HttpFailureTest, ABodyThatDoesNotEndIsABadAnswer) {
  const auto stall = [](Connection& connection) {
    connection.ReadUntil("\r\n\r\n");
    connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    connection.AwaitPeerClose();
  };
  const v1::Observation seen = Probe(stall, absl::Milliseconds(300));
  Expect(seen, v1::BAD_ANSWER, v1::RESPONSE);
  EXPECT_EQ(seen.http().status(), 200u);
  EXPECT_TRUE(seen.http().body_truncated());
  EXPECT_EQ(seen.http().error(), "body not complete by the deadline");
}

TEST_F(HttpFailureTest, AHeadThatDoesNotEndIsABadAnswer) {
  const auto stall = [](Connection& connection) {
    connection.ReadUntil("\r\n\r\n");
    connection.Write("HTTP/1.1 200 OK\r\nX-Slow: ");
    connection.AwaitPeerClose();
  };
  const v1::Observation seen = Probe(stall, absl::Milliseconds(300));
  Expect(seen, v1::BAD_ANSWER, v1::RESPONSE);
  EXPECT_EQ(seen.http().error(), "response head not complete by the deadline");
}

TEST_F(HttpFailureTest, AnEndlessHeadIsABadAnswer) {
  const v1::Observation seen = Probe([](Connection& connection) {
    connection.ReadUntil("\r\n\r\n");
    connection.Write("HTTP/1.1 200 OK\r\n");
    while (connection.Write("X-More: and more\r\n")) {
    }
  });
  Expect(seen, v1::BAD_ANSWER, v1::RESPONSE);
  EXPECT_EQ(seen.http().body_bytes(), 0u);
}

TEST_F(HttpFailureTest, AnEndlessHeaderLineIsABadAnswer) {
  const v1::Observation seen = Probe([](Connection& connection) {
    connection.ReadUntil("\r\n\r\n");
    connection.Write("HTTP/1.1 200 OK\r\nX-Long: ");
    while (connection.Write(std::string(4096, 'a'))) {
    }
  });
  Expect(seen, v1::BAD_ANSWER, v1::RESPONSE);
}

TEST_F(HttpFailureTest, WhatIsNoHttpIsABadAnswer) {
  for (const char* nonsense : {"220 mail.example ESMTP\r\n", "\x16\x03\x01", "HTTP/9.9 abc\r\n\r\n",
                               "HTTP/1.1 \r\n\r\n"}) {
    const v1::Observation seen = Probe([nonsense](Connection& connection) {
      connection.ReadUntil("\r\n\r\n");
      connection.Write(nonsense);
      connection.Close();
    });
    Expect(seen, v1::BAD_ANSWER, v1::RESPONSE);
  }
}

TEST_F(HttpFailureTest, PlainHttpOnTheTlsPortIsABadAnswer) {
  const v1::Observation seen = Probe(
      [](Connection& connection) {
        connection.Write(HttpMessage("400 Bad Request", "", ""));
        connection.AwaitPeerClose();
      },
      absl::Seconds(20), "https");
  Expect(seen, v1::BAD_ANSWER, v1::TLS_HANDSHAKE);
}

}  // namespace
}  // namespace probemesh::node
