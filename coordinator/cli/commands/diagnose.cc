// `probemesh diagnose`: create, watch, and print what came out.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "common/base/proto_time.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/commands/commands.h"
#include "coordinator/cli/connection.h"
#include "coordinator/cli/follow.h"
#include "coordinator/cli/interrupt.h"
#include "coordinator/cli/render/json.h"
#include "coordinator/cli/render/live_view.h"
#include "probemesh/v1/diagnosis_service.grpc.pb.h"

namespace probemesh::cli {
namespace {

using Stub = v1::DiagnosisService::Stub;

// Beyond what the diagnosis itself may take.
constexpr absl::Duration kPatience = absl::Seconds(60);

// One run of the command.
class DiagnoseCommand {
 public:
  DiagnoseCommand(const DiagnoseOptions& options, Workplace& place, Connection& connection)
      : options_(options),
        place_(place),
        connection_(connection),
        stub_(connection.channel()),
        start_(place.clock.Monotonic()) {}

  absl::StatusOr<ExitCode> Run() {
    PM_RETURN_IF_ERROR(connection_.AwaitReady(Interrupted));
    PM_ASSIGN_OR_RETURN(const v1::Diagnosis created, Create());
    name_ = created.name();
    const absl::Status followed = FollowToTheEnd();
    if (place_.terminal.live()) place_.terminal.ClearFrame();
    if (!followed.ok()) return followed;
    if (options_.format != OutputFormat::kJsonLines) {
      PrintDiagnosis(view_.diagnosis(), options_.format, false, place_.terminal);
    }
    return ExitCodeOf(view_.diagnosis());
  }

 private:
  absl::StatusOr<v1::Diagnosis> Create() {
    v1::CreateDiagnosisRequest request;
    *request.mutable_spec() = options_.spec;
    request.set_request_id(NewUuidV7(place_.random, place_.clock.Wall()));
    return connection_.Call(&Stub::CreateDiagnosis, stub_, request);
  }

  absl::Status FollowToTheEnd() {
    Follower<v1::DiagnosisEvent> follower;
    follower.watch = [this](uint64_t sequence, grpc::ClientContext* context,
                            grpc::CompletionQueue* queue, void* tag) {
      v1::WatchDiagnosisRequest request;
      request.set_name(name_);
      request.set_after_sequence(sequence);
      return stub_.AsyncWatchDiagnosis(context, request, queue, tag);
    };
    follower.on_event = [this](const v1::DiagnosisEvent& event) { return OnEvent(event); };
    follower.on_tick = [this] { Redraw(); };
    follower.cancel = [this] { Cancel(); };
    const absl::Duration timeout = FromProto(options_.spec.timeout());
    absl::Status status = Follow(connection_, place_.clock, timeout + kPatience, follower);
    return absl::IsCancelled(status) ? TakeCancelled() : status;
  }

  bool OnEvent(const v1::DiagnosisEvent& event) {
    view_.Apply(event);
    if (options_.format == OutputFormat::kJsonLines) {
      place_.terminal.PrintLine(EventJson(event));
      place_.terminal.Flush().IgnoreError();  // reported at the end
    }
    Redraw();
    return view_.done();
  }

  void Redraw() {
    if (!place_.terminal.live() || options_.format != OutputFormat::kText) return;
    const MonotonicTime now = place_.clock.Monotonic();
    const size_t height = place_.terminal.height();
    place_.terminal.Redraw(
        view_.Render(now - start_, static_cast<unsigned>((now - start_) / absl::Milliseconds(100)),
                     height > 1 ? height - 1 : height, place_.terminal.style()));
  }

  void Cancel() {
    view_.NoteCancellation();
    Redraw();
    v1::CancelDiagnosisRequest request;
    request.set_name(name_);
    auto answer = connection_.Call(&Stub::CancelDiagnosis, stub_, request, kCancelPatience);
    if (answer.ok()) cancelled_ = *std::move(answer);
  }

  // The stream said nothing after the cancellation: use what the cancellation itself answered.
  absl::Status TakeCancelled() {
    if (cancelled_.name().empty()) {
      return absl::CancelledError(
          "interrupted; the coordinator did not confirm that the diagnosis was cancelled");
    }
    v1::DiagnosisEvent last;
    *last.mutable_done() = std::move(cancelled_);
    view_.Apply(last);
    return absl::OkStatus();
  }

  const DiagnoseOptions& options_;
  Workplace& place_;
  Connection& connection_;
  Stub stub_;
  MonotonicTime start_;
  std::string name_;
  LiveView view_;
  v1::Diagnosis cancelled_;
};

}  // namespace

absl::StatusOr<ExitCode> Run(const DiagnoseOptions& options, Workplace& place) {
  CatchInterrupts();
  PM_ASSIGN_OR_RETURN(Connection connection, Connection::Open(place.global.context, place.clock));
  return DiagnoseCommand(options, place, connection).Run();
}

}  // namespace probemesh::cli
