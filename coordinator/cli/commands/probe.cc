// `probemesh probe ...`: results are printed as they arrive, one block for each vantage.
#include <string>
#include <utility>

#include "common/base/proto_time.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/commands/commands.h"
#include "coordinator/cli/connection.h"
#include "coordinator/cli/follow.h"
#include "coordinator/cli/interrupt.h"
#include "coordinator/cli/render/json.h"
#include "coordinator/cli/render/probe_text.h"
#include "probemesh/v1/probe_service.grpc.pb.h"

namespace probemesh::cli {
namespace {

using Stub = v1::ProbeService::Stub;

constexpr absl::Duration kPatience = absl::Seconds(60);

class ProbeCommand {
 public:
  ProbeCommand(const ProbeOptions& options, Workplace& place, Connection& connection)
      : options_(options), place_(place), connection_(connection), stub_(connection.channel()) {}

  absl::StatusOr<ExitCode> Run() {
    PM_RETURN_IF_ERROR(connection_.AwaitReady(Interrupted));
    v1::CreateProbeRunRequest request = options_.request;
    request.set_request_id(NewUuidV7(place_.random, place_.clock.Wall()));
    PM_ASSIGN_OR_RETURN(run_, connection_.Call(&Stub::CreateProbeRun, stub_, request));
    PM_RETURN_IF_ERROR(FollowToTheEnd());
    PrintEnd();
    return ExitCodeOf(run_);
  }

 private:
  absl::Status FollowToTheEnd() {
    const std::string name = run_.name();
    Follower<v1::ProbeRunEvent> follower;
    follower.watch = [this, name](uint64_t sequence, grpc::ClientContext* context,
                                  grpc::CompletionQueue* queue, void* tag) {
      v1::WatchProbeRunRequest request;
      request.set_name(name);
      request.set_after_sequence(sequence);
      return stub_.AsyncWatchProbeRun(context, request, queue, tag);
    };
    follower.on_event = [this](const v1::ProbeRunEvent& event) { return OnEvent(event); };
    follower.on_tick = [] {};
    follower.cancel = [this, name] { Cancel(name); };
    const absl::Duration timeout = FromProto(options_.request.spec().timeout());
    absl::Status status = Follow(connection_, place_.clock, timeout + kPatience, follower);
    // The cancellation's own answer stands in for a last event that did not come.
    return absl::IsCancelled(status) && run_.state() == v1::ProbeRun::CANCELLED ? absl::OkStatus()
                                                                                : status;
  }

  bool OnEvent(const v1::ProbeRunEvent& event) {
    if (options_.format == OutputFormat::kJsonLines) place_.terminal.PrintLine(EventJson(event));
    if (event.has_accepted()) run_ = event.accepted();
    if (event.has_done()) run_ = event.done();
    const bool result = event.has_observation() && IsResult(run_, event.observation());
    if (result && options_.format == OutputFormat::kText) {
      place_.terminal.PrintLines(
          RenderProbeResult(run_, event.observation(), place_.terminal.style()));
      place_.terminal.PrintLine("");
    }
    place_.terminal.Flush().IgnoreError();  // reported at the end
    return event.has_done();
  }

  void Cancel(const std::string& name) {
    v1::CancelProbeRunRequest request;
    request.set_name(name);
    auto answer = connection_.Call(&Stub::CancelProbeRun, stub_, request, kCancelPatience);
    if (answer.ok()) run_ = *std::move(answer);
  }

  void PrintEnd() {
    if (options_.format == OutputFormat::kJson) {
      place_.terminal.PrintLine(PrettyJson(ProbeRunJson(run_)));
    }
    if (options_.format != OutputFormat::kText) return;
    for (const v1::VantageReport& report : run_.vantages()) {
      const std::string line = RenderIdleVantage(run_, report);
      if (!line.empty()) place_.terminal.PrintLine(line);
    }
    place_.terminal.PrintLine(ProbeSummary(run_));
  }

  const ProbeOptions& options_;
  Workplace& place_;
  Connection& connection_;
  Stub stub_;
  v1::ProbeRun run_;
};

}  // namespace

absl::StatusOr<ExitCode> Run(const ProbeOptions& options, Workplace& place) {
  CatchInterrupts();
  PM_ASSIGN_OR_RETURN(Connection connection, Connection::Open(place.global.context, place.clock));
  return ProbeCommand(options, place, connection).Run();
}

}  // namespace probemesh::cli
