#include "probe-node/probes/trace/walk_table.h"

#include <gtest/gtest.h>

#include "common/base/proto_time.h"

namespace probemesh::node {
namespace {

constexpr absl::Duration kStart = absl::Hours(1);

v1::Exchange Positive(absl::Duration at) {
  v1::Exchange answer;
  answer.set_reply(v1::POSITIVE);
  *answer.mutable_receive_offset() = ToProto(at);
  return answer;
}

v1::Exchange Icmp(const std::string& offender, uint32_t type, uint32_t code,
                  v1::AddressFamily family = v1::IPV4) {
  v1::Exchange answer = Positive(absl::Milliseconds(10));
  answer.set_reply(v1::ICMP);
  answer.mutable_icmp_error()->set_offender(offender);
  answer.mutable_icmp_error()->set_type(type);
  answer.mutable_icmp_error()->set_code(code);
  answer.mutable_icmp_error()->set_family(family);
  return answer;
}

v1::Exchange Hop(const std::string& router) { return Icmp(router, 11, 0); }

class WalkTableTest : public testing::Test {
 protected:
  // One packet for each TTL from 1 on, sent at the start.
  void SendTo(int last_ttl) {
    for (int ttl = 1; ttl <= last_ttl; ++ttl) table_.MarkSent(table_.Add(ttl), kStart, 0);
  }
  void Answer(int ttl, const v1::Exchange& answer) {
    table_.SetAnswer(static_cast<size_t>(ttl - 1), answer);
  }
  v1::TraceEvidence Evidence(absl::Duration after = absl::Seconds(3)) {
    v1::TraceEvidence evidence;
    table_.Fill(kStart + after, &evidence);
    return evidence;
  }

  WalkTable table_{*IpAddress::Parse("192.0.2.1"), kStart};
};

TEST_F(WalkTableTest, TheLowestAnswerOfTheTargetIsTheEnd) {
  SendTo(6);
  Answer(1, Hop("198.51.100.1"));
  Answer(5, Positive(absl::Milliseconds(12)));
  EXPECT_EQ(table_.reached(), 5);
  Answer(4, Positive(absl::Milliseconds(40)));
  Answer(6, Positive(absl::Milliseconds(14)));
  EXPECT_EQ(table_.reached(), 4);
  EXPECT_EQ(table_.rtt_at_end(), absl::Milliseconds(40));
  EXPECT_EQ(table_.OutcomeNow(), v1::ANSWERED);
  const v1::TraceEvidence evidence = Evidence();
  EXPECT_TRUE(evidence.reached());
  EXPECT_EQ(evidence.last_responder(), "192.0.2.1");
  ASSERT_EQ(evidence.hops_size(), 6);
  EXPECT_EQ(evidence.hops(0).address(), "198.51.100.1");
  EXPECT_EQ(evidence.hops(1).address(), "");
}

TEST_F(WalkTableTest, WhoeverSpeaksWithTheTargetsAddressIsTheTarget) {
  SendTo(3);
  Answer(3, Icmp("192.0.2.1", 3, 13));
  EXPECT_EQ(table_.reached(), 3);
}

TEST_F(WalkTableTest, ExceptForARouterInFrontOfIt) {
  SendTo(3);
  Answer(2, Icmp("192.0.2.1", 11, 0));
  EXPECT_FALSE(table_.reached().has_value());
  EXPECT_FALSE(table_.end().has_value());
}

TEST_F(WalkTableTest, UnreachableFromARouterIsABarrierUntilTheTargetAnswers) {
  SendTo(6);
  Answer(3, Icmp("198.51.100.3", 3, 0));
  EXPECT_EQ(table_.end(), 3);
  EXPECT_EQ(table_.OutcomeNow(), v1::ICMP_ERROR);
  Answer(5, Positive(absl::Milliseconds(9)));
  EXPECT_EQ(table_.end(), 5);
  EXPECT_EQ(table_.barrier(), 3);
  EXPECT_EQ(table_.OutcomeNow(), v1::ANSWERED);
}

TEST_F(WalkTableTest, KnowsUnreachableInBothFamilies) {
  const std::vector<std::tuple<uint32_t, uint32_t, v1::AddressFamily, bool>> cases = {
      {3, 1, v1::IPV4, true},   {3, 13, v1::IPV4, true},  {3, 4, v1::IPV4, false},
      {11, 0, v1::IPV4, false}, {11, 1, v1::IPV4, false}, {1, 0, v1::IPV6, true},
      {1, 3, v1::IPV6, true},   {3, 0, v1::IPV6, false},  {2, 0, v1::IPV6, false}};
  for (const auto& [type, code, family, unreachable] : cases) {
    WalkTable table(*IpAddress::Parse("192.0.2.1"), kStart);
    table.MarkSent(table.Add(1), kStart, 0);
    table.SetAnswer(0, Icmp("198.51.100.1", type, code, family));
    EXPECT_EQ(table.end().has_value(), unreachable) << type << "/" << code << " family " << family;
  }
}

TEST_F(WalkTableTest, BeyondTheEndOnlyAnswersAreKept) {
  SendTo(6);
  Answer(2, Positive(absl::Milliseconds(9)));
  Answer(4, Positive(absl::Milliseconds(9)));
  const v1::TraceEvidence evidence = Evidence();
  ASSERT_EQ(evidence.hops_size(), 3);
  EXPECT_EQ(evidence.hops(0).ttl(), 1u);
  EXPECT_EQ(evidence.hops(1).ttl(), 2u);
  EXPECT_EQ(evidence.hops(2).ttl(), 4u);
}

v1::ReplyKind SilenceOf(WalkTable& table, absl::Duration after) {
  v1::TraceEvidence evidence;
  table.Fill(kStart + after, &evidence);
  return evidence.hops(0).exchanges(0).reply();
}

TEST_F(WalkTableTest, SilenceIsEvidenceOnlyWhereItWasListenedToWithBudgetLeft) {
  table_.MarkSent(table_.Add(1), kStart, 5);
  EXPECT_EQ(SilenceOf(table_, absl::Seconds(1)), v1::NO_REPLY);
  EXPECT_EQ(SilenceOf(table_, absl::Milliseconds(199)), v1::NO_REPLY_UNKNOWN);
  table_.NoteUnattributedAnswer();
  EXPECT_EQ(SilenceOf(table_, absl::Seconds(1)), v1::NO_REPLY_UNKNOWN);
}

TEST_F(WalkTableTest, SilenceOfAnExhaustedOrNeverAskedRouterIsUnknown) {
  WalkTable exhausted(*IpAddress::Parse("192.0.2.1"), kStart);
  exhausted.MarkSent(exhausted.Add(1), kStart, 6);
  EXPECT_EQ(SilenceOf(exhausted, absl::Seconds(1)), v1::NO_REPLY_UNKNOWN);
  WalkTable waiting(*IpAddress::Parse("192.0.2.1"), kStart);
  waiting.Add(1);
  EXPECT_EQ(SilenceOf(waiting, absl::Seconds(1)), v1::NO_REPLY_UNKNOWN);
  EXPECT_FALSE(waiting.AllSent(1));
  EXPECT_EQ(waiting.OutcomeNow(), v1::NOT_RUN);
}

TEST_F(WalkTableTest, FindsALoop) {
  SendTo(6);
  const std::vector<std::string> seen = {"10.0.0.1", "10.0.0.2", "10.0.0.3",
                                         "10.0.0.2", "10.0.0.3", "10.0.0.2"};
  for (int ttl = 6; ttl >= 1; --ttl) Answer(ttl, Hop(seen[static_cast<size_t>(ttl - 1)]));
  const v1::TraceEvidence evidence = Evidence();
  EXPECT_TRUE(evidence.loop());
  ASSERT_EQ(evidence.loop_addresses_size(), 2);
  EXPECT_EQ(evidence.loop_addresses(0), "10.0.0.2");
  EXPECT_EQ(evidence.loop_addresses(1), "10.0.0.3");
  EXPECT_EQ(evidence.last_responder(), "10.0.0.2");
  EXPECT_EQ(table_.OutcomeNow(), v1::SILENT);
}

TEST_F(WalkTableTest, TheSameRouterTwiceInARowIsNoLoop) {
  SendTo(3);
  for (const int ttl : {2, 3}) Answer(ttl, Hop("10.0.0.2"));
  EXPECT_FALSE(Evidence().loop());
}

TEST_F(WalkTableTest, AWalkThatReachedTheTargetHasNoLoop) {
  SendTo(4);
  for (const int ttl : {1, 3}) Answer(ttl, Hop("10.0.0.2"));
  Answer(4, Positive(absl::Milliseconds(9)));
  EXPECT_FALSE(Evidence().loop());
}

TEST_F(WalkTableTest, OneRouterThatRefusesEverythingIsNoLoop) {
  SendTo(6);
  for (int ttl = 2; ttl <= 6; ++ttl) Answer(ttl, Icmp("10.0.0.2", 3, 0));
  EXPECT_FALSE(Evidence().loop());
}

TEST_F(WalkTableTest, LocalFailuresAreNoAnswers) {
  SendTo(2);
  v1::Exchange local;
  local.set_reply(v1::LOCAL);
  local.mutable_local_error()->set_errno_name("EPERM");
  Answer(1, local);
  EXPECT_FALSE(table_.Answered(1));
  EXPECT_TRUE(table_.AnyLeft());
  EXPECT_EQ(table_.OutcomeNow(), v1::SILENT);
  Answer(2, local);
  EXPECT_FALSE(table_.AnyLeft());
  EXPECT_EQ(table_.OutcomeNow(), v1::LOCAL_ERROR);
  EXPECT_EQ(table_.FirstLocalError()->errno_name(), "EPERM");
}

}  // namespace
}  // namespace probemesh::node
