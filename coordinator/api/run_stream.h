// A stream of the events of one run (a diagnosis or a raw probe run) to one caller.
#ifndef PROBEMESH_COORDINATOR_API_RUN_STREAM_H_
#define PROBEMESH_COORDINATOR_API_RUN_STREAM_H_

#include <memory>
#include <string>
#include <utility>

#include "common/rpc/status_bridge.h"
#include "common/rpc/stream_writer.h"
#include "coordinator/api/admission.h"
#include "coordinator/api/api_context.h"
#include "grpcpp/grpcpp.h"

namespace probemesh::coordinator {

// A late watcher gets all events of the run at once, hence the room.
inline constexpr StreamLimits kWatcherLimits = {16384, size_t{32} << 20};

// `Runs` says which of the core's methods are meant: Event, Resource, CreateRequest, and the static
// functions Create, Cancel and Watch (see diagnosis_api.cc).
template <typename Runs>
class RunStream final : public grpc::ServerWriteReactor<typename Runs::Event>,
                        public EventSink<typename Runs::Event>,
                        public std::enable_shared_from_this<RunStream<Runs>> {
 public:
  using Event = typename Runs::Event;

  // Follows an existing run; leaving changes nothing for it.
  static grpc::ServerWriteReactor<Event>* Watch(const ApiContext& api,
                                                grpc::CallbackServerContext* context,
                                                std::string name, uint64_t after_sequence) {
    return Start(api, context, [name, after_sequence](Core& core, RunStream& stream) {
      Runs::Watch(core, name, after_sequence, stream.shared_from_this());
    });
  }

  // Creates a run and follows it from its first event; leaving cancels it.
  static grpc::ServerWriteReactor<Event>* CreateAndWatch(
      const ApiContext& api, grpc::CallbackServerContext* context,
      const typename Runs::CreateRequest& request) {
    return Start(api, context, [request](Core& core, RunStream& stream) {
      Runs::Create(core, request, [&core, self = stream.shared_from_this()](auto created) {
        self->OnCreated(core, created);
      });
    });
  }

  explicit RunStream(const ApiContext& api)
      : api_(api),
        slot_(api.counters),
        writer_(kWatcherLimits,
                {[this](const Event* event) { this->StartWrite(event); },
                 [this](const absl::Status& status) { this->Finish(ToGrpc(status)); }}) {}

  // EventSink.
  void Publish(const Event& event) override {
    if (writer_.Send(event) != StreamWriter<Event>::SendResult::kFull) return;
    ++api_.counters.watchers_overflowed;
    writer_.Abort(WithReason(
        absl::ResourceExhaustedError("events were not read in time; watch again after the last "
                                     "sequence number that arrived"),
        "SLOW_WATCHER"));
  }
  void End(absl::Status status) override { writer_.Close(std::move(status)); }

  // Reactions, on gRPC's threads.
  void OnWriteDone(bool ok) override { writer_.OnWriteDone(ok); }
  void OnCancel() override {
    writer_.Abort(absl::CancelledError("the caller left"));
    api_.gate.Post([self = this->shared_from_this()](Core& core) { self->OnCallerLeft(core); });
  }
  void OnDone() override {
    const std::shared_ptr<RunStream> self = std::move(self_);
    api_.gate.Post([self](Core& core) { core.Unwatch(self.get()); });
  }

 private:
  template <typename Begin>
  static grpc::ServerWriteReactor<Event>* Start(const ApiContext& api,
                                                grpc::CallbackServerContext* context, Begin begin) {
    auto stream = std::make_shared<RunStream>(api);
    stream->self_ = stream;
    absl::Status admitted = CheckOperator(api, *context);
    admitted.Update(stream->slot_.status());
    if (!admitted.ok()) {
      stream->writer_.Abort(admitted);
    } else {
      api.gate.Post([stream, begin = std::move(begin)](Core& core) { begin(core, *stream); });
    }
    return stream.get();
  }

  void OnCreated(Core& core, const absl::StatusOr<typename Runs::Resource>& created) {
    if (!created.ok()) {
      End(created.status());
      return;
    }
    own_run_ = created->name();
    if (caller_left_) {
      OnCallerLeft(core);
    } else {
      Runs::Watch(core, own_run_, 0, this->shared_from_this());
    }
  }

  // A run that is over cannot be cancelled, which is fine.
  void OnCallerLeft(Core& core) {
    caller_left_ = true;
    if (!own_run_.empty()) Runs::Cancel(core, own_run_, [](const auto&) {});
  }

  const ApiContext api_;
  CallSlot slot_;
  StreamWriter<Event> writer_;
  std::shared_ptr<RunStream> self_;  // until OnDone

  // On the loop.
  std::string own_run_;
  bool caller_left_ = false;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_API_RUN_STREAM_H_
