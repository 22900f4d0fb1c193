#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "coordinator/cli/render/frame.h"
#include "coordinator/cli/render/live_view.h"
#include "coordinator/cli/render/markdown.h"
#include "coordinator/cli/render/verdict_block.h"
#include "coordinator/cli/render/verdict_words.h"
#include "tests/unit/coordinator/cli/sample_messages.h"

namespace probemesh::cli {
namespace {

std::string Joined(const std::vector<std::string>& lines) {
  return absl::StrJoin(lines, "\n") + "\n";
}

TEST(RenderDiagnosis, PipedOutputIsPlainAndComplete) {
  ExpectGolden("path_failure.txt", Joined(RenderDiagnosis(PathFailureDiagnosis(), {})));
}

TEST(RenderDiagnosis, WrapsOnANarrowTerminal) {
  Style style;
  style.width = 60;
  ExpectGolden("path_failure_60.txt", Joined(RenderDiagnosis(PathFailureDiagnosis(), style)));
}

TEST(RenderDiagnosis, ShowsWeightsWhenExplaining) {
  const std::string text =
      Joined(RenderDiagnosis(PathFailureDiagnosis(), {}, {.most_evidence = 1, .weights = true}));
  EXPECT_TRUE(absl::StrContains(text, "(walk_cut, +8.1)")) << text;
  EXPECT_TRUE(absl::StrContains(text, "and 2 more")) << text;
}

TEST(RenderDiagnosis, LetsNoEscapeThrough) {
  v1::Diagnosis diagnosis = PathFailureDiagnosis();
  const std::string hostile = "\x1b[2J\n";
  diagnosis.set_target(hostile);
  diagnosis.mutable_diagnosis()->set_summary(hostile);
  diagnosis.mutable_diagnosis()->set_cause(hostile);
  diagnosis.mutable_diagnosis()->mutable_locus()->set_from_address(hostile);
  diagnosis.mutable_diagnosis()->mutable_evidence(0)->set_text(hostile);
  diagnosis.mutable_diagnosis()->set_next_steps(0, hostile);
  diagnosis.mutable_vantages(0)->set_node(hostile);
  diagnosis.mutable_vantages(0)->set_group(hostile);
  diagnosis.mutable_vantages(0)->set_reason(hostile);
  diagnosis.mutable_vantages(0)->mutable_observations(0)->mutable_dns()->set_addresses(0, hostile);
  diagnosis.mutable_vantages(0)->mutable_observations(3)->mutable_trace()->set_last_responder(
      hostile);
  const std::string text = Joined(RenderDiagnosis(diagnosis, {})) + RenderMarkdown(diagnosis);
  EXPECT_FALSE(absl::StrContains(text, "\x1b"));
  EXPECT_TRUE(absl::StrContains(text, "\\x1b[2J\\x0a"));
}

TEST(FinalSentence, NamesFaultDomainPlaceAndConfidence) {
  EXPECT_EQ(FinalSentence(PathFailureDiagnosis()),
            "The fault is in the NETWORK domain (PATH_FAILURE), at the segment between 10.91.0.1 "
            "(AS65010) and 10.92.0.1 (AS65020) towards the target, with confidence HIGH (0.93).");
  EXPECT_EQ(FinalSentence(HealthyDiagnosis()),
            "There is no fault (fault domain NONE, HEALTHY) at any place that was looked at, with "
            "confidence HIGH (0.97).");
}

TEST(FinalSentence, IsHonestAboutWhatDidNotFinish) {
  v1::Diagnosis diagnosis = PathFailureDiagnosis();
  diagnosis.set_state(v1::Diagnosis::CANCELLED);
  EXPECT_TRUE(absl::StartsWith(FinalSentence(diagnosis), "The diagnosis was cancelled; so far:"));
  diagnosis.clear_diagnosis();
  EXPECT_EQ(FinalSentence(diagnosis),
            "The diagnosis was cancelled: fault domain UNKNOWN, no particular place, no "
            "confidence.");
}

TEST(RenderMarkdown, IsFitForATicket) {
  ExpectGolden("path_failure.md", RenderMarkdown(PathFailureDiagnosis()));
}

v1::Locus LocusOf(v1::Locus::Kind kind, const std::string& from, const std::string& to) {
  v1::Locus locus;
  locus.set_kind(kind);
  locus.set_from_address(from);
  locus.set_to_address(to);
  return locus;
}

TEST(DirectionWords, AreForPlacesThatAreAWay) {
  v1::Locus locus = LocusOf(v1::Locus::SEGMENT, "192.0.2.1", "");
  locus.set_direction(v1::Locus::EITHER);
  EXPECT_EQ(DirectionWords(locus), "in either direction");
  locus.set_kind(v1::Locus::HOST);
  EXPECT_EQ(DirectionWords(locus), "");
}

TEST(PlaceWords, TellTheHostFromTheRouterThatSpeaksOfIt) {
  EXPECT_EQ(PlaceWords(LocusOf(v1::Locus::HOST, "192.0.2.1", "192.0.2.10")),
            "the host 192.0.2.10 behind 192.0.2.1");
  EXPECT_EQ(PlaceWords(LocusOf(v1::Locus::HOST, "192.0.2.10", "192.0.2.10")),
            "the host 192.0.2.10");
  EXPECT_EQ(PlaceWords(LocusOf(v1::Locus::LAST_HOP, "192.0.2.1", "192.0.2.10")),
            "the last hop 192.0.2.1 or behind it, before 192.0.2.10");
  EXPECT_EQ(PlaceWords(LocusOf(v1::Locus::SITE, "198.51.100.1", "")),
            "the target's site or before it, behind 198.51.100.1");
  EXPECT_EQ(PlaceWords(LocusOf(v1::Locus::SEGMENT, "198.51.100.1", "")),
            "the segment behind 198.51.100.1");
  EXPECT_EQ(PlaceWords(LocusOf(v1::Locus::ROUTER, "198.51.100.1", "")), "the router 198.51.100.1");
}

TEST(EscapeMarkdown, LeavesNoMarkup) {
  EXPECT_EQ(EscapeMarkdown("a|b <script> `x` [l](u)"), "a\\|b \\<script\\> \\`x\\` \\[l\\](u)");
  EXPECT_EQ(EscapeMarkdown("_em_ PATH_FAILURE"), "\\_em\\_ PATH_FAILURE");
}

v1::DiagnosisEvent Accepted() {
  v1::DiagnosisEvent event;
  event.mutable_accepted()->set_target("https://www.lab.test");
  for (const char* node : {"nodes/va", "nodes/vb"}) {
    event.mutable_accepted()->add_vantages()->set_node(node);
  }
  return event;
}

TEST(LiveView, GrowsWithEachEvent) {
  LiveView view;
  view.Apply(Accepted());
  const auto before = view.Render(absl::Milliseconds(1200), 0, 24, {});
  ASSERT_EQ(before.size(), 5u);
  EXPECT_EQ(before[0], "| 1.2 s  https://www.lab.test");
  EXPECT_EQ(before[4], "no verdict yet");

  v1::DiagnosisEvent seen;
  *seen.mutable_observation() = PathFailureDiagnosis().vantages(1).observations(0);
  view.Apply(seen);
  v1::DiagnosisEvent changed;
  changed.mutable_vantage_changed()->set_node("nodes/vb");
  changed.mutable_vantage_changed()->set_group("AS65002");
  changed.mutable_vantage_changed()->set_state(v1::VantageReport::OK);
  view.Apply(changed);
  v1::DiagnosisEvent provisional;
  *provisional.mutable_provisional() = PathFailureDiagnosis().diagnosis();
  view.Apply(provisional);
  const auto after = view.Render(absl::Milliseconds(1300), 1, 24, {});
  EXPECT_EQ(after[0], "/ 1.3 s  https://www.lab.test");
  EXPECT_TRUE(absl::StrContains(after[3], "vb       AS65002  ok     -    8.12 ms")) << after[3];
  EXPECT_EQ(after[4], "so far: PATH_FAILURE, HIGH (0.93)");

  view.NoteCancellation();
  EXPECT_EQ(view.Render(absl::Milliseconds(1300), 1, 24, {})[4],
            "so far: PATH_FAILURE, HIGH (0.93); cancelling, again to leave at once");

  EXPECT_FALSE(view.done());
  v1::DiagnosisEvent done;
  *done.mutable_done() = PathFailureDiagnosis();
  view.Apply(done);
  EXPECT_TRUE(view.done());
  EXPECT_EQ(view.diagnosis().vantages_size(), 3);
}

TEST(LiveView, FitsIntoAnyTerminal) {
  LiveView view;
  v1::DiagnosisEvent done;
  *done.mutable_done() = PathFailureDiagnosis();
  view.Apply(done);
  for (size_t width = 1; width < 120; width += 7) {
    for (size_t height = 1; height < 12; ++height) {
      Style style;
      style.width = width;
      style.color = true;
      const auto lines = view.Render(absl::Seconds(1), 0, height, style);
      EXPECT_LE(lines.size(), height);
      for (const std::string& line : lines) EXPECT_LE(VisibleWidth(line), width) << line;
    }
  }
  EXPECT_EQ(view.Render(absl::Seconds(1), 0, 5, {})[3], "... and 2 more");
}

}  // namespace
}  // namespace probemesh::cli
