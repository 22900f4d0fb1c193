#include "coordinator/api/diagnosis_api.h"

#include <memory>
#include <string>
#include <utility>

#include "coordinator/api/run_stream.h"
#include "coordinator/api/unary_call.h"

namespace probemesh::coordinator {
namespace {

struct DiagnosisRuns {
  using Event = v1::DiagnosisEvent;
  using Resource = v1::Diagnosis;
  using CreateRequest = v1::CreateDiagnosisRequest;

  static void Create(Core& core, CreateRequest request, Reply<Resource> reply) {
    core.CreateDiagnosis(std::move(request), std::move(reply));
  }
  static void Cancel(Core& core, const std::string& name, Reply<Resource> reply) {
    core.CancelDiagnosis(name, std::move(reply));
  }
  static void Watch(Core& core, const std::string& name, uint64_t after_sequence,
                    std::shared_ptr<DiagnosisSink> sink) {
    core.WatchDiagnosis(name, after_sequence, std::move(sink));
  }
};

}  // namespace

grpc::ServerUnaryReactor* DiagnosisApi::CreateDiagnosis(grpc::CallbackServerContext* context,
                                                        const v1::CreateDiagnosisRequest* request,
                                                        v1::Diagnosis* response) {
  return OperatorCall(api_, context, response, [request = *request](Core& core, auto reply) {
    core.CreateDiagnosis(request, std::move(reply));
  });
}

grpc::ServerUnaryReactor* DiagnosisApi::GetDiagnosis(grpc::CallbackServerContext* context,
                                                     const v1::GetDiagnosisRequest* request,
                                                     v1::Diagnosis* response) {
  return OperatorCall(api_, context, response, [name = request->name()](Core& core, auto reply) {
    core.GetDiagnosis(name, std::move(reply));
  });
}

grpc::ServerUnaryReactor* DiagnosisApi::ListDiagnoses(grpc::CallbackServerContext* context,
                                                      const v1::ListDiagnosesRequest* request,
                                                      v1::ListDiagnosesResponse* response) {
  return OperatorCall(api_, context, response, [request = *request](Core& core, auto reply) {
    core.ListDiagnoses(request, std::move(reply));
  });
}

grpc::ServerUnaryReactor* DiagnosisApi::CancelDiagnosis(grpc::CallbackServerContext* context,
                                                        const v1::CancelDiagnosisRequest* request,
                                                        v1::Diagnosis* response) {
  return OperatorCall(api_, context, response, [name = request->name()](Core& core, auto reply) {
    core.CancelDiagnosis(name, std::move(reply));
  });
}

grpc::ServerUnaryReactor* DiagnosisApi::GetEvidenceBundle(
    grpc::CallbackServerContext* context, const v1::GetEvidenceBundleRequest* request,
    v1::EvidenceBundle* response) {
  return OperatorCall(api_, context, response, [name = request->name()](Core& core, auto reply) {
    core.GetEvidenceBundle(name, std::move(reply));
  });
}

grpc::ServerWriteReactor<v1::DiagnosisEvent>* DiagnosisApi::WatchDiagnosis(
    grpc::CallbackServerContext* context, const v1::WatchDiagnosisRequest* request) {
  return RunStream<DiagnosisRuns>::Watch(api_, context, request->name(), request->after_sequence());
}

grpc::ServerWriteReactor<v1::DiagnosisEvent>* DiagnosisApi::Diagnose(
    grpc::CallbackServerContext* context, const v1::CreateDiagnosisRequest* request) {
  return RunStream<DiagnosisRuns>::CreateAndWatch(api_, context, *request);
}

}  // namespace probemesh::coordinator
