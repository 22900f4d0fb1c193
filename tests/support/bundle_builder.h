// Evidence bundles for tests, told in the words of the field: "va: SYN silent, walk up to hop 3".
#ifndef PROBEMESH_TESTS_SUPPORT_BUNDLE_BUILDER_H_
#define PROBEMESH_TESTS_SUPPORT_BUNDLE_BUILDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "probemesh/v1/diagnosis.pb.h"

namespace probemesh::testing {

// What a packet met: numbers of ICMPv4 or ICMPv6, and who said it after how long.
struct Icmp {
  uint32_t type = 3;
  uint32_t code = 1;
  std::string offender;
  absl::Duration after = absl::Milliseconds(20);
};

// Observations of one vantage, in the order in which they are told. Each is a command of its own.
class VantageBuilder {
 public:
  VantageBuilder(v1::EvidenceBundle* bundle, std::string node, std::string target);

  VantageBuilder& Lost();
  VantageBuilder& NotRun(const std::string& reason);
  // The source address of every probe that has been told so far and has an exchange.
  VantageBuilder& From(const std::string& source_address);
  VantageBuilder& Label(const std::string& key, const std::string& value);

  // Names. `rcode`: 0 with no address, 2, 3, 5.
  VantageBuilder& NameOk();
  VantageBuilder& NameRcode(uint32_t rcode);
  VantageBuilder& NameSilent();

  // The service's port: what `tries` connects met.
  VantageBuilder& Connects(int tries = 2);
  VantageBuilder& ConnectSilent(int tries = 4);
  VantageBuilder& ConnectRefused(int tries = 2);
  VantageBuilder& ConnectIcmp(const Icmp& icmp, int tries = 2);
  VantageBuilder& ConnectLocalError(const std::string& errno_name);
  VantageBuilder& ConnectNotRun(v1::NotRunReason reason);

  // The HTTP request on top.
  VantageBuilder& HttpOk();
  VantageBuilder& HttpStatus(uint32_t status);
  VantageBuilder& HttpEnds(v1::Outcome outcome, v1::Stage stage);
  VantageBuilder& HttpExpiredCertificate();

  // The host beside the service. `reply_ttl` of 0 is not shown.
  VantageBuilder& EchoOk(uint32_t reply_ttl = 59);
  VantageBuilder& EchoSilent();
  VantageBuilder& EchoIcmp(const Icmp& icmp);
  VantageBuilder& EchoUnsupported();
  VantageBuilder& UdpClosedPort();  // port unreachable from the target
  VantageBuilder& UdpSilent();
  VantageBuilder& OtherPort(v1::Outcome outcome);
  VantageBuilder& OtherPortIcmp(const Icmp& icmp);

  // Controls and neighbours.
  VantageBuilder& Control(bool tcp, const std::string& address = "198.51.100.1");
  VantageBuilder& ControlEcho(bool ok, const std::string& address = "198.51.100.1");
  VantageBuilder& Neighbor(bool answers, const std::string& address = "203.0.113.20");
  VantageBuilder& NeighborIcmp(const Icmp& icmp, const std::string& address = "203.0.113.20");

  // A walk whose hop i+1 answered as told: an address says time exceeded, "*" stays silent, "?"
  // stays silent but its budget was spent, "T" is the target, "R" the target with a reset.
  VantageBuilder& Walk(const std::vector<std::string>& hops,
                       v1::TraceProbe::Protocol protocol = v1::TraceProbe::TCP);
  VantageBuilder& ControlWalk(const std::vector<std::string>& hops);
  VantageBuilder& HopPing(const std::string& address, bool answers);

  // The usual sets. Healthy: controls, name, connects, HTTP 200, echo, closed UDP port.
  VantageBuilder& Healthy();
  VantageBuilder& Fit();        // name resolves, control answers
  VantageBuilder& AllSilent();  // Fit, and nothing from the target: connect, echo, UDP

 private:
  v1::Observation* Add(v1::ProbeRole role, const std::string& address, v1::Outcome outcome);
  v1::Observation* AddTcp(v1::Outcome outcome);
  v1::Observation* AddHttp(v1::Outcome outcome);
  v1::Observation* AddEcho(v1::ProbeRole role, const std::string& address, v1::Outcome outcome);
  void AddIcmp(const Icmp& icmp, v1::Exchange* exchange);

  v1::EvidenceBundle* bundle_;
  size_t vantage_;
  std::string node_;
  std::string target_;
};

class BundleBuilder {
 public:
  static constexpr char kTarget[] = "203.0.113.10";
  static constexpr char kTarget6[] = "2001:db8:50::10";

  // https://www.example.com, looked at for 3.4 s.
  BundleBuilder();
  BundleBuilder& ForHost();  // reachability of the host itself, by address
  BundleBuilder& ForTcp(uint32_t port);
  BundleBuilder& Elapsed(absl::Duration elapsed);

  // A new vantage "nodes/<name>", or more evidence of a known one; `group` defaults to its name.
  VantageBuilder Vantage(const std::string& name, const std::string& group = "");
  // The same vantage, probing the IPv6 address.
  VantageBuilder Vantage6(const std::string& name, const std::string& group = "");
  // An earlier walk that reached the target.
  BundleBuilder& Baseline(const std::vector<std::string>& hops);

  const v1::EvidenceBundle& bundle() const { return bundle_; }
  v1::EvidenceBundle* mutable_bundle() { return &bundle_; }

 private:
  v1::EvidenceBundle bundle_;
};

}  // namespace probemesh::testing

#endif  // PROBEMESH_TESTS_SUPPORT_BUNDLE_BUILDER_H_
