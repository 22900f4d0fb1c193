// The runs in memory: those under way, and the finished ones that were asked for last.
#ifndef PROBEMESH_COORDINATOR_RUNS_RUN_SHELF_H_
#define PROBEMESH_COORDINATOR_RUNS_RUN_SHELF_H_

#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/runs/limits.h"

namespace probemesh::coordinator {

// `Run` has name(). Core loop only.
template <typename Run>
class RunShelf {
 public:
  // Under way until Retire.
  Run& Add(std::unique_ptr<Run> run) {
    Run& added = *run;
    running_[added.name()] = std::move(run);
    return added;
  }

  // nullptr if it is not in memory. Finding a finished run keeps it for longer.
  Run* Find(const std::string& name) {
    if (Run* run = FindRunning(name)) return run;
    const auto finished = finished_.find(name);
    if (finished == finished_.end()) return nullptr;
    order_.splice(order_.end(), order_, finished->second.position);
    return finished->second.run.get();
  }

  Run* FindRunning(const std::string& name) {
    const auto running = running_.find(name);
    return running == running_.end() ? nullptr : running->second.get();
  }

  // The run is over. It may be called from inside that run: only older ones are destroyed.
  void Retire(const std::string& name) {
    auto running = running_.extract(name);
    if (running.empty()) return;
    order_.push_back(name);
    finished_[name] = Finished{std::move(running.mapped()), std::prev(order_.end())};
    while (order_.size() > kMaxFinishedRuns) {
      finished_.erase(order_.front());
      order_.pop_front();
    }
  }

  size_t running_count() const { return running_.size(); }
  // Names, because what is done to one run may end it and change this.
  std::vector<std::string> RunningNames() const {
    std::vector<std::string> names;
    for (const auto& [name, run] : running_) names.push_back(name);
    return names;
  }
  // Until `visit` returns true.
  template <typename Visit>
  void VisitAll(Visit visit) {
    for (const auto& [name, run] : running_) {
      if (visit(*run)) return;
    }
    for (const auto& [name, finished] : finished_) {
      if (visit(*finished.run)) return;
    }
  }

 private:
  struct Finished {
    std::unique_ptr<Run> run;
    std::list<std::string>::iterator position;
  };
  std::map<std::string, std::unique_ptr<Run>> running_;
  std::map<std::string, Finished> finished_;
  std::list<std::string> order_;  // of the finished, longest unused first
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_RUN_SHELF_H_
