// What the tests of the HTTP probe share: one run over real sockets, in an environment that libcurl
// would obey if it were let.
#ifndef PROBEMESH_TESTS_UNIT_PROBE_NODE_PROBES_HTTP_HTTP_TEST_BASE_H_
#define PROBEMESH_TESTS_UNIT_PROBE_NODE_PROBES_HTTP_HTTP_TEST_BASE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "probe-node/probes/http/http_probe.h"
#include "tests/support/loopback_server.h"
#include "tests/support/probe_runner.h"
#include "tests/support/temp_file.h"
#include "tests/support/test_certificates.h"

namespace probemesh::node {

inline std::string HttpMessage(const std::string& status, const std::string& headers,
                               const std::string& body) {
  return absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Length: ", body.size(), "\r\n", headers,
                      "\r\n", body);
}

// Reads a request, answers and waits for the client to go.
inline LoopbackServer::Script Answering(const std::string& response) {
  return [response](ServerConnection& connection) {
    connection.ReadUntil("\r\n\r\n");
    connection.Write(response);
    connection.AwaitPeerClose();
  };
}

class HttpTestBase : public ::testing::Test {
 protected:
  HttpTestBase() {
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("https_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "socks5://127.0.0.1:1", 1);
    setenv("SSLKEYLOGFILE", KeyLog().c_str(), 1);
  }

  static std::string KeyLog() { return absl::StrCat(::testing::TempDir(), "http_test_keylog"); }

  // The URL's host is never resolved: the address is pinned.
  static v1::ProbeSpec Spec(const Endpoint& server, const std::string& scheme = "http",
                            absl::Duration timeout = absl::Seconds(20)) {
    v1::ProbeSpec spec;
    spec.set_address(server.address.ToString());
    *spec.mutable_timeout() = ToProto(timeout);
    spec.mutable_http()->set_url(
        absl::StrCat(scheme, "://service.example:", server.port, "/path?query"));
    return spec;
  }

  v1::Observation Probe(LoopbackServer::Script script, absl::Duration timeout = absl::Seconds(20),
                        const std::string& scheme = "http") {
    LoopbackServer server(std::move(script));
    return Run(Spec(server.endpoint(), scheme, timeout));
  }

  v1::Observation Run(const v1::ProbeSpec& spec) {
    runner_ = std::make_unique<ProbeRunner>();
    runner_->context.extra_ca_pem = ca_pem_;
    runner_->context.hosts_file = hosts_.path();
    runner_->context.resolv_conf = "/nonexistent";
    runner_->denied_ports = denied_ports_;
    return runner_->Run(&MakeHttpProbe, spec);
  }

  std::string ca_pem_;
  TempFile hosts_;
  std::vector<uint16_t> denied_ports_;
  std::unique_ptr<ProbeRunner> runner_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_TESTS_UNIT_PROBE_NODE_PROBES_HTTP_HTTP_TEST_BASE_H_
