// ProbeService over the core.
#ifndef PROBEMESH_COORDINATOR_API_PROBE_API_H_
#define PROBEMESH_COORDINATOR_API_PROBE_API_H_

#include "coordinator/api/api_context.h"
#include "probemesh/v1/probe_service.grpc.pb.h"

namespace probemesh::coordinator {

class ProbeApi final : public v1::ProbeService::CallbackService {
 public:
  explicit ProbeApi(const ApiContext& api) : api_(api) {}

  grpc::ServerUnaryReactor* CreateProbeRun(grpc::CallbackServerContext* context,
                                           const v1::CreateProbeRunRequest* request,
                                           v1::ProbeRun* response) override;
  grpc::ServerUnaryReactor* GetProbeRun(grpc::CallbackServerContext* context,
                                        const v1::GetProbeRunRequest* request,
                                        v1::ProbeRun* response) override;
  grpc::ServerUnaryReactor* CancelProbeRun(grpc::CallbackServerContext* context,
                                           const v1::CancelProbeRunRequest* request,
                                           v1::ProbeRun* response) override;
  grpc::ServerWriteReactor<v1::ProbeRunEvent>* WatchProbeRun(
      grpc::CallbackServerContext* context, const v1::WatchProbeRunRequest* request) override;
  grpc::ServerWriteReactor<v1::ProbeRunEvent>* Probe(
      grpc::CallbackServerContext* context, const v1::CreateProbeRunRequest* request) override;

 private:
  const ApiContext api_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_API_PROBE_API_H_
