// A core without runs, on virtual time, with scripted nodes.
#ifndef PROBEMESH_TESTS_UNIT_COORDINATOR_CORE_CORE_TEST_UTIL_H_
#define PROBEMESH_TESTS_UNIT_COORDINATOR_CORE_CORE_TEST_UTIL_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "common/pki/key_and_certificate.h"
#include "coordinator/core/core_parts.h"
#include "coordinator/core/enrollment.h"
#include "coordinator/core/fleet.h"
#include "coordinator/core/node_sessions.h"
#include "tests/support/inline_store_executor.h"
#include "tests/support/manual_event_loop.h"
#include "tests/support/memory_store.h"

namespace probemesh::coordinator {

class FakeSink final : public SessionSink {
 public:
  bool Send(v1::CoordinatorMessage message) override {
    if (full) return false;
    messages.push_back(std::move(message));
    return true;
  }
  void Close(absl::Status reason) override {
    EXPECT_FALSE(closed.has_value()) << "closed twice";
    closed = std::move(reason);
  }

  std::vector<std::string> CommandIds() const {
    std::vector<std::string> ids;
    for (const auto& message : messages) {
      if (message.has_run_probe()) ids.push_back(message.run_probe().command_id());
    }
    return ids;
  }
  // The cumulative ack last sent; nullopt before the first.
  std::optional<uint64_t> LastAck() const {
    std::optional<uint64_t> ack;
    for (const auto& message : messages) {
      if (message.has_result_ack()) ack = message.result_ack().up_to_sequence();
    }
    return ack;
  }
  absl::StatusCode CloseCode() const {
    EXPECT_TRUE(closed.has_value()) << "not closed";
    return closed.value_or(absl::UnknownError("")).code();
  }

  std::vector<v1::CoordinatorMessage> messages;
  std::optional<absl::Status> closed;
  bool full = false;
};

struct Lost {
  std::string run;
  std::string node;
  std::string command_id;
  absl::Status reason;
};

class FakeListener final : public NodeSessions::Listener {
 public:
  void OnObservation(const std::string& run, const v1::Observation& observation) override {
    observations.emplace_back(run, observation);
    if (on_observation) on_observation();
  }
  void OnCommandLost(const std::string& run, const std::string& node, const std::string& command_id,
                     absl::Status reason) override {
    lost.push_back({run, node, command_id, std::move(reason)});
    if (on_lost) on_lost();
  }
  void OnNodeGone(const std::string& node, absl::Status reason) override {
    gone.emplace_back(node, std::move(reason));
  }

  std::vector<std::pair<std::string, v1::Observation>> observations;
  std::vector<Lost> lost;
  std::vector<std::pair<std::string, absl::Status>> gone;
  std::function<void()> on_observation;
  std::function<void()> on_lost;
};

class FakeSigner final : public CertificateSigner {
 public:
  absl::StatusOr<SignedCertificate> SignNode(absl::string_view csr_der,
                                             absl::string_view node_name) override {
    if (!failure.ok()) return failure;
    EXPECT_FALSE(csr_der.empty());
    SignedCertificate certificate;
    certificate.serial = absl::StrCat("5e", ++signed_count);
    certificate.chain_pem = absl::StrCat("chain of ", node_name);
    certificate.ca_bundle_pem = "ca";
    certificate.expire_time = absl::FromUnixSeconds(1767830400);
    return certificate;
  }

  absl::Status failure;
  int signed_count = 0;
};

// Nodes "nodes/a" and "nodes/b" are known from the start.
class CoreFixture : public ::testing::Test {
 protected:
  static constexpr char kRun[] = "diagnoses/019b76da-a800-7000-8000-000000000001";

  CoreFixture() {
    for (const std::string name : {"nodes/a", "nodes/b"}) {
      StoredNode node;
      node.name = name;
      node.spki_sha256 = "key of " + name;
      EXPECT_TRUE(store.PutNode(node).ok());
    }
    Start();
  }

  // A coordinator over the present content of the store; an earlier one is gone without a word.
  void Start() {
    fleet.reset();
    sessions.reset();
    enrollment.reset();
    parts.reset();
    CoreOptions options;
    options.loop = &loop;
    options.random = &random;
    options.store = &executor;
    options.signer = &signer;
    options.counters = &counters;
    options.initial = *LoadInitialState(store);
    options.controls = {"192.0.2.1:443"};
    options.coordinators = {"mesh.example:7443"};
    options.enrollment_endpoint = "mesh.example:7444";
    options.ca_spki_sha256 = std::string(32, 'p');
    parts = std::make_unique<CoreParts>(std::move(options));
    enrollment = std::make_unique<Enrollment>(*parts);
    sessions = std::make_unique<NodeSessions>(*parts, *enrollment, listener);
    fleet = std::make_unique<Fleet>(*parts, *sessions);
  }

  struct Stream {
    SessionId id = 0;
    std::shared_ptr<FakeSink> sink;
  };

  Stream Open(const std::string& node, const std::string& serial = "") {
    Stream stream;
    stream.sink = std::make_shared<FakeSink>();
    PeerIdentity peer;
    peer.node = node;
    peer.serial = serial;
    stream.id = sessions->OpenSession(peer, stream.sink);
    return stream;
  }
  void Send(const Stream& stream, v1::NodeMessage message) {
    sessions->OnSessionMessage(stream.id, std::move(message));
    loop.RunUntilIdle();
  }
  void SendHello(const Stream& stream, uint32_t free_slots = 4, uint64_t generation = 7,
                 uint64_t last_sequence = 0) {
    v1::NodeMessage message;
    message.mutable_hello()->set_version("1.0");
    message.mutable_hello()->set_free_slots(free_slots);
    message.mutable_hello()->set_spool_generation(generation);
    message.mutable_hello()->set_last_result_sequence(last_sequence);
    Send(stream, message);
  }
  Stream Join(const std::string& node, uint32_t free_slots = 4, uint64_t generation = 7,
              uint64_t last_sequence = 0) {
    const Stream stream = Open(node);
    SendHello(stream, free_slots, generation, last_sequence);
    EXPECT_FALSE(stream.sink->messages.empty());
    return stream;
  }
  void SendHeartbeat(const Stream& stream, uint32_t in_flight = 0, uint32_t free_slots = 4) {
    v1::NodeMessage message;
    message.mutable_heartbeat()->set_sequence(1);
    message.mutable_heartbeat()->set_in_flight(in_flight);
    message.mutable_heartbeat()->set_free_slots(free_slots);
    *message.mutable_heartbeat()->mutable_send_time() = ToProto(loop.clock().Wall());
    Send(stream, message);
  }
  static v1::NodeMessage ResultOf(uint64_t sequence, const std::string& command_id,
                                  uint64_t generation = 7) {
    v1::NodeMessage message;
    message.mutable_result()->set_spool_generation(generation);
    message.mutable_result()->set_sequence(sequence);
    message.mutable_result()->mutable_observation()->set_command_id(command_id);
    message.mutable_result()->mutable_observation()->set_outcome(v1::ANSWERED);
    return message;
  }
  void SendResult(const Stream& stream, uint64_t sequence, const std::string& command_id,
                  uint64_t generation = 7) {
    Send(stream, ResultOf(sequence, command_id, generation));
  }
  bool Run(const std::string& node, const std::string& command_id,
           absl::Duration time_to_live = absl::Seconds(5)) {
    v1::RunProbe command;
    command.set_command_id(command_id);
    *command.mutable_spec()->mutable_timeout() = ToProto(absl::Seconds(3));
    *command.mutable_time_to_live() = ToProto(time_to_live);
    return sessions->RunCommand(node, kRun, std::move(command));
  }

  ManualEventLoop loop;
  MemoryStore store;
  InlineStoreExecutor executor{store, loop};
  SeededRandom random{42};
  FakeSigner signer;
  CoreCounters counters;
  FakeListener listener;
  std::unique_ptr<CoreParts> parts;
  std::unique_ptr<Enrollment> enrollment;
  std::unique_ptr<NodeSessions> sessions;
  std::unique_ptr<Fleet> fleet;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_TESTS_UNIT_COORDINATOR_CORE_CORE_TEST_UTIL_H_
