#include "coordinator/api/probe_api.h"

#include <memory>
#include <string>
#include <utility>

#include "coordinator/api/run_stream.h"
#include "coordinator/api/unary_call.h"

namespace probemesh::coordinator {
namespace {

struct ProbeRuns {
  using Event = v1::ProbeRunEvent;
  using Resource = v1::ProbeRun;
  using CreateRequest = v1::CreateProbeRunRequest;

  static void Create(Core& core, CreateRequest request, Reply<Resource> reply) {
    core.CreateProbeRun(std::move(request), std::move(reply));
  }
  static void Cancel(Core& core, const std::string& name, Reply<Resource> reply) {
    core.CancelProbeRun(name, std::move(reply));
  }
  static void Watch(Core& core, const std::string& name, uint64_t after_sequence,
                    std::shared_ptr<ProbeRunSink> sink) {
    core.WatchProbeRun(name, after_sequence, std::move(sink));
  }
};

}  // namespace

grpc::ServerUnaryReactor* ProbeApi::CreateProbeRun(grpc::CallbackServerContext* context,
                                                   const v1::CreateProbeRunRequest* request,
                                                   v1::ProbeRun* response) {
  return OperatorCall(api_, context, response, [request = *request](Core& core, auto reply) {
    core.CreateProbeRun(request, std::move(reply));
  });
}

grpc::ServerUnaryReactor* ProbeApi::GetProbeRun(grpc::CallbackServerContext* context,
                                                const v1::GetProbeRunRequest* request,
                                                v1::ProbeRun* response) {
  return OperatorCall(api_, context, response, [name = request->name()](Core& core, auto reply) {
    core.GetProbeRun(name, std::move(reply));
  });
}

grpc::ServerUnaryReactor* ProbeApi::CancelProbeRun(grpc::CallbackServerContext* context,
                                                   const v1::CancelProbeRunRequest* request,
                                                   v1::ProbeRun* response) {
  return OperatorCall(api_, context, response, [name = request->name()](Core& core, auto reply) {
    core.CancelProbeRun(name, std::move(reply));
  });
}

grpc::ServerWriteReactor<v1::ProbeRunEvent>* ProbeApi::WatchProbeRun(
    grpc::CallbackServerContext* context, const v1::WatchProbeRunRequest* request) {
  return RunStream<ProbeRuns>::Watch(api_, context, request->name(), request->after_sequence());
}

grpc::ServerWriteReactor<v1::ProbeRunEvent>* ProbeApi::Probe(
    grpc::CallbackServerContext* context, const v1::CreateProbeRunRequest* request) {
  return RunStream<ProbeRuns>::CreateAndWatch(api_, context, *request);
}

}  // namespace probemesh::coordinator
