#include "tests/unit/coordinator/cli/sample_messages.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "google/protobuf/text_format.h"

namespace probemesh::cli {
namespace {

constexpr char kPathFailure[] = R"pb(
  name: "diagnoses/0192a6d1-7a3c-7000-8000-000000000001"
  target: "https://www.lab.test"
  create_time { seconds: 1764000000 }
  elapsed { seconds: 2 nanos: 913000000 }
  state: DONE
  diagnosis {
    verdict: PATH_FAILURE
    fault_domain: NETWORK
    cause: "blackhole_host"
    confidence: 0.93
    confidence_label: HIGH
    summary: "Packets to the target vanish behind 10.91.0.1, while another provider delivers them."
    locus {
      kind: SEGMENT
      from_address: "10.91.0.1"
      to_address: "10.92.0.1"
      addresses: "10.91.0.1"
      addresses: "10.92.0.1"
      from_asn: 65010
      to_asn: 65020
      direction: FORWARD
    }
    scope { vantages: "nodes/va" groups: "AS65001" families: IPV4 ports: 443 flow_fraction: 1 }
    fault_domain_mass { key: "NETWORK" value: 0.95 }
    fault_domain_mass { key: "TARGET" value: 0.03 }
    fault_domain_mass { key: "NAME" value: 0.0001 }
    ambiguity { cause: "edge_filter" verdict: FILTERED probability: 0.04 }
    would_resolve: "a vantage inside AS65020"
    secondary {
      verdict: NAME_FAILURE
      fault_domain: NAME
      cause: "resolver_broken"
      summary: "vc's resolver does not answer"
      vantages: "nodes/vc"
    }
    evidence {
      rule: "icmp_answered"
      vantages: "nodes/vb"
      text: "the host answers pings from vb"
      weight: 2.5
    }
    evidence {
      rule: "walk_cut"
      vantages: "nodes/va"
      text: "the walk from va ends at 10.91.0.1"
      weight: 8.1
    }
    evidence {
      rule: "hop_ping"
      vantages: "nodes/va"
      text: "10.92.0.1 still answers pings from va"
      weight: -1.2
    }
    next_steps: "Ring the network operations of AS65010"
    next_steps: "Send them the bundle"
    ruleset_version: "2026.1"
    evidence_digest: "sha256:00ff"
  }
  vantages {
    node: "nodes/va"
    group: "AS65001"
    state: FAILED
    reason: "connect is silent"
    observations {
      command_id: "c1"
      node: "nodes/va"
      outcome: ANSWERED
      spec {
        role: SERVICE
        dns { name: "www.lab.test" }
      }
      duration { nanos: 2100000 }
      dns {
        addresses: "10.99.0.10"
        servers { server: "10.0.0.53" answered: true rcode_name: "NOERROR" }
      }
    }
    observations {
      command_id: "c2"
      node: "nodes/va"
      outcome: SILENT
      failed_stage: CONNECT
      spec {
        role: SERVICE
        address: "10.99.0.10"
        port: 443
        tcp {}
      }
    }
    observations {
      command_id: "c3"
      node: "nodes/va"
      outcome: SILENT
      spec {
        role: HOST
        address: "10.99.0.10"
        icmp {}
      }
      icmp { sent: 1 }
    }
    observations {
      command_id: "c4"
      node: "nodes/va"
      outcome: SILENT
      spec {
        role: WALK
        address: "10.99.0.10"
        port: 443
        trace { protocol: TCP }
      }
      trace {
        hops { ttl: 1 address: "10.1.0.1" }
        hops { ttl: 2 address: "10.91.0.1" }
        hops { ttl: 3 }
        last_responder: "10.91.0.1"
      }
    }
  }
  vantages {
    node: "nodes/vb"
    group: "AS65002"
    state: OK
    observations {
      command_id: "c5"
      node: "nodes/vb"
      outcome: ANSWERED
      spec {
        role: SERVICE
        address: "10.99.0.10"
        port: 443
        tcp {}
      }
      exchanges {
        send_offset { nanos: 1000000 }
        receive_offset { nanos: 9123000 }
        reply: POSITIVE
      }
    }
    observations {
      command_id: "c6"
      node: "nodes/vb"
      outcome: ANSWERED
      spec {
        role: SERVICE
        address: "10.99.0.10"
        port: 443
        http { url: "https://www.lab.test/" }
      }
      duration { nanos: 31000000 }
      http { status: 200 }
    }
    observations {
      command_id: "c7"
      node: "nodes/vb"
      outcome: SILENT
      spec {
        role: CONTROL
        address: "10.9.9.9"
        port: 443
        tcp {}
      }
    }
  }
  vantages { node: "nodes/vc" group: "AS65003" state: DISCARDED reason: "its controls fail too" }
  spec { target: "https://www.lab.test" }
  provisional {
    offset { nanos: 400000000 }
    verdict: INCONCLUSIVE
    confidence: 0.4
  }
)pb";

}  // namespace

template <typename Message>
Message FromText(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}
template v1::Diagnosis FromText(const std::string&);
template v1::Observation FromText(const std::string&);
template v1::ProbeRun FromText(const std::string&);

v1::Diagnosis PathFailureDiagnosis() { return FromText<v1::Diagnosis>(kPathFailure); }

v1::Diagnosis HealthyDiagnosis() {
  return FromText<v1::Diagnosis>(R"pb(
    name: "diagnoses/1"
    target: "www.lab.test:443"
    state: DONE
    diagnosis {
      verdict: HEALTHY
      fault_domain: NONE
      cause: "healthy"
      confidence: 0.97
      confidence_label: HIGH
      locus { kind: NONE }
    }
    vantages { node: "nodes/va" group: "AS65001" state: OK }
  )pb");
}

void ExpectGolden(const std::string& name, const std::string& actual) {
  const std::string path =
      std::string(PROBEMESH_SOURCE_DIR) + "/tests/unit/coordinator/cli/golden/" + name;
  if (std::getenv("PROBEMESH_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << actual;
    return;
  }
  std::ostringstream expected;
  expected << std::ifstream(path).rdbuf();
  EXPECT_EQ(actual, expected.str()) << "differs from " << path;
}

}  // namespace probemesh::cli
