// One raw probe run: the same probe from many vantages, without a judgement. A name is resolved at
// each vantage, because that is where it is used.
#ifndef PROBEMESH_COORDINATOR_RUNS_PROBE_RUN_RUN_H_
#define PROBEMESH_COORDINATOR_RUNS_PROBE_RUN_RUN_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/net/ip_address.h"
#include "coordinator/runs/event_log.h"
#include "coordinator/runs/probe_request.h"
#include "coordinator/runs/run_host.h"
#include "probemesh/v1/node.pb.h"
#include "probemesh/v1/probe_service.pb.h"

namespace probemesh::coordinator {

// Core loop only.
class ProbeRunRun {
 public:
  // Told once, from inside a method of the run, which must not be destroyed by it.
  using Finished = std::function<void(ProbeRunRun&)>;

  ProbeRunRun(RunHost& host, std::string name, const ProbeRequest& request,
              const std::vector<v1::Node>& vantages, absl::Time create_time);
  ~ProbeRunRun();
  ProbeRunRun(const ProbeRunRun&) = delete;
  ProbeRunRun& operator=(const ProbeRunRun&) = delete;

  const std::string& name() const { return name_; }
  bool running() const { return resource_.state() == v1::ProbeRun::RUNNING; }

  void Start(Finished finished);
  // CANCELLED or INTERRUPTED. No-op when over.
  void Stop(v1::ProbeRun::State state);

  // As RunManager's.
  void OnObservation(const v1::Observation& observation);
  void OnCommandLost(const std::string& node, const std::string& command_id,
                     const absl::Status& reason);
  void OnNodeGone(const std::string& node, const absl::Status& reason);

  const v1::ProbeRun& resource() const { return resource_; }
  std::vector<std::string> VantageNodes() const;
  EventLog<v1::ProbeRunEvent>& events() { return events_; }

 private:
  struct Command {
    size_t vantage = 0;
    v1::ProbeSpec spec;
    bool resolves = false;  // the name lookup before the probe
  };
  struct Vantage {
    v1::Capabilities capabilities;
    bool settled = false;
    int lookups = 0;  // under way
    std::vector<IpAddress> addresses;
    // What to say if no lookup brought an address.
    v1::VantageReport::State lookup_state = v1::VantageReport::FAILED;
    std::string lookup_reason = "the name does not resolve here";
  };

  bool Send(size_t vantage, v1::ProbeSpec spec, bool resolves);
  void Resolve(size_t vantage);
  void OnLookup(size_t vantage, const v1::Observation& observation);
  void OnLookupOver(size_t vantage);
  void Settle(size_t vantage, v1::VantageReport::State state, std::string reason);
  void OnResult(size_t vantage, const v1::Observation& observation);
  void ForgetCommandsOf(size_t vantage);
  void FinishIfSettled();
  void End(v1::ProbeRun::State state);
  v1::VantageReport& Report(size_t vantage);

  RunHost& host_;
  const std::string name_;
  const ProbeRequest request_;
  Finished finished_;
  v1::ProbeRun resource_;
  std::vector<Vantage> vantages_;            // as in resource_
  std::map<std::string, Command> commands_;  // under way, by id
  EventLog<v1::ProbeRunEvent> events_;
  TimerId deadline_timer_ = 0;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_PROBE_RUN_RUN_H_
