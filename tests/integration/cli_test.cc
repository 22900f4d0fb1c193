// The real program `probemesh` against a scripted coordinator, over mutual TLS on loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "common/rpc/status_bridge.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "tests/integration/program.h"
#include "tests/integration/scripted_coordinator.h"

namespace probemesh {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kProgram[] = PROBEMESH_BIN_DIR "/probemesh";
constexpr char kId[] = "0192a6d1-7a3c-7000-8000-000000000001";

v1::Diagnosis Outage() {
  v1::Diagnosis diagnosis;
  diagnosis.set_name(std::string("diagnoses/") + kId);
  diagnosis.set_target("https://www.lab.test");
  diagnosis.set_state(v1::Diagnosis::DONE);
  v1::Judgement& judgement = *diagnosis.mutable_diagnosis();
  judgement.set_verdict(v1::Judgement::PATH_FAILURE);
  judgement.set_fault_domain(v1::Judgement::NETWORK);
  judgement.set_cause("blackhole_host");
  judgement.set_confidence(0.93);
  judgement.set_confidence_label(v1::Judgement::HIGH);
  judgement.mutable_locus()->set_kind(v1::Locus::ROUTER);
  judgement.mutable_locus()->set_from_address("10.91.0.1");
  for (const auto& [node, state] : {std::pair{"nodes/va", v1::VantageReport::FAILED},
                                    std::pair{"nodes/vb", v1::VantageReport::OK}}) {
    v1::VantageReport& report = *diagnosis.add_vantages();
    report.set_node(node);
    report.set_group("AS65001");
    report.set_state(state);
  }
  return diagnosis;
}

class Cli : public testing::Test {
 protected:
  void SetUp() override {
    coordinator_.diagnoses.diagnosis = Outage();
    v1::DiagnosisEvent accepted;
    *accepted.mutable_accepted() = Outage();
    accepted.mutable_accepted()->set_state(v1::Diagnosis::RUNNING);
    accepted.mutable_accepted()->clear_diagnosis();
    for (v1::VantageReport& report : *accepted.mutable_accepted()->mutable_vantages()) {
      report.clear_state();
    }
    v1::DiagnosisEvent changed;
    changed.mutable_vantage_changed()->set_node("nodes/vb");
    changed.mutable_vantage_changed()->set_state(v1::VantageReport::OK);
    v1::DiagnosisEvent done;
    *done.mutable_done() = Outage();
    coordinator_.diagnoses.script.events = {accepted, changed, done};
  }

  std::vector<std::string> Command(std::vector<std::string> words) const {
    words.insert(words.begin(), {kProgram, "--context", coordinator_.context_path()});
    return words;
  }

  // The script without its end: only a cancellation brings one.
  void Hold() {
    coordinator_.diagnoses.script.events.pop_back();
    coordinator_.diagnoses.script.hold = true;
  }

  ScriptedCoordinator coordinator_;
};

TEST_F(Cli, DiagnoseEndsInASentenceAndTheExitStatus) {
  Program program(Command({"diagnose", "https://www.lab.test", "--from", "site=fra", "--limit", "2",
                           "--timeout", "3s", "--neighbor", "10.0.0.2", "-4"}));
  EXPECT_EQ(program.Wait(), 1);
  EXPECT_EQ(program.err(), "");
  EXPECT_THAT(program.out(), Not(HasSubstr("\x1b")));
  EXPECT_THAT(program.out(),
              EndsWith("The fault is in the NETWORK domain (PATH_FAILURE), at the router "
                       "10.91.0.1, with confidence HIGH (0.93).\n"));
  const v1::CreateDiagnosisRequest request = coordinator_.diagnoses.created();
  EXPECT_EQ(request.spec().target(), "https://www.lab.test");
  EXPECT_EQ(request.spec().from(), "site=fra");
  EXPECT_EQ(request.spec().limit(), 2u);
  EXPECT_EQ(request.spec().timeout().seconds(), 3);
  EXPECT_EQ(request.spec().neighbors(0), "10.0.0.2");
  EXPECT_EQ(request.spec().family(), v1::IPV4);
  EXPECT_EQ(request.request_id().size(), 36u);
}

TEST_F(Cli, JsonIsOneDocumentAndNothingElse) {
  Program program(Command({"diagnose", "https://www.lab.test", "--json"}));
  EXPECT_EQ(program.Wait(), 1);
  google::protobuf::Struct document;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(program.out(), &document).ok());
  const auto& judgement = document.fields().at("diagnosis").struct_value().fields();
  EXPECT_EQ(judgement.at("verdict").string_value(), "PATH_FAILURE");
  EXPECT_EQ(judgement.at("faultDomain").string_value(), "NETWORK");
}

TEST_F(Cli, JsonLinesAreOneEventEach) {
  Program program(Command({"diagnose", "x", "--jsonl"}));
  EXPECT_EQ(program.Wait(), 1);
  EXPECT_EQ(std::count(program.out().begin(), program.out().end(), '\n'), 3);
  EXPECT_THAT(program.out(), StartsWith("{\"sequence\":\"1\""));
}

TEST_F(Cli, MarkdownIsAReport) {
  Program program(Command({"diagnose", "x", "--markdown"}));
  EXPECT_EQ(program.Wait(), 1);
  EXPECT_THAT(program.out(), StartsWith("## PATH_FAILURE"));
}

TEST_F(Cli, ResumesAfterABrokenStream) {
  coordinator_.diagnoses.script.break_after = 2;
  Program program(Command({"diagnose", "x", "--jsonl"}));
  EXPECT_EQ(program.Wait(), 1);
  EXPECT_EQ(std::count(program.out().begin(), program.out().end(), '\n'), 3) << program.out();
  EXPECT_EQ(coordinator_.diagnoses.watches(), 2);
}

TEST_F(Cli, GivesUpWhenTheCoordinatorStaysAway) {
  Hold();
  Program program(Command({"diagnose", "x", "--jsonl"}));
  ASSERT_TRUE(program.AwaitOutput("vantageChanged"));
  coordinator_.Stop();
  EXPECT_EQ(program.Wait(), 3);
  EXPECT_THAT(program.err(), HasSubstr("cannot reach the coordinator"));
}

TEST_F(Cli, LiveTableIsRedrawnInPlaceOnATerminal) {
  coordinator_.diagnoses.script.pause = absl::Milliseconds(150);
  Program program(Command({"diagnose", "x"}), {.environment = {}, .terminal = true});
  EXPECT_EQ(program.Wait(), 1);
  EXPECT_THAT(program.out(), HasSubstr("no verdict yet"));
  EXPECT_THAT(program.out(), HasSubstr("\r\x1b["));     // back to the top of the frame
  EXPECT_THAT(program.out(), HasSubstr("\x1b[32mok"));  // green
  EXPECT_THAT(program.out(), EndsWith("HIGH (0.93).\r\n"));
}

TEST_F(Cli, NoColorMeansNoColourAndCiMeansNoRedrawing) {
  Program plain(Command({"diagnose", "x"}),
                {.environment = {"NO_COLOR=1"}, .terminal = true, .columns = 40});
  EXPECT_EQ(plain.Wait(), 1);
  EXPECT_THAT(plain.out(), AllOf(HasSubstr("\x1b[K"), Not(HasSubstr("\x1b[3"))));
  Program ci(Command({"diagnose", "x", "--ci"}), {.environment = {}, .terminal = true});
  EXPECT_EQ(ci.Wait(), 1);
  EXPECT_THAT(ci.out(), Not(HasSubstr("\x1b")));
}

TEST_F(Cli, CtrlCCancelsTheDiagnosis) {
  Hold();
  Program program(Command({"diagnose", "x"}), {.environment = {}, .terminal = true});
  ASSERT_TRUE(program.AwaitOutput("ok"));
  program.Signal(SIGINT);
  EXPECT_EQ(program.Wait(), 3);
  EXPECT_TRUE(coordinator_.diagnoses.cancelled());
  EXPECT_THAT(program.out(), HasSubstr("The diagnosis was cancelled"));
}

TEST_F(Cli, CtrlCWithJsonStillGivesADocument) {
  Hold();
  Program program(Command({"diagnose", "x", "--jsonl"}));
  ASSERT_TRUE(program.AwaitOutput("vantageChanged"));
  program.Signal(SIGTERM);
  EXPECT_EQ(program.Wait(), 3);
  EXPECT_TRUE(coordinator_.diagnoses.cancelled());
  EXPECT_THAT(program.out(), HasSubstr("\"state\":\"CANCELLED\""));
}

TEST_F(Cli, ErrorsOfTheCoordinatorBecomeOneLineAndAnExitStatus) {
  coordinator_.diagnoses.create_status =
      ToGrpc(absl::InvalidArgumentError("\"a b\" is not a host name"));
  Program bad_target(Command({"diagnose", "a b", "--json"}));
  EXPECT_EQ(bad_target.Wait(), 64);
  EXPECT_EQ(bad_target.err(), "probemesh: \"a b\" is not a host name\n");
  EXPECT_EQ(bad_target.out(), "");

  coordinator_.diagnoses.create_status =
      ToGrpc(absl::FailedPreconditionError("no node matches \"site=moon\"\x1b[2J"));
  Program nobody(Command({"diagnose", "x", "--from", "site=moon"}));
  EXPECT_EQ(nobody.Wait(), 3);
  EXPECT_EQ(nobody.err(), "probemesh: no node matches \"site=moon\"\\x1b[2J\n");
}

TEST_F(Cli, AnUnreachableCoordinatorIsNamed) {
  coordinator_.Stop();
  Program program(Command({"diagnose", "x", "--json"}));
  EXPECT_EQ(program.Wait(), 3);
  EXPECT_EQ(program.out(), "");
  EXPECT_THAT(program.err(), AllOf(StartsWith("probemesh: cannot reach the coordinator at " +
                                              coordinator_.endpoint()),
                                   HasSubstr("check that it runs")));
  EXPECT_EQ(std::count(program.err().begin(), program.err().end(), '\n'), 1) << program.err();
}

TEST_F(Cli, AForeignContextIsRefused) {
  Program program({kProgram, "--context", coordinator_.foreign_context_path(), "nodes"});
  EXPECT_EQ(program.Wait(), 3);
  EXPECT_THAT(program.err(), HasSubstr("cannot reach the coordinator"));
  EXPECT_EQ(std::count(program.err().begin(), program.err().end(), '\n'), 1) << program.err();
}

TEST_F(Cli, AMissingContextSaysHowToGetOne) {
  Program program({kProgram, "nodes"});
  EXPECT_EQ(program.Wait(), 3);
  EXPECT_THAT(program.err(), AllOf(HasSubstr("/nonexistent/.config/probemesh/context"),
                                   HasSubstr("admin.context")));
  Program other({kProgram, "nodes"}, {.environment = {"PROBEMESH_CONTEXT=/dev/null"}});
  EXPECT_EQ(other.Wait(), 3);
  EXPECT_THAT(other.err(), HasSubstr("/dev/null"));
}

TEST_F(Cli, UsageErrorsNeedNoCoordinator) {
  coordinator_.Stop();
  Program program(Command({"diagnose", "x", "--nonsense"}));
  EXPECT_EQ(program.Wait(), 64);
  EXPECT_THAT(program.err(), HasSubstr("--nonsense"));
}

TEST_F(Cli, ProbePrintsResultsAsTheyArrive) {
  v1::ProbeRun run;
  run.set_name("probeRuns/1");
  run.set_host("10.99.0.10");
  run.mutable_spec()->mutable_tcp();
  v1::VantageReport& va = *run.add_vantages();
  va.set_node("nodes/va");
  v1::ProbeRunEvent seen;
  v1::Observation& observation = *seen.mutable_observation();
  observation.set_node("nodes/va");
  observation.set_outcome(v1::REFUSED);
  observation.mutable_spec()->set_address("10.99.0.10");
  observation.mutable_spec()->set_port(443);
  observation.mutable_spec()->mutable_tcp();
  v1::ProbeRunEvent done;
  *done.mutable_done() = run;
  done.mutable_done()->set_state(v1::ProbeRun::DONE);
  *done.mutable_done()->mutable_vantages(0)->add_observations() = observation;
  done.mutable_done()->mutable_vantages(0)->set_state(v1::VantageReport::FAILED);
  coordinator_.probes.run = run;
  coordinator_.probes.script.events = {seen, done};

  Program program(Command({"probe", "tcp", "10.99.0.10:443", "--from", "va"}));
  EXPECT_EQ(program.Wait(), 2);
  EXPECT_EQ(program.out(),
            "> va\ntcp 10.99.0.10 port 443: connection refused (RST) after 0.000 ms\n\n"
            "0 of 1 vantage got an answer.\n");
  EXPECT_EQ(coordinator_.probes.created().from(), "va");

  Program json(Command({"probe", "tcp", "10.99.0.10:443", "-J"}));
  EXPECT_EQ(json.Wait(), 2);
  google::protobuf::Struct document;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json.out(), &document).ok());
  EXPECT_TRUE(document.fields().contains("vantages"));
}

TEST_F(Cli, NodesAreListedOverAllPages) {
  for (const char* name : {"nodes/a", "nodes/b", "nodes/c"}) {
    coordinator_.fleet.nodes[name].set_name(name);
    coordinator_.fleet.nodes[name].set_state(v1::Node::CONNECTED);
  }
  Program list(Command({"nodes"}));
  EXPECT_EQ(list.Wait(), 0);
  EXPECT_THAT(list.out(), AllOf(HasSubstr("a "), HasSubstr("b "), HasSubstr("c ")));
  Program drain(Command({"nodes", "drain", "b", "--json"}));
  EXPECT_EQ(drain.Wait(), 0);
  EXPECT_THAT(drain.out(), HasSubstr("\"state\": \"DRAINING\""));
  Program unknown(Command({"nodes", "show", "z"}));
  EXPECT_EQ(unknown.Wait(), 3);
  EXPECT_EQ(unknown.err(), "probemesh: no nodes/z\n");
}

TEST_F(Cli, TokenCreatePrintsTheTokenAlone) {
  Program program(Command({"token", "create", "--name", "fra-1"}));
  EXPECT_EQ(program.Wait(), 0);
  EXPECT_EQ(program.out(), "pm1.id.secret.pin@127.0.0.1:7444\n");
}

TEST_F(Cli, HistoryShowsWhatWas) {
  Program list(Command({"history"}));
  EXPECT_EQ(list.Wait(), 0);
  EXPECT_THAT(list.out(), AllOf(HasSubstr(kId), HasSubstr("PATH_FAILURE")));
  Program show(Command({"history", "show", kId}));
  EXPECT_EQ(show.Wait(), 0);
  EXPECT_THAT(show.out(), EndsWith("HIGH (0.93).\n"));
}

TEST_F(Cli, ABundleIsJudgedAgainOffline) {
  v1::EvidenceBundle& bundle = coordinator_.diagnoses.bundle;
  bundle.set_format(1);
  bundle.set_diagnosis(std::string("diagnoses/") + kId);
  bundle.mutable_target()->set_input("https://www.lab.test");
  bundle.add_vantages()->set_node("nodes/va");
  Program exported(Command({"bundle", kId}));
  ASSERT_EQ(exported.Wait(), 0);
  const TempDirectory folder;
  const std::string path = folder.path() + "/bundle.json";
  std::ofstream(path) << exported.out();
  coordinator_.Stop();

  // One vantage that saw nothing proves nothing.
  Program explained({kProgram, "explain", "--bundle", path, "--json"});
  EXPECT_EQ(explained.Wait(), 0) << explained.err();
  EXPECT_THAT(explained.out(), AllOf(HasSubstr("\"verdict\": \"INCONCLUSIVE\""), HasSubstr(kId)));
  Program named({kProgram, "explain", kId, "--bundle", path});
  EXPECT_EQ(named.Wait(), 0) << named.err();
  Program other({kProgram, "explain", "another", "--bundle", path});
  EXPECT_EQ(other.Wait(), 64);
  EXPECT_THAT(other.err(), HasSubstr(std::string("is the evidence of diagnoses/") + kId));
  std::ofstream(path) << "{ not json";
  Program broken({kProgram, "explain", "--bundle", path});
  EXPECT_EQ(broken.Wait(), 64);
  EXPECT_THAT(broken.err(), HasSubstr("is not an evidence bundle"));
}

TEST_F(Cli, ExplainJudgesStoredEvidenceWithItsOwnRules) {
  coordinator_.diagnoses.bundle.set_format(1);
  Program program(Command({"explain", kId}));
  EXPECT_EQ(program.Wait(), 0);
  EXPECT_THAT(program.out(), HasSubstr("INCONCLUSIVE"));
  EXPECT_THAT(program.err(), HasSubstr("had said PATH_FAILURE (blackhole_host)"));
}

TEST(CliAlone, ListsItsCausesAndVersion) {
  Program causes({kProgram, "explain", "--causes"});
  EXPECT_EQ(causes.Wait(), 0);
  EXPECT_THAT(causes.out(), HasSubstr("PATH_FAILURE"));
  Program version({kProgram, "version"});
  EXPECT_EQ(version.Wait(), 0);
  EXPECT_THAT(version.out(), AllOf(StartsWith("probemesh "), HasSubstr("rules ")));
}

TEST(CliAlone, SaysWhenTheOutputCannotBeWritten) {
  Program program({"/bin/sh", "-c", std::string(kProgram) + " version > /dev/full"});
  EXPECT_EQ(program.Wait(), 3);
  EXPECT_THAT(program.err(), HasSubstr("cannot write the output"));
}

}  // namespace
}  // namespace probemesh
