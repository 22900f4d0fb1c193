#include "probe-node/probes/make_probe.h"

#include <gtest/gtest.h>

#include "common/base/proto_time.h"
#include "probe-node/engine/probe_engine.h"
#include "tests/support/fake_probe_runner.h"

namespace probemesh::node {
namespace {

v1::ProbeSpec SpecOf(v1::ProbeSpec::KindCase kind) {
  v1::ProbeSpec spec;
  spec.set_address("192.0.2.1");
  spec.set_port(443);
  *spec.mutable_timeout() = ToProto(absl::Seconds(1));
  const google::protobuf::FieldDescriptor* field =
      v1::ProbeSpec::descriptor()->FindFieldByNumber(static_cast<int>(kind));
  v1::ProbeSpec::GetReflection()->MutableMessage(&spec, field);
  if (spec.has_dns()) spec.mutable_dns()->set_name("example.com");
  if (spec.has_http()) spec.mutable_http()->set_url("http://example.com/");
  if (spec.has_trace()) spec.mutable_trace()->set_protocol(v1::TraceProbe::UDP);
  return spec;
}

TEST(MakeProbe, MakesEveryKindThatTheProtocolHas) {
  FakeProbeRunner runner;
  const google::protobuf::OneofDescriptor* kinds =
      v1::ProbeSpec::descriptor()->FindOneofByName("kind");
  ASSERT_GE(kinds->field_count(), 7);
  for (int i = 0; i < kinds->field_count(); ++i) {
    const auto kind = static_cast<v1::ProbeSpec::KindCase>(kinds->field(i)->number());
    const absl::Status made = MakeProbe(SpecOf(kind), runner.context).status();
    EXPECT_TRUE(made.ok()) << kinds->field(i)->name() << ": " << made;
  }
}

TEST(MakeProbe, ASpecWithoutAKindIsNotImplemented) {
  FakeProbeRunner runner;
  EXPECT_EQ(MakeProbe(v1::ProbeSpec(), runner.context).status().code(),
            absl::StatusCode::kUnimplemented);
}

TEST(MakeProbe, RunsInTheEngineFromSpecToCompleteObservation) {
  FakeProbeRunner runner;
  ProbeEngine engine(runner.context, EngineLimits(), MakeProbe);
  std::vector<v1::Observation> seen;
  const auto collect = [&seen](v1::Observation observation) {
    seen.push_back(std::move(observation));
  };
  engine.Run("silent", SpecOf(v1::ProbeSpec::kTcp), collect);
  engine.Run("nameless", v1::ProbeSpec(), collect);
  v1::ProbeSpec bad = SpecOf(v1::ProbeSpec::kUdp);
  bad.set_address("no address");
  engine.Run("bad", bad, collect);
  runner.loop.AdvanceBy(absl::Seconds(10));
  ASSERT_EQ(seen.size(), 3u);
  for (const v1::Observation& observation : seen) {
    EXPECT_TRUE(observation.has_start_time()) << observation.command_id();
    EXPECT_TRUE(observation.has_duration()) << observation.command_id();
    if (observation.command_id() == "silent") {
      EXPECT_EQ(observation.outcome(), v1::SILENT);
      EXPECT_TRUE(observation.spec().has_tcp());
    } else {
      EXPECT_EQ(observation.outcome(), v1::NOT_RUN);
      EXPECT_EQ(observation.not_run_reason(),
                observation.command_id() == "bad" ? v1::INVALID_SPEC : v1::UNSUPPORTED);
    }
  }
}

}  // namespace
}  // namespace probemesh::node
