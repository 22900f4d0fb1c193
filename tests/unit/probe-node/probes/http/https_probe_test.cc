// Certificates and alerts under HTTP.
#include <fstream>

#include "tests/unit/probe-node/probes/http/http_test_base.h"

namespace probemesh::node {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HttpsProbeTest : public HttpTestBase {
 protected:
  HttpsProbeTest() : authority_(MakeTestAuthority()) { ca_pem_ = authority_.CertificatePem(); }

  static TestLeaf Leaf() {
    TestLeaf leaf;
    leaf.alternative_names = "DNS:service.example,IP:127.0.0.1";
    return leaf;
  }

  LoopbackServer::Script Serve(const std::shared_ptr<SSL_CTX>& context) {
    return [this, context](ServerConnection& connection) {
      if (!connection.StartTls(context.get())) return;
      request_ = connection.ReadUntil("\r\n\r\n");
      connection.Write(HttpMessage("200 OK", "", "hello"));
      connection.AwaitPeerClose();
    };
  }

  v1::Observation ProbeLeaf(const TestIdentity& leaf, bool verify_off = false) {
    LoopbackServer server(Serve(MakeServerContext(leaf)));
    v1::ProbeSpec spec = Spec(server.endpoint(), "https");
    spec.mutable_http()->set_tls_verify_off(verify_off);
    return Run(spec);
  }

  void ExpectBadCertificate(const v1::Observation& seen) {
    EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER) << seen.detail();
    EXPECT_EQ(seen.failed_stage(), v1::TLS_HANDSHAKE);
    EXPECT_FALSE(seen.http().tls_verified());
    EXPECT_EQ(seen.http().tls().chain_size(), 1);
    EXPECT_EQ(seen.http().status(), 0u);
    EXPECT_EQ(request_, "");
  }

  const TestIdentity authority_;
  std::string request_;  // written by the server's thread, which has ended when a test reads it
};

TEST_F(HttpsProbeTest, AGoodServerIsEvidenceOfTlsToo) {
  const v1::Observation seen = ProbeLeaf(SignTestLeaf(Leaf(), authority_));
  EXPECT_EQ(seen.outcome(), v1::ANSWERED) << seen.detail();
  EXPECT_EQ(seen.http().status(), 200u);
  EXPECT_TRUE(seen.http().tls_verified());
  const v1::TlsEvidence& tls = seen.http().tls();
  EXPECT_EQ(tls.version(), "TLSv1.3");
  EXPECT_FALSE(tls.cipher().empty());
  EXPECT_TRUE(tls.verified());
  EXPECT_TRUE(tls.name_matches());
  ASSERT_EQ(tls.chain_size(), 1);
  EXPECT_EQ(tls.chain(0).subject(), "CN=leaf");
  ASSERT_EQ(seen.stages_size(), 4);
  EXPECT_EQ(seen.stages(1).stage(), v1::TLS_HANDSHAKE);
  EXPECT_EQ(seen.stages(3).stage(), v1::RESPONSE);
}

TEST_F(HttpsProbeTest, NoKeysAreLogged) {
  ASSERT_EQ(ProbeLeaf(SignTestLeaf(Leaf(), authority_)).outcome(), v1::ANSWERED);
  std::ifstream log(KeyLog());
  std::string line;
  EXPECT_FALSE(std::getline(log, line)) << line;
}

TEST_F(HttpsProbeTest, AnExpiredCertificateEndsItBeforeTheRequest) {
  TestLeaf leaf = Leaf();
  leaf.from = -absl::Hours(4);
  leaf.until = -absl::Hours(2);
  const v1::Observation seen = ProbeLeaf(SignTestLeaf(leaf, authority_));
  ExpectBadCertificate(seen);
  EXPECT_TRUE(seen.http().tls().expired());
  EXPECT_EQ(seen.http().tls().verify_error(), "certificate has expired");
  EXPECT_EQ(seen.http().error(), "certificate has expired");
}

TEST_F(HttpsProbeTest, AWrongNameEndsItBeforeTheRequest) {
  TestLeaf leaf = Leaf();
  leaf.alternative_names = "DNS:elsewhere.example";
  const v1::Observation seen = ProbeLeaf(SignTestLeaf(leaf, authority_));
  ExpectBadCertificate(seen);
  EXPECT_TRUE(seen.http().tls().verified());
  EXPECT_FALSE(seen.http().tls().name_matches());
  EXPECT_EQ(seen.http().error(), "not a certificate for service.example");
}

TEST_F(HttpsProbeTest, ASelfSignedCertificateEndsItBeforeTheRequest) {
  const v1::Observation seen = ProbeLeaf(MakeSelfSignedLeaf(Leaf()));
  ExpectBadCertificate(seen);
  EXPECT_THAT(seen.http().tls().verify_error(), HasSubstr("self-signed"));
}

TEST_F(HttpsProbeTest, WithoutVerificationTheCertificateIsStillReported) {
  const v1::Observation seen = ProbeLeaf(MakeSelfSignedLeaf(Leaf()), /*verify_off=*/true);
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(seen.http().status(), 200u);
  EXPECT_FALSE(seen.http().tls_verified());
  EXPECT_THAT(seen.http().tls().verify_error(), HasSubstr("self-signed"));
  EXPECT_THAT(seen.http().error(), HasSubstr("self-signed"));
}

TEST_F(HttpsProbeTest, TheCommandMayBringItsAuthority) {
  const TestIdentity other = MakeTestAuthority("another authority");
  LoopbackServer server(Serve(MakeServerContext(SignTestLeaf(Leaf(), other))));
  v1::ProbeSpec spec = Spec(server.endpoint(), "https");
  spec.mutable_http()->set_ca_pem(other.CertificatePem());
  EXPECT_EQ(Run(spec).outcome(), v1::ANSWERED);
}

TEST_F(HttpsProbeTest, AnAddressInTheUrlMatchesAddressNames) {
  LoopbackServer server(Serve(MakeServerContext(SignTestLeaf(Leaf(), authority_))));
  v1::ProbeSpec spec = Spec(server.endpoint(), "https");
  spec.mutable_http()->set_url(absl::StrCat("https://", server.endpoint().ToString(), "/"));
  EXPECT_EQ(Run(spec).outcome(), v1::ANSWERED);
}

TEST_F(HttpsProbeTest, AddressesOfIpv6WorkToo) {
  if (!HasLoopbackV6()) GTEST_SKIP() << "no ::1 on this machine";
  TestLeaf leaf = Leaf();
  leaf.alternative_names = "IP:::1";
  LoopbackServer server(Serve(MakeServerContext(SignTestLeaf(leaf, authority_))),
                        *IpAddress::Parse("::1"));
  v1::ProbeSpec spec = Spec(server.endpoint(), "https");
  spec.mutable_http()->set_url(absl::StrCat("https://", server.endpoint().ToString(), "/"));
  const v1::Observation seen = Run(spec);
  EXPECT_EQ(seen.outcome(), v1::ANSWERED) << seen.detail();
  EXPECT_EQ(seen.exchanges(0).flow().destination_address(), "::1");
}

TEST_F(HttpsProbeTest, ADotAtTheEndOfTheHostIsNoPartOfItsName) {
  LoopbackServer server(Serve(MakeServerContext(SignTestLeaf(Leaf(), authority_))));
  v1::ProbeSpec spec = Spec(server.endpoint(), "https");
  spec.mutable_http()->set_url(
      absl::StrCat("https://service.example.:", server.endpoint().port, "/"));
  EXPECT_EQ(Run(spec).outcome(), v1::ANSWERED);
}

// Is there a HEADERS frame behind the preface (RFC 9113 3.4, 4.1)?
bool HoldsRequest(const std::string& input) {
  constexpr size_t kPreface = 24;
  constexpr size_t kFrameHead = 9;
  for (size_t at = kPreface; at + kFrameHead <= input.size();) {
    if (input[at + 3] == 1) return true;
    size_t length = 0;
    for (size_t i = 0; i < 3; ++i) length = (length << 8) | static_cast<uint8_t>(input[at + i]);
    at += kFrameHead + length;
  }
  return false;
}

// RFC 9113: an empty SETTINGS frame, then on stream 1 a HEADERS frame that ends the stream and
// holds entry 8 of the static table (RFC 7541 A), ":status 200".
TEST_F(HttpsProbeTest, Http2IsSpokenWhereTheServerWantsIt) {
  auto context = MakeServerContext(SignTestLeaf(Leaf(), authority_));
  OfferAlpn(context.get(), "h2");
  const v1::Observation seen = Probe(
      [&](ServerConnection& connection) {
        if (!connection.StartTls(context.get())) return;
        std::string input;
        while (!HoldsRequest(input)) {
          const std::string more = connection.Read();
          if (more.empty()) return;
          input += more;
        }
        connection.Write(absl::string_view("\0\0\0\x04\0\0\0\0\0", 9));
        connection.Write(absl::string_view("\0\0\x01\x01\x05\0\0\0\x01\x88", 10));
        connection.AwaitPeerClose();
      },
      absl::Seconds(20), "https");
  EXPECT_EQ(seen.outcome(), v1::ANSWERED) << seen.detail();
  EXPECT_EQ(seen.http().version(), "HTTP/2");
  EXPECT_EQ(seen.http().status(), 200u);
  EXPECT_EQ(seen.http().tls().alpn(), "h2");
}

TEST_F(HttpsProbeTest, AnAlertIsKeptAndIsTlssFailure) {
  auto context = MakeServerContext(SignTestLeaf(Leaf(), authority_));
  OfferAlpn(context.get(), "acme-tls/1");
  const v1::Observation seen = Probe(Serve(context), absl::Seconds(20), "https");
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_EQ(seen.failed_stage(), v1::TLS_HANDSHAKE);
  EXPECT_TRUE(seen.http().tls().has_alert());
  EXPECT_EQ(seen.http().tls().alert_received(), 120u);  // no_application_protocol
}

TEST_F(HttpsProbeTest, AMissingClientCertificateIsTlssFailureToo) {
  auto context = MakeServerContext(SignTestLeaf(Leaf(), authority_));
  RequireClientCertificate(context.get());
  const v1::Observation seen = Probe(Serve(context), absl::Seconds(20), "https");
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER) << seen.detail();
  EXPECT_EQ(seen.failed_stage(), v1::TLS_HANDSHAKE);
  EXPECT_EQ(seen.http().tls().alert_received(), 116u);  // certificate_required
}

}  // namespace
}  // namespace probemesh::node
