#include "coordinator/cli/render/json.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/unit/coordinator/cli/sample_messages.h"

namespace probemesh::cli {
namespace {

using google::protobuf::Struct;

Struct Parsed(const std::string& json) {
  Struct parsed;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &parsed).ok()) << json;
  return parsed;
}

void ExpectMembers(const Struct& object, const std::vector<std::string>& members) {
  for (const std::string& member : members) {
    EXPECT_TRUE(object.fields().contains(member)) << member;
  }
}

TEST(DiagnosisJson, IsTheDocumentOfTheContract) {
  ExpectGolden("path_failure.json", PrettyJson(DiagnosisJson(PathFailureDiagnosis())) + "\n");
}

TEST(DiagnosisJson, HasEveryMemberEvenWhenNothingIsKnown) {
  v1::Diagnosis empty;
  empty.add_vantages();
  const Struct document = Parsed(DiagnosisJson(empty));
  ExpectMembers(document,
                {"name", "target", "createTime", "elapsed", "state", "diagnosis", "vantages"});
  const Struct& judgement = document.fields().at("diagnosis").struct_value();
  ExpectMembers(judgement,
                {"verdict", "faultDomain", "cause", "confidence", "confidenceLabel", "summary",
                 "locus", "scope", "faultDomainMass", "ambiguity", "wouldResolve", "secondary",
                 "evidence", "nextSteps", "rulesetVersion", "evidenceDigest"});
  ExpectMembers(judgement.fields().at("locus").struct_value(),
                {"kind", "fromAddress", "toAddress", "addresses", "fromAsn", "toAsn", "direction"});
  ExpectMembers(judgement.fields().at("scope").struct_value(),
                {"vantages", "groups", "families", "ports", "flowFraction"});
  ExpectMembers(document.fields().at("vantages").list_value().values(0).struct_value(),
                {"node", "group", "state", "reason", "observations"});
}

TEST(DiagnosisJson, ForgetsNoFieldOfTheMessages) {
  const auto* descriptor = v1::Diagnosis::descriptor();
  const Struct document = Parsed(DiagnosisJson(PathFailureDiagnosis()));
  for (int i = 0; i < descriptor->field_count(); ++i) {
    EXPECT_TRUE(document.fields().contains(descriptor->field(i)->json_name()))
        << descriptor->field(i)->json_name();
  }
  const Struct run = Parsed(ProbeRunJson({}));
  for (int i = 0; i < v1::ProbeRun::descriptor()->field_count(); ++i) {
    const std::string& name = v1::ProbeRun::descriptor()->field(i)->json_name();
    EXPECT_TRUE(run.fields().contains(name)) << name;
  }
}

TEST(DiagnosisJson, ReadsBackAsTheSameMessage) {
  v1::Diagnosis parsed;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(
                  PrettyJson(DiagnosisJson(PathFailureDiagnosis())), &parsed)
                  .ok());
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(parsed, PathFailureDiagnosis()));
}

TEST(DiagnosisJson, EscapesHostileText) {
  v1::Diagnosis diagnosis;
  diagnosis.set_target("\"\x1b[2J\xc2\x9b\n");
  const std::string json = DiagnosisJson(diagnosis);
  EXPECT_FALSE(absl::StrContains(json, "\x1b"));
  EXPECT_FALSE(absl::StrContains(json, "\xc2\x9b"));
  EXPECT_EQ(Parsed(json).fields().at("target").string_value(), diagnosis.target());
}

TEST(EventJson, IsOneLineForEachKindOfEvent) {
  v1::DiagnosisEvent event;
  event.set_sequence(7);
  *event.mutable_done() = PathFailureDiagnosis();
  const std::string done = EventJson(event);
  EXPECT_FALSE(absl::StrContains(done, "\n"));
  ExpectMembers(Parsed(done), {"sequence", "offset", "done"});
  *event.mutable_observation() = PathFailureDiagnosis().vantages(0).observations(0);
  ExpectMembers(Parsed(EventJson(event)), {"sequence", "observation"});
  *event.mutable_vantage_changed() = PathFailureDiagnosis().vantages(0);
  ExpectMembers(Parsed(EventJson(event)), {"vantageChanged"});
  event.mutable_provisional();
  ExpectMembers(Parsed(EventJson(event)), {"provisional"});
}

TEST(PrettyJson, TouchesNothingInsideStrings) {
  EXPECT_EQ(PrettyJson(R"({"a":"x:{,\"}","b":[],"c":[1,{"d":{}}]})"),
            "{\n  \"a\": \"x:{,\\\"}\",\n  \"b\": [],\n  \"c\": [\n    1,\n    {\n      \"d\": "
            "{}\n    }\n  ]\n}");
}

}  // namespace
}  // namespace probemesh::cli
