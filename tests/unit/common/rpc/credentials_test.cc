// Real TLS handshakes over loopback.
#include "common/rpc/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/rpc/channel_options.h"
#include "common/rpc/peer.h"
#include "probemesh/v1/fleet_service.grpc.pb.h"
#include "tests/support/manual_clock.h"
#include "tests/support/test_authority.h"

namespace probemesh {
namespace {

// Answers with the caller's URI instead of a version.
class WhoAmI final : public v1::FleetService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetCoordinatorInfo(grpc::CallbackServerContext* context,
                                               const v1::GetCoordinatorInfoRequest*,
                                               v1::CoordinatorInfo* info) override {
    const absl::StatusOr<VerifiedPeer> peer = PeerOf(*context->auth_context(), now);
    info->set_version(peer.ok() ? peer->identity.ToUri() : peer.status().ToString());
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  absl::Time now = SystemClock().Wall();
};

KeyAndChain Credentials(const coordinator::IssuedIdentity& identity) {
  return {identity.key_pem, identity.chain_pem};
}

class Handshake : public testing::Test {
 protected:
  void Serve(std::shared_ptr<grpc::ServerCredentials> credentials) {
    grpc::ServerBuilder builder;
    ConfigureServer(builder);
    builder.AddListeningPort("127.0.0.1:0", std::move(credentials), &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }

  void ServeMutualTls() {
    Serve(MutualTlsServerCredentials(Credentials(authority_->IssueCoordinator({}).value()),
                                     authority_->ca_pem()));
  }

  absl::StatusOr<std::string> Call(std::shared_ptr<grpc::ChannelCredentials> credentials) {
    const auto stub = v1::FleetService::NewStub(
        grpc::CreateCustomChannel(GrpcTarget(absl::StrCat("127.0.0.1:", port_)),
                                  std::move(credentials), ClientChannelArguments()));
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(SystemClock().Wall() + absl::Seconds(20)));
    v1::CoordinatorInfo info;
    const grpc::Status status = stub->GetCoordinatorInfo(&context, {}, &info);
    if (!status.ok()) return absl::UnavailableError(status.error_message());
    return info.version();
  }

  absl::StatusOr<std::string> CallAs(const coordinator::IssuedIdentity& identity) {
    return Call(MutualTlsClientCredentials(Credentials(identity), authority_->ca_pem()));
  }

  TestAuthority authority_;
  TestAuthority foreign_;
  WhoAmI service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(Handshake, MutualTlsTellsWhoIsCalling) {
  ServeMutualTls();
  const auto node = CallAs(authority_.Node("fra-1"));
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ(*node, "spiffe://probemesh/node/fra-1");
  EXPECT_EQ(CallAs(authority_->IssueOperator("admin").value()).value(),
            "spiffe://probemesh/operator/admin");
}

TEST_F(Handshake, WithoutAClientCertificateItFails) {
  ServeMutualTls();
  EXPECT_FALSE(Call(PinnedClientCredentials(authority_->spki_sha256())).ok());
  EXPECT_FALSE(Call(grpc::InsecureChannelCredentials()).ok());
}

TEST_F(Handshake, AClientOfAForeignAuthorityIsRefused) {
  ServeMutualTls();
  EXPECT_FALSE(CallAs(foreign_.Node("fra-1")).ok());
}

TEST_F(Handshake, AServerOfAForeignAuthorityIsRefused) {
  Serve(MutualTlsServerCredentials(Credentials(foreign_->IssueCoordinator({}).value()),
                                   authority_->ca_pem()));
  EXPECT_FALSE(CallAs(authority_.Node("fra-1")).ok());
}

TEST_F(Handshake, AServerThatIsNoCoordinatorIsRefused) {
  Serve(MutualTlsServerCredentials(Credentials(authority_.Node("rogue")), authority_->ca_pem()));
  EXPECT_FALSE(CallAs(authority_.Node("fra-1")).ok());
}

TEST_F(Handshake, AnExpiredClientCertificateIsRefused) {
  ManualClock past;
  past.SetWall(SystemClock().Wall() - coordinator::kNodeCertificateLife - absl::Hours(1));
  TestAuthority old(past);
  Serve(MutualTlsServerCredentials(Credentials(old->IssueCoordinator({}).value()), old->ca_pem()));
  EXPECT_FALSE(
      Call(MutualTlsClientCredentials(Credentials(old.Node("fra-1")), old->ca_pem())).ok());
}

TEST_F(Handshake, ThePeerIsCheckedAgainstTheClockOnceMore) {
  ServeMutualTls();
  service_.now = SystemClock().Wall() + coordinator::kNodeCertificateLife + absl::Hours(1);
  EXPECT_THAT(CallAs(authority_.Node("fra-1")).value(), testing::HasSubstr("expired"));
  service_.now = SystemClock().Wall() - absl::Hours(1);
  EXPECT_THAT(CallAs(authority_.Node("fra-1")).value(), testing::HasSubstr("check the clocks"));
}

TEST_F(Handshake, ThePinNamesTheAuthority) {
  Serve(TlsServerCredentials(Credentials(authority_->IssueCoordinator({}).value())));
  const auto answer = Call(PinnedClientCredentials(authority_->spki_sha256()));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(*answer, testing::HasSubstr("a client certificate is required"));

  const absl::Status refused = Call(PinnedClientCredentials(foreign_->spki_sha256())).status();
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("wrong pin"));
}

TEST_F(Handshake, ATakenPortIsNotShared) {
  ServeMutualTls();
  grpc::ServerBuilder builder;
  ConfigureServer(builder);
  int port = 0;
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port_), grpc::InsecureServerCredentials(),
                           &port);
  WhoAmI second;
  builder.RegisterService(&second);
  EXPECT_EQ(builder.BuildAndStart(), nullptr);
  EXPECT_EQ(port, 0);
}

}  // namespace
}  // namespace probemesh
