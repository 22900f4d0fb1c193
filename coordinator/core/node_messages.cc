#include "coordinator/core/node_messages.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "coordinator/core/limits.h"
#include "coordinator/registry/labels.h"

namespace probemesh::coordinator {
namespace {

absl::Status CheckText(absl::string_view field, const std::string& text, size_t limit) {
  if (text.size() <= limit) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", text.size(), " octets, at most ", limit, " are allowed"));
}

absl::Status CheckSelfCheck(const v1::SelfCheck& self_check) {
  if (static_cast<size_t>(self_check.controls_size()) > kMaxSelfCheckControls) {
    return absl::InvalidArgumentError(
        absl::StrCat("self_check: at most ", kMaxSelfCheckControls, " controls"));
  }
  for (const v1::ControlResult& control : self_check.controls()) {
    PM_RETURN_IF_ERROR(CheckText("self_check.control", control.control(), kMaxControlText));
    PM_RETURN_IF_ERROR(CheckText("self_check.error", control.error(), kMaxControlText));
  }
  return absl::OkStatus();
}

absl::Status CheckHello(const v1::NodeHello& hello) {
  PM_RETURN_IF_ERROR(CheckText("boot_id", hello.boot_id(), kMaxShortText));
  PM_RETURN_IF_ERROR(CheckText("version", hello.version(), kMaxShortText));
  PM_RETURN_IF_ERROR(CheckText("group", hello.group(), kMaxShortText));
  PM_RETURN_IF_ERROR(CheckLabels(hello.labels()));
  return CheckSelfCheck(hello.self_check());
}

absl::Status CheckResult(const v1::ProbeResult& result) {
  if (!result.has_observation()) return absl::InvalidArgumentError("a result has no observation");
  if (result.sequence() == 0) return absl::InvalidArgumentError("results are numbered from 1");
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckNodeMessage(const v1::NodeMessage& message) {
  switch (message.message_case()) {
    case v1::NodeMessage::kHello:
      return CheckHello(message.hello());
    case v1::NodeMessage::kHeartbeat:
      return CheckSelfCheck(message.heartbeat().self_check());
    case v1::NodeMessage::kCommandAck:
      return CheckText("command_id", message.command_ack().command_id(), kMaxCommandIdOctets);
    case v1::NodeMessage::kResult:
      return CheckResult(message.result());
    case v1::NodeMessage::kCertificateRequest:
      return CheckText("csr_der", message.certificate_request().csr_der(), kMaxCsrOctets);
    case v1::NodeMessage::kGoodbye:
      return absl::OkStatus();
    case v1::NodeMessage::MESSAGE_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("a message without content, or of a kind not known here");
}

v1::Observation RefusedObservation(const v1::Observation& observation, absl::string_view why) {
  v1::Observation refused;
  if (observation.command_id().size() <= kMaxCommandIdOctets) {
    refused.set_command_id(observation.command_id());
  }
  refused.set_outcome(v1::NOT_RUN);
  refused.set_not_run_reason(v1::OVERLOADED);
  refused.set_detail(
      absl::StrCat("the observation took ", observation.ByteSizeLong(), " octets, ", why));
  return refused;
}

}  // namespace probemesh::coordinator
