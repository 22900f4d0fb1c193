// The walk as a whole, in all three protocols over both families.
#include "probe-node/probes/trace/trace_probe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "common/base/proto_time.h"
#include "probe-node/probes/trace/walk_table.h"
#include "tests/support/fake_path.h"
#include "tests/support/fake_probe_runner.h"

namespace probemesh::node {
namespace {

using Protocol = v1::TraceProbe::Protocol;

struct Variant {
  Protocol protocol;
  bool v6;
};

class TraceProbeTest : public testing::TestWithParam<Variant> {
 protected:
  TraceProbeTest() {
    spec_.set_address(GetParam().v6 ? "2001:db8::1" : "192.0.2.1");
    spec_.set_port(443);
    spec_.mutable_trace()->set_protocol(GetParam().protocol);
    *spec_.mutable_timeout() = ToProto(absl::Seconds(3));
    ReprobeAfter(absl::Milliseconds(400));
    if (GetParam().v6) path_.routers = {"2001:db8:a::1", "2001:db8:b::1", "2001:db8:c::1"};
    path_.Attach(&runner_.sockets);
  }

  IpAddress::Family family() const {
    return GetParam().v6 ? IpAddress::Family::kV6 : IpAddress::Family::kV4;
  }
  void ReprobeAfter(absl::Duration after) {
    *spec_.mutable_trace()->mutable_reprobe_after() = ToProto(after);
  }
  v1::Observation Run() {
    const v1::Observation seen = runner_.Run(MakeTraceProbe, spec_);
    EXPECT_EQ(runner_.sockets.open_count(), 0u);
    return seen;
  }
  // Sends by TTL.
  int PacketsTo(int ttl) const {
    const auto& packets = runner_.sockets.packets();
    return static_cast<int>(
        std::count_if(packets.begin(), packets.end(),
                      [ttl](const FakeSocketOps::Packet& packet) { return packet.ttl == ttl; }));
  }

  FakeProbeRunner runner_;
  FakePath path_;
  v1::ProbeSpec spec_;
};

TEST_P(TraceProbeTest, WalksToTheTarget) {
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_TRUE(seen.trace().reached());
  EXPECT_EQ(seen.trace().last_responder(), spec_.address());
  EXPECT_FALSE(seen.trace().loop());
  ASSERT_GE(seen.trace().hops_size(), 4);
  for (int i = 0; i < 3; ++i) {
    const v1::TraceHop& hop = seen.trace().hops(i);
    EXPECT_EQ(hop.ttl(), static_cast<uint32_t>(i + 1));
    EXPECT_EQ(hop.address(), path_.routers[static_cast<size_t>(i)]);
    ASSERT_EQ(hop.exchanges_size(), 1);
    EXPECT_EQ(hop.exchanges(0).reply(), v1::ICMP);
    EXPECT_EQ(hop.exchanges(0).ttl_sent(), hop.ttl());
    EXPECT_EQ(hop.exchanges(0).flow().destination_address(), spec_.address());
    EXPECT_EQ(
        FromProto(hop.exchanges(0).receive_offset()) - FromProto(hop.exchanges(0).send_offset()),
        (i + 1) * path_.hop_delay);
  }
  EXPECT_EQ(seen.trace().hops(3).address(), spec_.address());
}

TEST_P(TraceProbeTest, EndsAndStopsSendingOnceTheTargetHasAnswered) {
  const v1::Observation seen = Run();
  EXPECT_LT(FromProto(seen.duration()), absl::Milliseconds(60));
  EXPECT_LE(runner_.sockets.packets().size(), 5u);
}

TEST_P(TraceProbeTest, SendsAllTtlsWithinASecondIntoTheDark) {
  path_.cut = 2;
  ReprobeAfter(absl::ZeroDuration());
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::SILENT);
  EXPECT_FALSE(seen.trace().reached());
  EXPECT_EQ(seen.trace().last_responder(), path_.routers[1]);
  ASSERT_EQ(seen.trace().hops_size(), 30);
  EXPECT_LT(FromProto(seen.trace().hops(29).exchanges(0).send_offset()), absl::Milliseconds(400));
  EXPECT_EQ(seen.trace().hops(29).exchanges(0).reply(), v1::NO_REPLY);
  EXPECT_EQ(FromProto(seen.duration()), absl::Seconds(3));
}

TEST_P(TraceProbeTest, AsksTheSilentAgainAndNobodyBeyondTheTarget) {
  path_.lost_packets = {{2, 1}, {4, 1}};
  const v1::Observation seen = Run();
  EXPECT_TRUE(seen.trace().reached());
  EXPECT_EQ(PacketsTo(1), 1);
  EXPECT_EQ(PacketsTo(2), 2);
  EXPECT_EQ(PacketsTo(3), 1);
  const v1::TraceHop& second = seen.trace().hops(1);
  ASSERT_EQ(second.exchanges_size(), 2);
  EXPECT_EQ(second.exchanges(0).reply(), v1::NO_REPLY);
  EXPECT_EQ(second.exchanges(1).reply(), v1::ICMP);
  EXPECT_EQ(second.address(), path_.routers[1]);
  EXPECT_GE(FromProto(second.exchanges(1).send_offset()), absl::Milliseconds(400));
  EXPECT_EQ(PacketsTo(4), 2);  // its first was lost: TTL 5 was the first to reach the target
  EXPECT_EQ(seen.trace().hops(3).address(), spec_.address());
  for (int ttl = 6; ttl <= 30; ++ttl) EXPECT_LE(PacketsTo(ttl), 1) << ttl;
  EXPECT_LT(FromProto(seen.duration()), absl::Seconds(1));
}

TEST_P(TraceProbeTest, GivesAMuteRouterUpAfterTheSecondTry) {
  path_.mute = {2};
  const v1::Observation seen = Run();
  EXPECT_TRUE(seen.trace().reached());
  ASSERT_EQ(seen.trace().hops(1).exchanges_size(), 2);
  EXPECT_EQ(seen.trace().hops(1).address(), "");
  for (const v1::Exchange& exchange : seen.trace().hops(1).exchanges()) {
    EXPECT_EQ(exchange.reply(), v1::NO_REPLY);
  }
  EXPECT_EQ(FromProto(seen.duration()), absl::Milliseconds(400) + kMinListen);
}

TEST_P(TraceProbeTest, WithoutASecondTryAMuteRouterIsGivenUpSooner) {
  path_.mute = {2};
  ReprobeAfter(absl::ZeroDuration());
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.trace().hops(1).exchanges_size(), 1);
  EXPECT_LT(FromProto(seen.duration()), absl::Milliseconds(250));
}

TEST_P(TraceProbeTest, StopsWhereARouterKnowsNoRoute) {
  path_.no_route = 2;
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::ICMP_ERROR);
  EXPECT_FALSE(seen.trace().reached());
  EXPECT_EQ(seen.trace().last_responder(), path_.routers[1]);
  EXPECT_LE(runner_.sockets.packets().size(), 3u);
  EXPECT_LT(FromProto(seen.duration()), absl::Milliseconds(60));
}

TEST_P(TraceProbeTest, HearsTheLateHostUnreachable) {
  path_.cut = 3;
  *spec_.mutable_timeout() = ToProto(absl::Milliseconds(3400));
  spec_.mutable_trace()->set_last_ttl(5);
  ReprobeAfter(absl::Milliseconds(1100));
  runner_.sockets.set_network([this](const FakeSocketOps::Packet& packet) {
    path_.OnPacket(packet);
    if (packet.ttl < 4) return;
    runner_.sockets.DeliverError(packet.fd, absl::Milliseconds(3060),
                                 HostUnreachableFrom(path_.routers[2], packet.payload));
  });
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::ICMP_ERROR);
  EXPECT_EQ(seen.trace().hops(3).exchanges(0).reply(), v1::ICMP);
  EXPECT_EQ(seen.trace().hops(3).address(), path_.routers[2]);
  EXPECT_GE(FromProto(seen.duration()), absl::Milliseconds(3060));
}

TEST_P(TraceProbeTest, WalksTheWholeWayRoundALoop) {
  path_.routers.clear();
  for (int i = 0; i < 40; ++i) {
    path_.routers.push_back(GetParam().v6 ? (i % 2 == 0 ? "2001:db8:a::1" : "2001:db8:b::1")
                                          : (i % 2 == 0 ? "198.51.100.1" : "198.51.100.2"));
  }
  spec_.mutable_trace()->set_last_ttl(8);
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::SILENT);
  EXPECT_TRUE(seen.trace().loop());
  EXPECT_EQ(seen.trace().loop_addresses_size(), 2);
  EXPECT_LT(FromProto(seen.duration()), absl::Milliseconds(200));  // everybody has answered
}

TEST_P(TraceProbeTest, BeginsWhereItIsTold) {
  spec_.mutable_trace()->set_first_ttl(3);
  const v1::Observation seen = Run();
  EXPECT_TRUE(seen.trace().reached());
  EXPECT_EQ(seen.trace().hops(0).ttl(), 3u);
  EXPECT_EQ(PacketsTo(1), 0);
}

TEST_P(TraceProbeTest, WaitsForTheGovernorAtTheFirstHops) {
  for (int i = 0; i < 3; ++i) runner_.governor.Request(family(), 1);
  const v1::Observation seen = Run();
  EXPECT_TRUE(seen.trace().reached());
  const v1::Exchange& first = seen.trace().hops(0).exchanges(0);
  EXPECT_EQ(first.reply(), v1::ICMP);
  EXPECT_GE(FromProto(first.send_offset()), absl::Milliseconds(990));
  EXPECT_EQ(first.icmp_spend(), 3u);
}

TEST_P(TraceProbeTest, WhatTheGovernorKeptBackIsUnknownNotSilent) {
  *spec_.mutable_timeout() = ToProto(absl::Milliseconds(700));
  for (int i = 0; i < 3; ++i) runner_.governor.Request(family(), 1);
  const v1::Observation seen = Run();
  EXPECT_TRUE(seen.trace().reached());
  const v1::Exchange& first = seen.trace().hops(0).exchanges(0);
  EXPECT_EQ(first.reply(), v1::NO_REPLY_UNKNOWN);
  EXPECT_FALSE(first.has_send_offset());
  EXPECT_EQ(PacketsTo(1), 0);
}

TEST_P(TraceProbeTest, SilenceOfAnExhaustedDistanceIsUnknown) {
  path_.mute = {3};
  path_.routers.insert(path_.routers.begin(), path_.routers[0]);
  path_.mute = {4};
  for (int i = 0; i < 6; ++i) runner_.governor.Request(family(), 4);
  const v1::Observation seen = Run();
  EXPECT_TRUE(seen.trace().reached());
  EXPECT_EQ(seen.trace().hops(3).exchanges(0).reply(), v1::NO_REPLY_UNKNOWN);
  EXPECT_EQ(seen.trace().hops(3).exchanges(0).icmp_spend(), 6u);
}

TEST_P(TraceProbeTest, ThreeWalksAtOnceHaveTheirFirstHopsAtOnce) {
  for (int walk = 0; walk < 3; ++walk) {
    const v1::Observation seen = Run();
    EXPECT_LT(FromProto(seen.duration()), absl::Milliseconds(60)) << walk;
    EXPECT_EQ(seen.trace().hops(0).exchanges(0).icmp_spend(), static_cast<uint32_t>(walk));
  }
}

TEST_P(TraceProbeTest, ASilentTargetIsNotReached) {
  path_.target = FakePath::Target::kSilent;
  spec_.mutable_trace()->set_last_ttl(6);
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::SILENT);
  EXPECT_EQ(seen.trace().last_responder(), path_.routers[2]);
  EXPECT_EQ(seen.trace().hops_size(), 6);
}

TEST_P(TraceProbeTest, ATargetThatRejectsIsReachedAllTheSame) {
  path_.target = FakePath::Target::kProhibits;
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_TRUE(seen.trace().reached());
  EXPECT_EQ(seen.trace().hops(3).exchanges(0).icmp_error().offender(), spec_.address());
}

TEST_P(TraceProbeTest, AVantageWithoutRouteSaysSoAtOnce) {
  runner_.sockets.FailNext(FakeSocketOps::Call::kConnect, ENETUNREACH, 100);
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::LOCAL_ERROR);
  EXPECT_EQ(seen.local_error().errno_name(), "ENETUNREACH");
  EXPECT_TRUE(runner_.sockets.packets().empty());
  EXPECT_LT(FromProto(seen.duration()), absl::Milliseconds(50));
}

TEST_P(TraceProbeTest, AsksTheOwnersPolicyFirst) {
  runner_.denied = true;
  EXPECT_EQ(Run().not_run_reason(), v1::POLICY_DENIED);
  EXPECT_TRUE(runner_.sockets.packets().empty());
}

TEST_P(TraceProbeTest, DestructionIsSilentAndLeavesNothingBehind) {
  path_.cut = 1;
  for (const int ms : {0, 5, 100, 410, 2000}) {
    runner_.Start(MakeTraceProbe, spec_);
    runner_.loop.AdvanceBy(absl::Milliseconds(ms));
    runner_.probe.reset();
    EXPECT_EQ(runner_.sockets.open_count(), 0u);
    runner_.loop.AdvanceBy(absl::Seconds(10));
    EXPECT_FALSE(runner_.result.has_value());
    EXPECT_EQ(runner_.loop.timer_count(), 0u);
  }
}

TEST_P(TraceProbeTest, RefusesBadSpecsByTheNameOfTheField) {
  const auto error = [this](auto change) {
    v1::ProbeSpec spec = spec_;
    change(&spec);
    return std::string(MakeTraceProbe(spec, runner_.context).status().message());
  };
  using Spec = v1::ProbeSpec;
  EXPECT_EQ(error([](Spec* s) { s->mutable_trace()->clear_protocol(); }).rfind("protocol:", 0), 0u);
  EXPECT_EQ(error([](Spec* s) { s->mutable_trace()->set_last_ttl(65); }).rfind("last_ttl:", 0), 0u);
  EXPECT_EQ(error([](Spec* s) { s->mutable_trace()->set_first_ttl(31); }).rfind("first_ttl:", 0),
            0u);
  EXPECT_EQ(error([](Spec* s) { s->set_address("fe80::1%eth0"); }).rfind("address:", 0), 0u);
  EXPECT_EQ(error([](Spec* s) { s->mutable_timeout()->set_seconds(61); }).rfind("timeout:", 0), 0u);
  const auto negative = [](Spec* s) {
    s->mutable_trace()->mutable_reprobe_after()->set_seconds(-1);
    s->mutable_trace()->mutable_reprobe_after()->set_nanos(0);
  };
  EXPECT_EQ(error(negative).rfind("reprobe_after:", 0), 0u);
}

std::string VariantName(const testing::TestParamInfo<Variant>& variant) {
  return v1::TraceProbe::Protocol_Name(variant.param.protocol) + (variant.param.v6 ? "V6" : "V4");
}

INSTANTIATE_TEST_SUITE_P(
    Protocols, TraceProbeTest,
    testing::Values(Variant{v1::TraceProbe::TCP, false}, Variant{v1::TraceProbe::TCP, true},
                    Variant{v1::TraceProbe::UDP, false}, Variant{v1::TraceProbe::UDP, true},
                    Variant{v1::TraceProbe::ICMP, false}, Variant{v1::TraceProbe::ICMP, true}),
    VariantName);

}  // namespace
}  // namespace probemesh::node
