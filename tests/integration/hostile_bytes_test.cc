// What is no TLS, no certificate or no gRPC bounces off, and the ports go on working.
#include <gmock/gmock.h>

#include "common/base/random.h"
#include "probemesh/v1/enrollment_service.grpc.pb.h"
#include "probemesh/v1/fleet_service.grpc.pb.h"
#include "tests/integration/coordinator_fixture.h"
#include "tests/support/raw_connection.h"

namespace probemesh::coordinator {
namespace {

class HostileBytes : public CoordinatorFixture {
 protected:
  grpc::Status AskFleet(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    SetTestDeadline(&context);
    v1::CoordinatorInfo info;
    return v1::FleetService::NewStub(channel)->GetCoordinatorInfo(&context, {}, &info);
  }
  grpc::Status AskEnrollment() {
    grpc::ClientContext context;
    SetTestDeadline(&context);
    v1::EnrollResponse response;
    return v1::EnrollmentService::NewStub(EnrollmentChannel(authority_->spki_sha256()))
        ->Enroll(&context, {}, &response);
  }

  void ExpectAllWell() {
    EXPECT_TRUE(AskFleet(OperatorChannel()).ok());
    EXPECT_TRUE(AskEnrollment().ok());
  }
};

std::vector<std::string> Garbage() {
  std::vector<std::string> all = {"", "\n", "GET / HTTP/1.1\r\n\r\n",
                                  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", std::string(100000, '\0')};
  SeededRandom random(7);
  for (int i = 0; i < 20; ++i) {
    std::string text = "\x16\x03\x01";  // as if a TLS handshake began
    const uint64_t size = UniformBelow(random, 2000);
    for (uint64_t j = 0; j < size; ++j) text += static_cast<char>(random.Next());
    all.push_back(text.substr(i % 2 == 0 ? 0 : 3));
  }
  return all;
}

TEST_F(HostileBytes, GarbageOnBothPorts) {
  for (const std::string& garbage : Garbage()) {
    for (const uint16_t port : {listeners_->port(), listeners_->enroll_port()}) {
      RawConnection connection(port);
      connection.Send(garbage);
      connection.FinishSending();
      connection.ReadAll();
    }
  }
  ExpectAllWell();
}

TEST_F(HostileBytes, ConnectionsThatSayNothingAreHarmless) {
  std::vector<std::unique_ptr<RawConnection>> idle;
  for (int i = 0; i < 50; ++i) {
    idle.push_back(std::make_unique<RawConnection>(listeners_->port()));
    idle.push_back(std::make_unique<RawConnection>(listeners_->enroll_port()));
  }
  ExpectAllWell();
}

TEST_F(HostileBytes, StrangersAreRefused) {
  const std::string address = absl::StrCat("ipv4:127.0.0.1:", listeners_->port());
  TestAuthority foreign;
  EXPECT_FALSE(AskFleet(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())).ok());
  EXPECT_FALSE(
      AskFleet(grpc::CreateChannel(address, PinnedClientCredentials(authority_->spki_sha256())))
          .ok());
  EXPECT_FALSE(AskFleet(grpc::CreateChannel(
                            address, MutualTlsClientCredentials(
                                         ToKeyAndChain(foreign->IssueOperator("admin").value()),
                                         authority_->ca_pem())))
                   .ok());
  ExpectAllWell();
}

}  // namespace
}  // namespace probemesh::coordinator
