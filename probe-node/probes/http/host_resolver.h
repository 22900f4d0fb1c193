// The address of the host that a redirect leads to, by the node's own resolver.
#ifndef PROBEMESH_PROBE_NODE_PROBES_HTTP_HOST_RESOLVER_H_
#define PROBEMESH_PROBE_NODE_PROBES_HTTP_HOST_RESOLVER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "probe-node/engine/probe.h"
#include "probe-node/probes/dns/dns_lookup.h"

namespace probemesh::node {

// Loop thread only. Asks for the preferred family first, then for the other one.
class HostResolver {
 public:
  struct Result {
    std::optional<IpAddress> address;
    v1::Outcome outcome = v1::ANSWERED;  // why there is no address
    std::string detail;
  };
  using Done = std::function<void(Result)>;

  HostResolver(ProbeContext& context, std::string host, IpAddress::Family preferred,
               MonotonicTime deadline, Done done);
  ~HostResolver();

  // `done` is called once, from the loop, at `deadline` at the latest.
  void Start();

 private:
  void Ask();
  void OnAnswer(DnsLookupResult result);
  void EndLater(Result result);
  void End(Result result);

  ProbeContext& context_;
  const std::string host_;
  IpAddress::Family family_;
  const MonotonicTime deadline_;
  Done done_;
  bool last_ = false;
  TimerId timer_ = 0;
  std::unique_ptr<DnsLookup> lookup_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_HTTP_HOST_RESOLVER_H_
