#include "coordinator/core/node_messages.h"

#include <gtest/gtest.h>

#include <string>

#include "coordinator/core/limits.h"

namespace probemesh::coordinator {
namespace {

bool Refused(const v1::NodeMessage& message) {
  return absl::IsInvalidArgument(CheckNodeMessage(message));
}

TEST(CheckNodeMessage, PassesWhatIsPlain) {
  v1::NodeMessage message;
  message.mutable_hello()->set_version("1.0");
  EXPECT_TRUE(CheckNodeMessage(message).ok());
  message.mutable_heartbeat();
  EXPECT_TRUE(CheckNodeMessage(message).ok());
  message.mutable_command_ack()->set_command_id("c");
  EXPECT_TRUE(CheckNodeMessage(message).ok());
  message.mutable_result()->set_sequence(1);
  message.mutable_result()->mutable_observation();
  EXPECT_TRUE(CheckNodeMessage(message).ok());
  message.mutable_goodbye();
  EXPECT_TRUE(CheckNodeMessage(message).ok());
}

TEST(CheckNodeMessage, RefusesWhatIsMalformed) {
  EXPECT_TRUE(Refused({}));
  v1::NodeMessage result;
  result.mutable_result()->set_sequence(1);
  EXPECT_TRUE(Refused(result)) << "no observation";
  result.mutable_result()->mutable_observation();
  result.mutable_result()->set_sequence(0);
  EXPECT_TRUE(Refused(result)) << "results are numbered from 1";
}

TEST(CheckNodeMessage, RefusesWhatIsTooLong) {
  v1::NodeMessage hello;
  hello.mutable_hello()->set_version(std::string(kMaxShortText + 1, 'v'));
  EXPECT_TRUE(Refused(hello));
  hello.mutable_hello()->set_version("1");
  (*hello.mutable_hello()->mutable_labels())["bad key"] = "v";
  EXPECT_TRUE(Refused(hello));
  v1::NodeMessage heartbeat;
  for (size_t i = 0; i <= kMaxSelfCheckControls; ++i) {
    heartbeat.mutable_heartbeat()->mutable_self_check()->add_controls();
  }
  EXPECT_TRUE(Refused(heartbeat));
  v1::NodeMessage ack;
  ack.mutable_command_ack()->set_command_id(std::string(kMaxCommandIdOctets + 1, 'c'));
  EXPECT_TRUE(Refused(ack));
  v1::NodeMessage csr;
  csr.mutable_certificate_request()->set_csr_der(std::string(kMaxCsrOctets + 1, 'c'));
  EXPECT_TRUE(Refused(csr));
}

TEST(RefusedObservation, CannotCountAsAFailure) {
  v1::Observation observation;
  observation.set_command_id("c1");
  observation.set_outcome(v1::SILENT);
  observation.set_detail(std::string(kMaxObservationOctets, 'x'));
  const v1::Observation refused = RefusedObservation(observation, "too many");
  EXPECT_EQ(refused.command_id(), "c1");
  EXPECT_EQ(refused.outcome(), v1::NOT_RUN);
  EXPECT_LT(refused.ByteSizeLong(), 512u);
}

}  // namespace
}  // namespace probemesh::coordinator
