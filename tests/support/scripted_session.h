// A node session between a scripted coordinator and a scripted agent: no network, virtual time.
#ifndef PROBEMESH_TESTS_SUPPORT_SCRIPTED_SESSION_H_
#define PROBEMESH_TESTS_SUPPORT_SCRIPTED_SESSION_H_

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "probe-node/session/session_host.h"
#include "probe-node/session/session_transport.h"
#include "probe-node/spool/result_spool.h"
#include "tests/support/manual_event_loop.h"

namespace probemesh {

// The coordinator's end. The test sees what the node sent and says what comes back.
class ScriptedTransport final : public node::SessionTransport {
 public:
  explicit ScriptedTransport(ManualEventLoop& loop) : loop_(loop) {}

  // The node is told on the loop, as by the real transport.
  void Deliver(v1::CoordinatorMessage message) {
    Deliver(std::move(message), loop_.clock().Monotonic());
  }
  // The message left the network at `received_at`.
  void Deliver(v1::CoordinatorMessage message, MonotonicTime received_at) {
    loop_.Post([this, message = std::move(message), received_at, stream = stream_] {
      if (is_open() && stream == stream_) events_->OnTransportMessage(message, received_at);
    });
    loop_.RunUntilIdle();
  }
  void EndStream(const absl::Status& status) {
    loop_.Post([this, status] {
      if (is_open()) std::exchange(events_, nullptr)->OnTransportClosed(status);
    });
    loop_.RunUntilIdle();
  }

  bool is_open() const { return events_ != nullptr; }
  bool half_closed() const { return half_closed_; }
  // Every "host:port" that a stream was opened to.
  const std::vector<std::string>& opened() const { return opened_; }
  // From now on Send fails after this many more messages.
  void set_room(size_t messages) { room_ = messages; }

  // Messages since the last Take.
  std::vector<v1::NodeMessage> Take() { return std::exchange(sent_, {}); }
  // Of one kind only; the rest is dropped.
  std::vector<v1::NodeMessage> Take(v1::NodeMessage::MessageCase kind) {
    std::vector<v1::NodeMessage> taken;
    for (v1::NodeMessage& message : Take()) {
      if (message.message_case() == kind) taken.push_back(std::move(message));
    }
    return taken;
  }

  void Open(const std::string& coordinator, Events* events) override {
    opened_.push_back(coordinator);
    events_ = events;
    half_closed_ = false;
    ++stream_;
  }
  bool Send(v1::NodeMessage message) override {
    if (!is_open() || half_closed_ || room_ == 0) return false;
    --room_;
    sent_.push_back(std::move(message));
    return true;
  }
  void FinishSending() override { half_closed_ = true; }
  void Close() override { events_ = nullptr; }

 private:
  ManualEventLoop& loop_;
  Events* events_ = nullptr;
  int stream_ = 0;
  bool half_closed_ = false;
  size_t room_ = 1'000'000;
  std::vector<std::string> opened_;
  std::vector<v1::NodeMessage> sent_;
};

// An agent that runs nothing by itself: the test finishes commands.
class ScriptedHost final : public node::SessionHost {
 public:
  v1::NodeHello Describe() const override {
    v1::NodeHello hello;
    hello.set_boot_id("boot");
    hello.set_free_slots(free_slots());
    return hello;
  }
  uint32_t in_flight() const override { return static_cast<uint32_t>(running.size()); }
  uint32_t free_slots() const override { return 4 - in_flight(); }
  v1::SelfCheck self_check() const override { return check; }
  void SetControls(std::vector<std::string> named) override { controls = std::move(named); }
  void RunProbe(const v1::RunProbe& command) override {
    ran.push_back(command.command_id());
    running[command.command_id()] = command;
  }
  void RefuseProbe(const v1::RunProbe& command, v1::NotRunReason reason,
                   absl::string_view /*detail*/) override {
    refused.emplace_back(command.command_id(), reason);
    if (on_refused) on_refused(command.command_id());
  }
  void CancelProbe(const std::string& command_id) override { cancelled.push_back(command_id); }

  v1::SelfCheck check;
  std::vector<std::string> controls;
  std::vector<std::string> ran;
  std::map<std::string, v1::RunProbe> running;
  std::vector<std::pair<std::string, v1::NotRunReason>> refused;
  std::function<void(const std::string&)> on_refused;
  std::vector<std::string> cancelled;
};

class ScriptedRenewer final : public node::CertificateRenewer {
 public:
  std::string DueRequest() override { return std::exchange(due, ""); }
  void OnIssued(const v1::IssuedCertificate& certificate) override {
    issued.push_back(certificate.certificate_chain_pem());
  }
  void OnSessionEnded() override { ++ended; }

  std::string due;
  std::vector<std::string> issued;
  int ended = 0;
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_SCRIPTED_SESSION_H_
