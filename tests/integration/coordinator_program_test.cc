// The real program `probemesh-coordinator` with its real core: what it promises at start, at stop,
// and to strangers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <regex>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/proto_time.h"
#include "common/pki/client_context.h"
#include "common/pki/join_token.h"
#include "common/pki/key_and_certificate.h"
#include "common/pki/private_file.h"
#include "common/rpc/channel_options.h"
#include "common/rpc/credentials.h"
#include "common/rpc/status_bridge.h"
#include "probemesh/v1/enrollment_service.grpc.pb.h"
#include "probemesh/v1/fleet_service.grpc.pb.h"
#include "probemesh/v1/node_service.grpc.pb.h"
#include "tests/integration/program.h"
#include "tests/support/raw_connection.h"
#include "tests/support/temp_directory.h"

namespace probemesh::coordinator {
namespace {

using testing::HasSubstr;

constexpr char kProgram[] = PROBEMESH_BIN_DIR "/probemesh-coordinator";

std::vector<std::string> CommandFor(const std::string& data_dir) {
  return {kProgram,          "--data-dir",  data_dir,        "--listen",   "127.0.0.1:0",
          "--enroll-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"};
}

void SetTestDeadline(grpc::ClientContext* context) {
  context->set_deadline(absl::ToChronoTime(SystemClock().Wall() + absl::Seconds(20)));
}

// Ends with status 2 and one line on stderr, which is returned.
std::string CannotStart(std::vector<std::string> command) {
  Program program(command);
  EXPECT_EQ(program.Wait(), 2);
  EXPECT_EQ(program.out(), "");
  EXPECT_EQ(std::count(program.err().begin(), program.err().end(), '\n'), 1) << program.err();
  EXPECT_THAT(program.err(), testing::StartsWith("probemesh-coordinator: "));
  return program.err();
}

class CoordinatorProgram : public testing::Test {
 protected:
  CoordinatorProgram() { Start(); }

  void Start() {
    program_ = std::make_unique<Program>(CommandFor(data_dir_));
    ASSERT_TRUE(program_->AwaitError("coordinator_started")) << program_->err();
    ASSERT_TRUE(program_->AwaitError("advertise=")) << program_->err();
  }

  uint16_t Port(const std::string& listener) {
    std::smatch match;
    const std::string log = program_->err();
    EXPECT_TRUE(
        std::regex_search(log, match, std::regex(" " + listener + R"(=127\.0\.0\.1:(\d+))")));
    return static_cast<uint16_t>(std::stoi(match[1]));
  }

  std::shared_ptr<grpc::Channel> Channel(const KeyAndChain& identity) {
    return grpc::CreateCustomChannel(absl::StrCat("ipv4:127.0.0.1:", Port("listen")),
                                     MutualTlsClientCredentials(identity, Context().ca_pem()),
                                     ClientChannelArguments());
  }
  internal::v1::ClientContext Context() {
    return LoadClientContext(data_dir_ + "/admin.context").value();
  }
  std::unique_ptr<v1::FleetService::Stub> Fleet() {
    return v1::FleetService::NewStub(Channel({Context().key_pem(), Context().certificate_pem()}));
  }

  JoinToken NewToken(absl::Duration ttl = absl::Minutes(5)) {
    grpc::ClientContext context;
    SetTestDeadline(&context);
    v1::CreateJoinTokenRequest request;
    *request.mutable_ttl() = ToProto(ttl);
    v1::CreateJoinTokenResponse response;
    const grpc::Status status = Fleet()->CreateJoinToken(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return JoinToken::Parse(response.token()).value();
  }

  absl::StatusOr<v1::EnrollResponse> Enroll(const JoinToken& token, const std::string& name,
                                            const std::string& key) {
    grpc::ClientContext context;
    SetTestDeadline(&context);
    v1::EnrollRequest request;
    request.set_token_id(token.id);
    request.set_token_secret(token.secret);
    request.set_requested_name(name);
    request.set_csr_der(MakeCsrDer(key).value());
    v1::EnrollResponse response;
    const auto stub = v1::EnrollmentService::NewStub(grpc::CreateCustomChannel(
        GrpcTarget(token.endpoint), PinnedClientCredentials(token.ca_spki_sha256),
        ClientChannelArguments()));
    const grpc::Status status = stub->Enroll(&context, request, &response);
    if (!status.ok()) return FromGrpc(status);
    return response;
  }

  KeyAndChain EnrollNode(const std::string& name) {
    const std::string key = GeneratePrivateKeyPem().value();
    return {key, Enroll(NewToken(), name, key).value().certificate_chain_pem()};
  }

  std::string Refusal(const JoinToken& token, absl::StatusCode code) {
    const absl::Status status = Enroll(token, "fra-9", GeneratePrivateKeyPem().value()).status();
    EXPECT_EQ(status.code(), code) << status;
    return std::string(status.message());
  }

  std::string Get(const std::string& path) {
    RawConnection connection(Port("http"));
    connection.Send(absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: x\r\n\r\n"));
    return connection.ReadAll();
  }

  const TempDirectory folder_;
  const std::string data_dir_ = folder_ / "data";
  std::unique_ptr<Program> program_;
};

TEST_F(CoordinatorProgram, FirstStartLeavesAContextForTheAdministrator) {
  struct stat info {};
  ASSERT_EQ(stat((data_dir_ + "/admin.context").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  grpc::ClientContext context;
  SetTestDeadline(&context);
  v1::CoordinatorInfo coordinator;
  const grpc::Status status = Fleet()->GetCoordinatorInfo(&context, {}, &coordinator);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(Context().endpoint(), absl::StrCat("127.0.0.1:", Port("listen")));
}

TEST_F(CoordinatorProgram, StopSignalsDrainAndExitZero) {
  const KeyAndChain node = EnrollNode("fra-1");
  grpc::ClientContext context;
  SetTestDeadline(&context);
  const auto stub = v1::NodeService::NewStub(Channel(node));
  const auto stream = stub->Connect(&context);
  v1::NodeMessage hello;
  hello.mutable_hello()->set_free_slots(1);
  ASSERT_TRUE(stream->Write(hello));
  v1::CoordinatorMessage message;
  ASSERT_TRUE(stream->Read(&message));
  EXPECT_TRUE(message.has_hello());
  program_->Signal(SIGTERM);
  ASSERT_TRUE(stream->Read(&message));
  EXPECT_TRUE(message.has_drain());
  while (stream->Read(&message)) {
  }
  stream->Finish();
  EXPECT_EQ(program_->Wait(), 0);
  EXPECT_THAT(program_->err(), HasSubstr("coordinator_stopped"));

  Start();
  program_->Signal(SIGINT);
  EXPECT_EQ(program_->Wait(), 0);
}

TEST_F(CoordinatorProgram, KeysAndNodesOutliveACrash) {
  const KeyAndChain node = EnrollNode("fra-1");
  const std::string admin = Context().key_pem();
  program_->Signal(SIGKILL);
  program_->Wait();
  Start();
  EXPECT_EQ(Context().key_pem(), admin);
  grpc::ClientContext context;
  SetTestDeadline(&context);
  const auto stub = v1::NodeService::NewStub(Channel(node));
  const auto stream = stub->Connect(&context);
  v1::NodeMessage hello;
  hello.mutable_hello()->set_free_slots(1);
  ASSERT_TRUE(stream->Write(hello));
  v1::CoordinatorMessage message;
  EXPECT_TRUE(stream->Read(&message));
  EXPECT_TRUE(message.has_hello());
  context.TryCancel();
  stream->Finish();
}

TEST_F(CoordinatorProgram, WhatKeepsItFromStartingIsOneLine) {
  EXPECT_THAT(CannotStart(CommandFor(data_dir_)), HasSubstr("another coordinator is running"));
  EXPECT_THAT(CannotStart(CommandFor("/proc/nowhere")), HasSubstr("/proc/nowhere"));
  std::vector<std::string> command = CommandFor(folder_ / "other");
  command.push_back("--bogus");
  EXPECT_THAT(CannotStart(command), HasSubstr("--bogus"));
  for (const auto& [flag, listener] : {std::pair{4, "listen"}, {6, "enroll"}, {8, "http"}}) {
    command = CommandFor(folder_ / "other");
    command[static_cast<size_t>(flag)] = absl::StrCat("127.0.0.1:", Port(listener));
    EXPECT_THAT(CannotStart(command), HasSubstr("Address already in use"));
  }
}

TEST_F(CoordinatorProgram, ABrokenStoreIsNotTouched) {
  program_->Signal(SIGTERM);
  ASSERT_EQ(program_->Wait(), 0);
  const std::string path = data_dir_ + "/probemesh.db";
  ASSERT_TRUE(WriteFileAtomically(path, std::string(10000, 'x'), 0600).ok());
  EXPECT_THAT(CannotStart(CommandFor(data_dir_)), HasSubstr("probemesh.db"));
  EXPECT_EQ(ReadSmallFile(path).value(), std::string(10000, 'x'));
}

TEST_F(CoordinatorProgram, ATokenIsGoodOnceAndForTheRightSecret) {
  const JoinToken token = NewToken();
  JoinToken wrong = token;
  wrong.secret[0] = wrong.secret[0] == 'A' ? 'B' : 'A';
  EXPECT_THAT(Refusal(wrong, absl::StatusCode::kUnauthenticated), HasSubstr("secret"));
  JoinToken unknown = token;
  unknown.id = "aaaaaaaaaaaaaaaa";
  EXPECT_THAT(Refusal(unknown, absl::StatusCode::kUnauthenticated), HasSubstr("token"));
  EXPECT_TRUE(Enroll(token, "fra-1", GeneratePrivateKeyPem().value()).ok());
  EXPECT_THAT(Refusal(token, absl::StatusCode::kUnauthenticated), HasSubstr("used"));
  EXPECT_TRUE(program_->AwaitError("enrollment_refused"));
}

TEST_F(CoordinatorProgram, AnExpiredTokenIsRefused) {
  const JoinToken token = NewToken(absl::Seconds(1));
  const absl::Time expired = SystemClock().Wall() + absl::Seconds(1);
  while (SystemClock().Wall() <= expired) Get("/-/healthy");
  EXPECT_THAT(Refusal(token, absl::StatusCode::kUnauthenticated), HasSubstr("expired"));
}

TEST_F(CoordinatorProgram, ANodeIsNoOperator) {
  const auto fleet = v1::FleetService::NewStub(Channel(EnrollNode("fra-1")));
  grpc::ClientContext context;
  SetTestDeadline(&context);
  v1::ListNodesResponse response;
  EXPECT_EQ(fleet->ListNodes(&context, {}, &response).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(program_->AwaitError("call_refused"));
}

TEST_F(CoordinatorProgram, GarbageOnEveryPortChangesNothing) {
  for (const char* listener : {"listen", "enroll", "http"}) {
    for (const std::string& garbage :
         {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
          std::string(70000, '\xff'), std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
          std::string("\0\0\0", 3)}) {
      RawConnection connection(Port(listener));
      connection.Send(garbage);
      connection.FinishSending();
      connection.ReadAll();
    }
  }
  EXPECT_THAT(Get("/-/ready"), testing::StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Get("/-/healthy"), testing::StartsWith("HTTP/1.1 200"));
  EnrollNode("fra-1");
  EXPECT_THAT(Get("/metrics"), HasSubstr("\nprobemesh_enrollments_total 1\n"));
}

}  // namespace
}  // namespace probemesh::coordinator
