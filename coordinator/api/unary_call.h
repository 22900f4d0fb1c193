// Unary calls: from gRPC's threads to the core's loop and back.
#ifndef PROBEMESH_COORDINATOR_API_UNARY_CALL_H_
#define PROBEMESH_COORDINATOR_API_UNARY_CALL_H_

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "common/rpc/status_bridge.h"
#include "coordinator/api/admission.h"
#include "coordinator/api/api_context.h"
#include "grpcpp/grpcpp.h"

namespace probemesh::coordinator {

// Deletes itself once finished.
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  explicit UnaryCall(ApiCounters& counters) : slot_(counters) {}
  const CallSlot& slot() const { return slot_; }
  void OnDone() override { delete this; }

 private:
  CallSlot slot_;
};

// Finishes a call once: with its answer, or, when nobody is left who could answer, as UNAVAILABLE.
// A call that was never finished would keep the server from ever shutting down.
template <typename Response>
class UnaryAnswer {
 public:
  UnaryAnswer(UnaryCall* call, Response* response) : call_(call), response_(response) {}
  ~UnaryAnswer() {
    if (call_ != nullptr) Give(absl::UnavailableError("the coordinator is shutting down"));
  }
  UnaryAnswer(const UnaryAnswer&) = delete;
  UnaryAnswer& operator=(const UnaryAnswer&) = delete;

  void Give(absl::StatusOr<Response> answer) {
    if (answer.ok()) *response_ = *std::move(answer);
    std::exchange(call_, nullptr)->Finish(ToGrpc(answer.status()));
  }

 private:
  UnaryCall* call_;
  Response* response_;
};

// Has `invoke(core, reply)` run on the loop. `admitted` not OK: refuses the call instead.
template <typename Response, typename Invoke>
UnaryCall* StartUnaryCall(const ApiContext& api, const absl::Status& admitted, Response* response,
                          Invoke invoke) {
  auto* call = new UnaryCall(api.counters);
  const absl::Status status = admitted.ok() ? call->slot().status() : admitted;
  if (!status.ok()) {
    call->Finish(ToGrpc(status));
    return call;
  }
  auto answer = std::make_shared<UnaryAnswer<Response>>(call, response);
  Reply<Response> reply = [answer](absl::StatusOr<Response> result) {
    answer->Give(std::move(result));
  };
  api.gate.Post(
      [invoke = std::move(invoke), reply = std::move(reply)](Core& core) { invoke(core, reply); });
  return call;
}

// A call that only operators may make.
template <typename Response, typename Invoke>
UnaryCall* OperatorCall(const ApiContext& api, const grpc::CallbackServerContext* context,
                        Response* response, Invoke invoke) {
  return StartUnaryCall(api, CheckOperator(api, *context), response, std::move(invoke));
}

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_API_UNARY_CALL_H_
