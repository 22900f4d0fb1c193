// Random small internets with one fault each, and what the planner's probes would see there: so
// that the engine is judged on topologies that nobody thought of.
#ifndef PROBEMESH_TESTS_UNIT_COORDINATOR_DIAGNOSIS_LITTLE_INTERNET_H_
#define PROBEMESH_TESTS_UNIT_COORDINATOR_DIAGNOSIS_LITTLE_INTERNET_H_

#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "tests/support/bundle_builder.h"

namespace probemesh::coordinator {

enum class FaultKind {
  kNone,
  kRefused,
  kHung,
  kHostGone,      // the last hop says host unreachable after 3 s
  kHostSilent,    // the host drops everything
  kPortFiltered,  // the host drops the port
  kHole,          // a router on the way drops what is for the target
  kDark,          // a router on the way drops everything
  kNoRoute,
  kProhibited,
  kUnreachableRoute,
  kAllProvidersHole,
  kAllProvidersNoRoute,
  kSourceFiltered,  // the last hop drops what comes from one network
  kReturnLost,      // a router on the way back drops what is for one network
};

class LittleInternet {
 public:
  explicit LittleInternet(uint64_t seed);

  size_t vantages() const { return ways_.size(); }
  // The observations of a diagnosis of the target while that fault lasts.
  testing::BundleBuilder Observe(FaultKind kind);
  // True when the last Observe's fault was felt by every vantage.
  bool felt_by_all() const { return felt_.size() == ways_.size(); }
  bool felt() const { return !felt_.empty(); }
  // Routers at which the last Observe's fault may rightly be placed.
  const std::set<std::string>& places() const { return places_; }
  bool has_baseline() const { return baseline_; }

 private:
  struct Way {
    std::string name;
    std::string group;
    std::vector<std::string> routers;  // to the target; the way back is the reverse
  };
  // How one vantage's packets fare.
  struct Fate {
    enum class Kind { kPass, kRefused, kHung, kPortSilent, kSilent, kError } kind = Kind::kPass;
    size_t answering = 0;  // routers that answer its walk
    testing::Icmp icmp;
  };

  bool Chance(uint64_t percent) { return UniformBelow(random_, 100) < percent; }
  size_t Below(size_t bound) { return static_cast<size_t>(UniformBelow(random_, bound)); }
  void AddWay(size_t number);
  Fate Stopped(const Way& way, const std::string& router, FaultKind kind);
  Fate FateOf(const Way& way, FaultKind kind);
  void ChooseFault(FaultKind kind);
  void Tell(const Way& way, const Fate& fate, testing::BundleBuilder* builder);
  void TellSilence(const Way& way, const Fate& fate, testing::VantageBuilder* vantage);
  std::vector<std::string> WalkOf(const Way& way, size_t answering, bool reaches);

  SeededRandom random_;
  std::vector<Way> ways_;
  std::set<std::string> mute_;
  size_t transits_ = 0;
  size_t providers_ = 0;
  bool baseline_ = false;
  bool echo_works_ = true;
  // The fault under way.
  std::set<std::string> faulty_;
  std::string group_;
  std::set<std::string> felt_;
  std::set<std::string> places_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_TESTS_UNIT_COORDINATOR_DIAGNOSIS_LITTLE_INTERNET_H_
