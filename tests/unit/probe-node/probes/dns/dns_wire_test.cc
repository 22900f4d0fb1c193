#include "probe-node/probes/dns/dns_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "tests/support/dns_message.h"

namespace probemesh::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = DnsReply::Kind;

constexpr uint16_t kId = 0x1234;

DnsQuestion Question(const std::string& name = "www.example.com", uint16_t type = kDnsTypeA) {
  DnsQuestion question;
  question.name = name;
  question.type = type;
  return question;
}

std::string Query(const DnsQuestion& question = Question()) {
  return EncodeDnsQuery(question, kId, /*edns=*/true).value();
}

uint16_t Flags(const std::string& wire) {
  return static_cast<uint16_t>((static_cast<uint8_t>(wire[2]) << 8) |
                               static_cast<uint8_t>(wire[3]));
}

DnsReply Decode(const std::string& wire, const DnsQuestion& question = Question()) {
  return DecodeDnsReply(wire, question, kId);
}

TEST(DnsEncode, AsksOneQuestionWithEdns) {
  const std::string wire = Query();
  EXPECT_EQ(wire.substr(0, 2), "\x12\x34");
  EXPECT_EQ(DnsQueryName(wire), "www.example.com");
  EXPECT_EQ(DnsQueryType(wire), kDnsTypeA);
  EXPECT_EQ(Flags(wire), 0x0120);  // RD and AD
  // Root, OPT, 1232 octets: RFC 6891 6.1.2.
  EXPECT_THAT(wire, HasSubstr(absl::StrCat(std::string(1, '\0'), DnsU16(41), DnsU16(1232))));
  EXPECT_EQ(EncodeDnsQuery(Question(), kId, /*edns=*/false)->size(), 12u + 17u + 4u);
}

TEST(DnsEncode, SetsTheFlagsThatWereAskedFor) {
  DnsQuestion question = Question();
  question.recursion_desired = false;
  question.checking_disabled = true;
  EXPECT_EQ(Flags(Query(question)), 0x0030);  // CD and AD
}

TEST(DnsEncode, RefusesWhatIsNoName) {
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string(64, 'a'), std::string("a..b"),
        absl::StrCat(std::string(63, 'a'), ".", std::string(63, 'b'), ".", std::string(63, 'c'),
                     ".", std::string(63, 'd')),
        std::string("caf\xc3\xa9.example"), std::string("a\0b", 3), std::string(5000, 'x')}) {
    EXPECT_EQ(EncodeDnsQuery(Question(name), 1, true).status().code(),
              absl::StatusCode::kInvalidArgument)
        << name;
  }
  EXPECT_TRUE(EncodeDnsQuery(Question("."), 1, true).ok());
}

TEST(DnsQuestionFromSpec, KnowsTypesByNameAndNumber) {
  v1::DnsProbe spec;
  spec.set_name("example.com");
  EXPECT_EQ(MakeDnsQuestion(spec)->type, kDnsTypeA);
  spec.set_type("aaaa");
  EXPECT_EQ(MakeDnsQuestion(spec)->type, kDnsTypeAaaa);
  spec.set_type("TYPE65");
  EXPECT_EQ(MakeDnsQuestion(spec)->type, 65);
  for (const char* bad : {"BOGUS", "AXFR", "IXFR", "OPT", "TSIG", "TYPE0", "TYPE70000", "A A"}) {
    spec.set_type(bad);
    EXPECT_THAT(MakeDnsQuestion(spec).status().message(), HasSubstr("dns.type")) << bad;
  }
  spec.set_type("A");
  spec.set_name("");
  EXPECT_THAT(MakeDnsQuestion(spec).status().message(), HasSubstr("dns.name"));
}

TEST(DnsDecode, ReadsFlagsRecordsAndAddresses) {
  DnsTestResponse response;
  response.authoritative = true;
  response.authenticated = true;
  response.answers = {DnsTestRecord(), DnsTestRecord{.data = std::string("\x0a\0\0\x01", 4)}};
  const DnsReply reply = Decode(AnswerDnsQuery(Query(), response));
  ASSERT_EQ(reply.kind, Kind::kAnswer);
  EXPECT_TRUE(reply.positive);
  EXPECT_TRUE(reply.has_edns);
  const v1::DnsServerAnswer& answer = reply.answer;
  EXPECT_EQ(answer.outcome(), v1::ANSWERED);
  EXPECT_EQ(answer.rcode_name(), "NOERROR");
  EXPECT_TRUE(answer.answered());
  EXPECT_TRUE(answer.authoritative());
  EXPECT_TRUE(answer.authenticated());
  EXPECT_TRUE(answer.recursion_available());
  EXPECT_FALSE(answer.truncated());
  EXPECT_FALSE(answer.has_ede());
  ASSERT_EQ(answer.answers_size(), 2);
  EXPECT_EQ(answer.answers(0).name(), "www.example.com.");
  EXPECT_EQ(answer.answers(0).type(), "A");
  EXPECT_EQ(answer.answers(0).ttl(), 300u);
  EXPECT_EQ(answer.answers(0).data(), "192.0.2.7");
  EXPECT_THAT(reply.addresses, ElementsAre("192.0.2.7", "10.0.0.1"));
}

TEST(DnsDecode, FollowsAliasesInsideTheMessage) {
  DnsTestResponse response;
  response.answers = {
      DnsTestRecord{.type = 5, .data = DnsName("cdn.example.net")},
      DnsTestRecord{.owner = DnsName("cdn.example.net"), .data = std::string("\xc0\0\x02\x09", 4)},
      DnsTestRecord{.owner = DnsName("other.example"), .data = std::string("\xc0\0\x02\x63", 4)}};
  const DnsReply reply = Decode(AnswerDnsQuery(Query(), response));
  EXPECT_TRUE(reply.positive);
  EXPECT_THAT(reply.addresses, ElementsAre("192.0.2.9"));
}

TEST(DnsDecode, AnAliasLoopIsNoAddress) {
  DnsTestResponse response;
  response.answers = {
      DnsTestRecord{.type = 5, .data = DnsName("a.example")},
      DnsTestRecord{.owner = DnsName("a.example"), .type = 5, .data = DnsName("www.example.com")}};
  const DnsReply reply = Decode(AnswerDnsQuery(Query(), response));
  EXPECT_EQ(reply.kind, Kind::kAnswer);
  EXPECT_FALSE(reply.positive);
}

TEST(DnsDecode, KeepsTheAuthorityOfANegativeAnswer) {
  DnsTestResponse response;
  response.rcode = 3;
  response.authority = {
      DnsTestRecord{.owner = DnsName("example.com"),
                    .type = 6,
                    .ttl = 60,
                    .data = absl::StrCat(DnsName("ns.example.com"), DnsName("admin.example.com"),
                                         std::string(20, '\1'))}};
  const DnsReply reply = Decode(AnswerDnsQuery(Query(), response));
  EXPECT_FALSE(reply.positive);
  EXPECT_EQ(reply.answer.rcode(), kDnsNxDomain);
  EXPECT_EQ(reply.answer.rcode_name(), "NXDOMAIN");
  ASSERT_EQ(reply.answer.authority_size(), 1);
  EXPECT_EQ(reply.answer.authority(0).type(), "SOA");
  EXPECT_THAT(reply.answer.authority(0).data(), HasSubstr("ns.example.com. admin.example.com."));
}

TEST(DnsDecode, ReadsExtendedErrorsAndExtendedRcodes) {
  DnsTestResponse response;
  response.rcode = 2;
  response.extended_error = 22;
  DnsReply reply = Decode(AnswerDnsQuery(Query(), response));
  EXPECT_EQ(reply.answer.rcode_name(), "SERVFAIL");
  EXPECT_TRUE(reply.answer.has_ede());
  EXPECT_EQ(reply.answer.ede_code(), 22u);
  response.rcode = 16;
  reply = Decode(AnswerDnsQuery(Query(), response));
  EXPECT_EQ(reply.answer.rcode(), 16u);
  EXPECT_EQ(reply.answer.rcode_name(), "BADVERS");
}

TEST(DnsDecode, IgnoresWhatAnswersAnotherQuestion) {
  const std::string right = AnswerDnsQuery(Query(), {.answers = {DnsTestRecord()}});
  EXPECT_EQ(DecodeDnsReply(right, Question(), kId + 1).kind, Kind::kNotOurs);
  EXPECT_EQ(Decode(right, Question("www.example.org")).kind, Kind::kNotOurs);
  EXPECT_EQ(Decode(right, Question("www.example.com", kDnsTypeAaaa)).kind, Kind::kNotOurs);
  EXPECT_EQ(Decode(Query()).kind, Kind::kNotOurs);  // a query, not a response
  EXPECT_EQ(Decode("").kind, Kind::kNotOurs);
  std::string two_questions = right;
  two_questions[5] = 2;
  EXPECT_EQ(Decode(two_questions).kind, Kind::kNotOurs);
  EXPECT_EQ(Decode(right, Question("WWW.Example.COM")).kind, Kind::kAnswer);  // RFC 4343
}

TEST(DnsDecode, AnErrorMayLeaveTheQuestionOut) {
  const std::string wire = absl::StrCat("\x12\x34", DnsU16(0x8001), std::string(8, '\0'));
  EXPECT_EQ(Decode(wire).answer.rcode(), kDnsFormErr);
  const std::string success = absl::StrCat("\x12\x34", DnsU16(0x8000), std::string(8, '\0'));
  EXPECT_EQ(Decode(success).kind, Kind::kNotOurs);
}

TEST(DnsDecode, NonsenseBehindTheQuestionIsMalformed) {
  DnsTestResponse response;
  response.answers = {DnsTestRecord{.owner = std::string("\xc0\x21", 2)}};  // points at itself
  const DnsReply loop = Decode(AnswerDnsQuery(Query(), response));
  EXPECT_EQ(loop.kind, Kind::kMalformed);
  EXPECT_EQ(loop.answer.outcome(), v1::BAD_ANSWER);
  std::string counts = AnswerDnsQuery(Query(), {});
  counts[6] = counts[7] = '\xff';
  EXPECT_EQ(Decode(counts).kind, Kind::kMalformed);
  counts[2] = static_cast<char>(counts[2] | 0x02);  // TC: cut off is what it says
  EXPECT_EQ(Decode(counts).kind, Kind::kAnswer);
}

TEST(DnsDecode, KeepsAtMost64RecordsOfASection) {
  DnsTestResponse response;
  response.answers.assign(200, DnsTestRecord());
  const DnsReply reply = Decode(AnswerDnsQuery(Query(), response));
  EXPECT_EQ(reply.answer.answers_size(), 64);
  EXPECT_EQ(reply.addresses.size(), 64u);
}

TEST(DnsDecode, TextOfRecordsIsPrintable) {
  DnsTestResponse response;
  response.answers = {DnsTestRecord{.type = 16, .data = std::string("\x04\x1b\x00\xff\n", 5)},
                      DnsTestRecord{.type = 65280, .data = std::string(3000, '\xee')}};
  const DnsReply reply = Decode(AnswerDnsQuery(Query(), response));
  ASSERT_EQ(reply.answer.answers_size(), 2);
  for (const v1::DnsRecord& record : reply.answer.answers()) {
    EXPECT_LE(record.data().size(), 1024u);
    for (const char c : record.data()) EXPECT_TRUE(c >= 0x20 && c < 0x7f);
  }
}

TEST(DnsDecode, SurvivesEveryPrefixAndManyMutations) {
  DnsTestResponse response;
  response.answers = {DnsTestRecord{.type = 5,
                                    .data = std::string("\x03"
                                                        "cdn\xc0\x10",
                                                        6)},
                      DnsTestRecord{.owner = std::string("\xc0\x2d", 2)}};
  response.extended_error = 9;
  const std::string wire = AnswerDnsQuery(Query(), response);
  for (size_t size = 0; size < wire.size(); ++size) {
    EXPECT_NE(Decode(wire.substr(0, size)).kind, Kind::kAnswer) << size;
  }
  SeededRandom random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string mutant = wire;
    for (int change = 0; change < 3; ++change) {
      mutant[UniformBelow(random, mutant.size())] = static_cast<char>(random.Next());
    }
    const DnsReply reply = DecodeDnsReply(mutant, Question(), kId);
    EXPECT_LE(reply.addresses.size(), 64u);
  }
}

}  // namespace
}  // namespace probemesh::node
