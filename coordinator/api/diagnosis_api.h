// DiagnosisService over the core.
#ifndef PROBEMESH_COORDINATOR_API_DIAGNOSIS_API_H_
#define PROBEMESH_COORDINATOR_API_DIAGNOSIS_API_H_

#include "coordinator/api/api_context.h"
#include "probemesh/v1/diagnosis_service.grpc.pb.h"

namespace probemesh::coordinator {

class DiagnosisApi final : public v1::DiagnosisService::CallbackService {
 public:
  explicit DiagnosisApi(const ApiContext& api) : api_(api) {}

  grpc::ServerUnaryReactor* CreateDiagnosis(grpc::CallbackServerContext* context,
                                            const v1::CreateDiagnosisRequest* request,
                                            v1::Diagnosis* response) override;
  grpc::ServerUnaryReactor* GetDiagnosis(grpc::CallbackServerContext* context,
                                         const v1::GetDiagnosisRequest* request,
                                         v1::Diagnosis* response) override;
  grpc::ServerUnaryReactor* ListDiagnoses(grpc::CallbackServerContext* context,
                                          const v1::ListDiagnosesRequest* request,
                                          v1::ListDiagnosesResponse* response) override;
  grpc::ServerUnaryReactor* CancelDiagnosis(grpc::CallbackServerContext* context,
                                            const v1::CancelDiagnosisRequest* request,
                                            v1::Diagnosis* response) override;
  grpc::ServerUnaryReactor* GetEvidenceBundle(grpc::CallbackServerContext* context,
                                              const v1::GetEvidenceBundleRequest* request,
                                              v1::EvidenceBundle* response) override;
  grpc::ServerWriteReactor<v1::DiagnosisEvent>* WatchDiagnosis(
      grpc::CallbackServerContext* context, const v1::WatchDiagnosisRequest* request) override;
  grpc::ServerWriteReactor<v1::DiagnosisEvent>* Diagnose(
      grpc::CallbackServerContext* context, const v1::CreateDiagnosisRequest* request) override;

 private:
  const ApiContext api_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_API_DIAGNOSIS_API_H_
