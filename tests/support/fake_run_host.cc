#include "tests/support/fake_run_host.h"

#include <algorithm>
#include <utility>

#include "common/base/proto_time.h"

namespace probemesh::coordinator {
namespace {

// From the coordinator to the node, and back into the store.
constexpr absl::Duration kTransport = absl::Milliseconds(5);

}  // namespace

FakeRunHost::FakeRunHost() : made_(loop_.clock().Monotonic()), executor_(memory_, loop_) {}

FakeRunHost::FakeNode& FakeRunHost::AddNode(const std::string& name, const std::string& group) {
  FakeNode& added = nodes_["nodes/" + name];
  added.node.set_name("nodes/" + name);
  added.node.set_group(group);
  added.node.set_state(v1::Node::CONNECTED);
  (*added.node.mutable_labels())["site"] = group;
  v1::Capabilities& capabilities = *added.node.mutable_capabilities();
  capabilities.set_ipv4(true);
  capabilities.set_icmp_echo_v4(true);
  capabilities.set_error_queue(true);
  return added;
}

std::vector<v1::Node> FakeRunHost::Nodes() const {
  std::vector<v1::Node> nodes;
  for (const auto& [name, fake] : nodes_) nodes.push_back(fake.node);
  return nodes;
}

bool FakeRunHost::RunCommand(const std::string& name, const std::string& run,
                             v1::RunProbe command) {
  const auto found = nodes_.find(name);
  if (found == nodes_.end() || !found->second.takes_commands ||
      found->second.node.state() != v1::Node::CONNECTED) {
    return false;
  }
  sent_.push_back(SentCommand{name, run, command, loop_.clock().Monotonic() - made_});
  if (!found->second.answers) return true;
  FakeReply reply = found->second.view.Answer(command.spec());
  reply.observation.set_command_id(command.command_id());
  reply.observation.set_node(name);
  *reply.observation.mutable_start_time() = ToProto(loop_.clock().Wall() + kTransport);
  *reply.observation.mutable_duration() = ToProto(reply.after);
  if (found->second.distort) found->second.distort(reply.observation);
  loop_.ScheduleAfter(reply.after + 2 * kTransport,
                      [this, name, run, observation = std::move(reply.observation)] {
                        const FakeNode& fake = nodes_.at(name);
                        if (fake.node.state() != v1::Node::CONNECTED) return;
                        for (int i = 0; i < fake.times; ++i) Deliver(run, observation);
                      });
  return true;
}

void FakeRunHost::Deliver(const std::string& run, const v1::Observation& observation) {
  const bool over = std::count(cancelled_.begin(), cancelled_.end(), observation.command_id()) > 0;
  v1::Observation delivered = observation;
  if (over) delivered.set_outcome(v1::CANCELLED);
  // As the core does it: since the time that the run's name carries.
  if (const auto start = TimeOfUuidV7(run.substr(run.find('/') + 1))) {
    *delivered.mutable_arrival_offset() = ToProto(loop_.clock().Wall() - *start);
  }
  IngestBatch batch;
  batch.node = observation.node();
  batch.spool_generation = 1;
  batch.items.push_back(IngestItem{++sequences_[observation.node()], run, delivered});
  (void)memory_.Ingest(batch);
  if (manager_ != nullptr) manager_->OnObservation(run, delivered);
}

void FakeRunHost::CancelCommand(const std::string&, const std::string& command_id) {
  cancelled_.push_back(command_id);
}

void FakeRunHost::LoseNode(const std::string& name) {
  const std::string full = "nodes/" + name;
  nodes_.at(full).node.set_state(v1::Node::DISCONNECTED);
  const std::vector<SentCommand> sent = sent_;
  manager_->OnNodeGone(full, absl::UnavailableError("its session ended"));
  for (const SentCommand& command : sent) {
    if (command.node != full) continue;
    manager_->OnCommandLost(command.run, full, command.command.command_id(),
                            absl::UnavailableError("its session ended"));
  }
}

}  // namespace probemesh::coordinator
