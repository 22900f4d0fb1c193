// grpc.health.v1 and reflection: on the port of the mesh, and only there.
#include <gmock/gmock.h>

#include "grpcpp/generic/generic_stub.h"
#include "tests/integration/coordinator_fixture.h"

namespace probemesh::coordinator {
namespace {

class WellKnownServices : public CoordinatorFixture {
 protected:
  // Sends one message on a new stream of `method`, and returns the first that comes back.
  static std::string Ask(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                         const std::string& request, grpc::Status* status) {
    grpc::GenericStub stub(channel);
    grpc::ClientContext context;
    SetTestDeadline(&context);
    grpc::CompletionQueue queue;
    const auto await = [&queue] {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    const auto call = stub.PrepareCall(&context, method, &queue);
    call->StartCall(nullptr);
    await();
    const grpc::Slice slice(request);
    const grpc::ByteBuffer outgoing(&slice, 1);
    call->WriteLast(outgoing, grpc::WriteOptions(), nullptr);
    await();
    grpc::ByteBuffer incoming;
    call->Read(&incoming, nullptr);
    await();
    call->Finish(status, nullptr);
    await();
    grpc::Slice whole;
    if (!incoming.Valid() || !incoming.DumpToSingleSlice(&whole).ok()) return "";
    return {reinterpret_cast<const char*>(whole.begin()), whole.size()};
  }
};

TEST_F(WellKnownServices, HealthSaysServing) {
  grpc::Status status;
  // HealthCheckResponse.status (1) = SERVING (1).
  EXPECT_EQ(Ask(OperatorChannel(), "/grpc.health.v1.Health/Check", "", &status), "\x08\x01");
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(WellKnownServices, ReflectionListsTheServices) {
  grpc::Status status;
  // ServerReflectionRequest.list_services (7) = "*".
  const std::string answer =
      Ask(OperatorChannel(), "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
          "\x3a\x01*", &status);
  for (const char* service : {"probemesh.v1.DiagnosisService", "probemesh.v1.ProbeService",
                              "probemesh.v1.FleetService", "probemesh.v1.NodeService"}) {
    EXPECT_THAT(answer, testing::HasSubstr(service));
  }
}

TEST_F(WellKnownServices, StrangersGetNeither) {
  const auto channel = EnrollmentChannel(authority_->spki_sha256());
  for (const char* method : {"/grpc.health.v1.Health/Check",
                             "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}) {
    grpc::Status status;
    Ask(channel, method, "", &status);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << method;
  }
}

}  // namespace
}  // namespace probemesh::coordinator
