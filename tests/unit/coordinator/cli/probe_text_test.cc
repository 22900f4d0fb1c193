#include "coordinator/cli/render/probe_text.h"

#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "coordinator/cli/render/observation_text.h"
#include "tests/unit/coordinator/cli/sample_messages.h"

namespace probemesh::cli {
namespace {

v1::ProbeRun Run() {
  return FromText<v1::ProbeRun>(R"pb(
    name: "probeRuns/1"
    host: "www.lab.test"
    state: RUNNING
    vantages { node: "nodes/va" group: "AS65001" }
  )pb");
}

std::string Rendered(const std::string& observation) {
  return absl::StrJoin(RenderProbeResult(Run(), FromText<v1::Observation>(observation), {}), "\n") +
         "\n";
}

TEST(RenderProbeResult, PingLooksLikePing) {
  EXPECT_EQ(Rendered(R"pb(
              node: "nodes/va"
              outcome: ANSWERED
              spec {
                address: "10.99.0.10"
                icmp { count: 3 }
              }
              exchanges {
                sequence: 0
                reply: POSITIVE
                reply_ttl: 60
                flow { destination_address: "10.99.0.10" }
                send_offset {}
                receive_offset { nanos: 8123456 }
              }
              exchanges {
                sequence: 1
                reply: NO_REPLY
                send_offset { seconds: 1 }
              }
              exchanges {
                sequence: 2
                reply: ICMP
                send_offset { seconds: 2 }
                receive_offset { seconds: 2 nanos: 500000 }
                icmp_error { type: 3 code: 1 offender: "10.1.0.1" family: IPV4 }
              }
              icmp {
                sent: 3
                received: 1
                rtt_min { nanos: 8123456 }
                rtt_avg { nanos: 8123456 }
                rtt_max { nanos: 8123456 }
                rtt_mdev {}
              }
            )pb"),
            "> va (AS65001)\n"
            "PING www.lab.test (10.99.0.10) 56(84) bytes of data.\n"
            "64 bytes from 10.99.0.10: icmp_seq=0 ttl=60 time=8.123 ms\n"
            "no answer yet for icmp_seq=1\n"
            "From 10.1.0.1 icmp_seq=2 host unreachable (ICMP 3/1) !H\n"
            "--- www.lab.test (10.99.0.10) ping statistics ---\n"
            "3 packets transmitted, 1 received, 66.67% packet loss\n"
            "rtt min/avg/max/mdev = 8.123/8.123/8.123/0.000 ms\n");
}

TEST(RenderProbeResult, TraceLooksLikeTraceroute) {
  EXPECT_EQ(Rendered(R"pb(
              node: "nodes/va"
              outcome: ICMP_ERROR
              spec {
                address: "10.99.0.10"
                port: 443
                trace { protocol: TCP }
              }
              trace {
                hops {
                  ttl: 1
                  address: "10.1.0.1"
                  exchanges {
                    send_offset {}
                    receive_offset { nanos: 421000 }
                    icmp_error { type: 11 offender: "10.1.0.1" family: IPV4 }
                  }
                  exchanges { send_offset {} }
                  exchanges {
                    send_offset {}
                    receive_offset { nanos: 500000 }
                    icmp_error { type: 11 offender: "10.1.0.2" family: IPV4 }
                  }
                }
                hops {
                  ttl: 2
                  exchanges {}
                  exchanges {}
                  exchanges {}
                }
                hops {
                  ttl: 10
                  address: "10.91.0.1"
                  exchanges {
                    send_offset {}
                    receive_offset { nanos: 1322000 }
                    icmp_error { type: 3 code: 13 offender: "10.91.0.1" family: IPV4 }
                  }
                }
                last_responder: "10.91.0.1"
              }
            )pb"),
            "> va (AS65001)\n"
            "traceroute to www.lab.test (10.99.0.10) port 443, 30 hops max, TCP\n"
            " 1  10.1.0.1  0.421 ms * 10.1.0.2  0.500 ms\n"
            " 2  * * *\n"
            "10  10.91.0.1  1.322 ms !X\n"
            "not reached; the last to answer was 10.91.0.1\n");
}

TEST(RenderProbeResult, TcpSaysWhoAnswered) {
  EXPECT_EQ(Rendered(R"pb(
              node: "nodes/va"
              outcome: ANSWERED
              spec {
                address: "10.99.0.10"
                port: 443
                tcp {}
              }
              exchanges {
                send_offset {}
                receive_offset { nanos: 8123000 }
                reply: POSITIVE
              }
            )pb"),
            "> va (AS65001)\ntcp www.lab.test (10.99.0.10) port 443: connected in 8.123 ms\n");
  EXPECT_EQ(Rendered(R"pb(
              node: "nodes/va"
              outcome: ICMP_ERROR
              spec {
                address: "10.99.0.10"
                port: 443
                tcp {}
              }
              exchanges {
                send_offset {}
                receive_offset { nanos: 8123000 }
                reply: ICMP
                icmp_error { type: 3 code: 13 offender: "10.91.0.1" family: IPV4 }
              }
            )pb"),
            "> va (AS65001)\ntcp www.lab.test (10.99.0.10) port 443: administratively prohibited "
            "(ICMP 3/13) from 10.91.0.1 in 8.123 ms\n");
}

TEST(RenderProbeResult, DnsShowsServersAndRecords) {
  EXPECT_EQ(Rendered(R"pb(
              node: "nodes/va"
              outcome: ANSWERED
              spec { dns { name: "www.lab.test" type: "A" } }
              dns {
                servers { server: "10.0.0.53" }
                servers {
                  server: "10.0.0.54"
                  answered: true
                  rcode_name: "NOERROR"
                  authoritative: true
                  duration { nanos: 2100000 }
                  answers { name: "www.lab.test." ttl: 60 type: "TXT" data: "\"\033[2J\"" }
                }
              }
            )pb"),
            "> va (AS65001)\n"
            "www.lab.test A @10.0.0.53: no answer\n"
            "www.lab.test A @10.0.0.54: NOERROR aa, 1 answer in 2.100 ms\n"
            "  www.lab.test. 60 TXT \"\\x1b[2J\"\n");
}

TEST(RenderProbeResult, TlsAndHttpSayWhatIsWrong) {
  EXPECT_EQ(Rendered(R"pb(
              node: "nodes/va"
              outcome: BAD_ANSWER
              failed_stage: TLS_HANDSHAKE
              spec {
                address: "10.99.0.10"
                port: 443
                tls { server_name: "www.lab.test" }
              }
              tls {
                expired: true
                verify_error: "certificate has expired"
                chain {
                  subject: "CN=www.lab.test"
                  issuer: "CN=Lab"
                  not_after { seconds: 1764000000 }
                }
              }
            )pb"),
            "> va (AS65001)\n"
            "tls www.lab.test (10.99.0.10) port 443: expired: certificate has expired\n"
            " 0 CN=www.lab.test, issued by CN=Lab, until 2025-11-24 16:00 UTC\n");
  EXPECT_EQ(Rendered(R"pb(
              node: "nodes/va"
              outcome: BAD_ANSWER
              failed_stage: RESPONSE
              spec {
                address: "10.99.0.10"
                port: 80
                http { url: "http://www.lab.test/" }
              }
              duration { nanos: 31000000 }
              stages {
                stage: TLS_HANDSHAKE
                duration { nanos: 12000000 }
              }
              http { status: 503 version: "HTTP/1.1" body_bytes: 12 }
            )pb"),
            "> va (AS65001)\n"
            "http://www.lab.test/ at www.lab.test (10.99.0.10): HTTP/1.1 503, 12 bytes in 31.000 "
            "ms\n  tls handshake 12.000 ms\n");
}

TEST(RenderProbeResult, SaysWhyNothingRan) {
  EXPECT_EQ(Rendered(R"pb(
              node: "nodes/va"
              outcome: NOT_RUN
              not_run_reason: POLICY_DENIED
              detail: "10.0.0.0/8 is not allowed"
              spec { tcp {} }
            )pb"),
            "> va (AS65001)\nnot run: not allowed, 10.0.0.0/8 is not allowed\n");
}

TEST(ProbeSummary, DoesNotCountThoseThatCouldNotLook) {
  v1::ProbeRun run = FromText<v1::ProbeRun>(R"pb(
    state: DONE
    vantages {
      node: "nodes/va"
      state: OK
      observations { outcome: ANSWERED }
    }
    vantages {
      node: "nodes/vb"
      state: FAILED
      observations { outcome: SILENT }
    }
    vantages { node: "nodes/vc" state: LOST reason: "session ended" }
  )pb");
  EXPECT_EQ(ProbeSummary(run),
            "1 of 2 vantages got an answer; 1 could not look and does not count.");
  EXPECT_EQ(RenderIdleVantage(run, run.vantages(2)), "> vc: lost, session ended");
  EXPECT_EQ(RenderIdleVantage(run, run.vantages(0)), "");
  run.mutable_vantages()->DeleteSubrange(0, 2);
  EXPECT_EQ(ProbeSummary(run), "No vantage could look; nothing is known about the target.");
}

TEST(IsResult, TellsTheProbeFromTheLookupBeforeIt) {
  v1::ProbeRun run = FromText<v1::ProbeRun>(R"pb(
    spec { tcp {} }
    vantages {
      node: "nodes/va"
      state: FAILED
      reason: "the name does not resolve here: NXDOMAIN"
      observations {
        outcome: BAD_ANSWER
        spec { dns { name: "www.lab.test" type: "A" } }
      }
    }
  )pb");
  EXPECT_FALSE(IsResult(run, run.vantages(0).observations(0)));
  EXPECT_EQ(RenderIdleVantage(run, run.vantages(0)),
            "> va: FAILED, the name does not resolve here: NXDOMAIN");
  run = FromText<v1::ProbeRun>(R"pb(
    spec { dns { name: "lab.test" type: "SOA" } }
    vantages {
      observations { spec { dns { name: "ns.lab.test" type: "A" } } }
      observations { spec { dns { name: "lab.test" type: "SOA" } } }
    }
  )pb");
  EXPECT_FALSE(IsResult(run, run.vantages(0).observations(0)));
  EXPECT_TRUE(IsResult(run, run.vantages(0).observations(1)));
}

TEST(RenderProbeResult, UdpKnowsThatAClosedPortIsAnAnswer) {
  EXPECT_EQ(Rendered(R"pb(
              node: "nodes/va"
              outcome: ANSWERED
              spec {
                address: "10.99.0.10"
                port: 33434
                udp {}
              }
              exchanges {
                send_offset {}
                receive_offset { nanos: 8123000 }
                reply: ICMP
                icmp_error { type: 3 code: 3 offender: "10.99.0.10" family: IPV4 }
              }
            )pb"),
            "> va (AS65001)\nudp www.lab.test (10.99.0.10) port 33434: the host is alive, the port "
            "closed: port unreachable (ICMP 3/3) in 8.123 ms\n");
}

TEST(IcmpMark, UsesTraceroutesLetters) {
  v1::IcmpError error;
  error.set_family(v1::IPV4);
  error.set_type(3);
  const std::vector<std::pair<uint32_t, std::string>> marks = {
      {0, "!N"}, {1, "!H"}, {2, "!P"}, {3, ""}, {4, "!F"}, {13, "!X"}, {77, "!<3.77>"}};
  for (const auto& [code, mark] : marks) {
    error.set_code(code);
    EXPECT_EQ(IcmpMark(error), mark);
  }
  error.set_family(v1::IPV6);
  error.set_type(1);
  error.set_code(1);
  EXPECT_EQ(IcmpMark(error), "!X");
  EXPECT_EQ(IcmpWords(error), "administratively prohibited (ICMPv6 1/1)");
}

}  // namespace
}  // namespace probemesh::cli
