#include "coordinator/diagnosis/scene.h"

#include <algorithm>

#include "coordinator/diagnosis/correlated_weights.h"

namespace probemesh::coordinator {

bool Scene::AnyFailing() const {
  return std::find(failing.begin(), failing.end(), true) != failing.end();
}

bool Scene::AllFailing() const {
  return !failing.empty() && std::find(failing.begin(), failing.end(), false) == failing.end();
}

SeatSet Scene::Silent() const {
  SeatSet silent(size());
  for (size_t i = 0; i < size(); ++i) silent[i] = failing[i] && !evidence(i).connect.positive();
  return silent;
}

std::set<std::string> Scene::GroupsOf(const SeatSet& chosen) const {
  std::set<std::string> groups;
  for (size_t i = 0; i < size(); ++i) {
    if (chosen[i]) groups.insert(evidence(i).group);
  }
  return groups;
}

int64_t Scene::WeightOf(const SeatSet& chosen) const {
  int64_t sum = 0;
  for (size_t i = 0; i < size(); ++i) sum += chosen[i] ? weights[i] : 0;
  return sum;
}

Scene MakeScene(const EvidenceView& view, const Gate& gate) {
  Scene scene;
  scene.view = &view;
  scene.gate = &gate;
  std::vector<const VantageEvidence*> evidence;
  for (const GatedVantage& vantage : gate.vantages) {
    const VantageEvidence& seen = *vantage.evidence;
    if (!vantage.trusted || !(seen.service_ok || seen.service_failed)) continue;
    scene.seats.push_back(&vantage);
    scene.failing.push_back(!seen.service_ok);
    scene.echo_known |= seen.echo.positive();
    evidence.push_back(&seen);
  }
  scene.weights = CorrelatedWeights(evidence);
  scene.paths = LearnPaths(evidence, view.baseline);
  return scene;
}

}  // namespace probemesh::coordinator
