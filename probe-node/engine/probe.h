// What every probe is: started once, ends once, and in between lives on the node's event loop.
#ifndef PROBEMESH_PROBE_NODE_ENGINE_PROBE_H_
#define PROBEMESH_PROBE_NODE_ENGINE_PROBE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/base/random.h"
#include "common/event/event_loop.h"
#include "common/net/ip_address.h"
#include "common/net/socket_ops.h"
#include "probemesh/v1/observation.pb.h"
#include "probemesh/v1/probe.pb.h"

namespace probemesh::node {

class IcmpGovernor;  // engine/icmp_governor.h

// Asked with the binary address that will really be used: at the start, and again for every
// redirect hop. OK, or PERMISSION_DENIED with a reason fit for the user.
using TargetCheck = std::function<absl::Status(const IpAddress& address, uint16_t port)>;

// What a probe may use. Everything outlives the probe.
struct ProbeContext {
  EventLoop& loop;
  SocketOps& sockets;
  Random& random;
  IcmpGovernor& governor;
  TargetCheck target_check;
  std::string resolv_conf = "/etc/resolv.conf";
  std::string hosts_file = "/etc/hosts";
  std::string extra_ca_pem = {};  // trust anchors that the node's owner added to the system store
};

// Receives the finished observation: outcome, exchanges, stages, evidence, start_time and duration
// are set; command_id, spec and scheduling_delay are added by the engine.
using ProbeDone = std::function<void(v1::Observation)>;

// Loop thread only. `done` is called exactly once, never from inside Start, and may destroy the
// probe; destroying a probe before that is allowed and silent. A probe that times out has an
// outcome; it is not an error.
class Probe {
 public:
  virtual ~Probe() = default;
  virtual void Start(ProbeDone done) = 0;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_ENGINE_PROBE_H_
