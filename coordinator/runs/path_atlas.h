// Learns the paths to targets while they are healthy, so that a diagnosis of their silence knows
// which router is the last hop.
#ifndef PROBEMESH_COORDINATOR_RUNS_PATH_ATLAS_H_
#define PROBEMESH_COORDINATOR_RUNS_PATH_ATLAS_H_

#include <deque>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "coordinator/runs/run_host.h"
#include "coordinator/runs/walk_memory.h"

namespace probemesh::coordinator {

// Core loop only. In memory only: a restart forgets, and healthy diagnoses teach it again.
class PathAtlas {
 public:
  // `host` must outlive this.
  explicit PathAtlas(RunHost& host) : host_(host) {}
  ~PathAtlas() { Stop(); }
  PathAtlas(const PathAtlas&) = delete;
  PathAtlas& operator=(const PathAtlas&) = delete;

  // True for the runs ("pathAtlas/<uuid>") under which its own walks are sent.
  static bool Owns(absl::string_view run);

  // What earlier walks to the target showed, for EvidenceBundle.baseline.
  google::protobuf::RepeatedPtrField<v1::Observation> Baseline(const v1::Target& target);

  // Remembers the walks in the bundle. If the target was healthy, it also asks each vantage that
  // got through to walk there soon, in the background, unless one was asked lately.
  void OnDiagnosisOver(const v1::Diagnosis& diagnosis, const v1::EvidenceBundle& bundle);

  // As RunManager's, for its own runs. Answers to anything but what was asked are dropped.
  void OnObservation(const v1::Observation& observation);
  void OnCommandLost(const std::string& node, const std::string& command_id);
  void OnNodeGone(const std::string& node);

  // Nothing is sent or learnt after this.
  void Stop();

 private:
  struct PlannedWalk {
    v1::Target target;
    std::string node;
    v1::ProbeSpec spec;
    v1::AddressFamily family = v1::ADDRESS_FAMILY_UNSPECIFIED;
    MonotonicTime since;  // when it was planned, or sent
  };

  MonotonicTime now() const { return host_.loop().clock().Monotonic(); }
  void Plan(const v1::EvidenceBundle& bundle, const v1::BundleVantage& vantage);
  void SchedulePump();
  void Pump();
  void DropStale();
  void SendNext();
  void Send(PlannedWalk walk);
  void GiveUp(const PlannedWalk& walk);

  RunHost& host_;
  WalkMemory memory_;
  std::deque<PlannedWalk> planned_;
  std::map<std::string, PlannedWalk> sent_;         // by command id
  std::map<std::string, MonotonicTime> last_sent_;  // by node, of the last kWalkGapPerNode
  TimerId timer_ = 0;
  bool stopped_ = false;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_PATH_ATLAS_H_
