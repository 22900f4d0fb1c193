// A diagnosis as it grows: events in, a picture out. No terminal, no clock.
#ifndef PROBEMESH_COORDINATOR_CLI_RENDER_LIVE_VIEW_H_
#define PROBEMESH_COORDINATOR_CLI_RENDER_LIVE_VIEW_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/cli/render/style.h"
#include "probemesh/v1/diagnosis_service.pb.h"

namespace probemesh::cli {

class LiveView {
 public:
  // Events of unknown vantages add a row, so that a picture resumed in the middle is still whole.
  void Apply(const v1::DiagnosisEvent& event);

  // Shown until the end comes.
  void NoteCancellation() { cancelling_ = true; }

  bool done() const { return done_; }
  const v1::Diagnosis& diagnosis() const { return diagnosis_; }

  // At most `height` lines, none wider than style.width; `frame` turns the spinner.
  std::vector<std::string> Render(absl::Duration elapsed, unsigned frame, size_t height,
                                  const Style& style) const;

 private:
  v1::VantageReport& VantageNamed(const std::string& node);

  v1::Diagnosis diagnosis_;
  bool done_ = false;
  bool cancelling_ = false;
};

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_RENDER_LIVE_VIEW_H_
