#include "coordinator/cli/render/table.h"

#include <gtest/gtest.h>

#include "coordinator/cli/render/frame.h"
#include "coordinator/cli/render/printable.h"

namespace probemesh::cli {
namespace {

const std::vector<Column> kColumns = {{"NAME", 0}, {"GROUP", 2}, {"WALK", 1}};
const std::vector<std::vector<Cell>> kRows = {
    {{"va"}, {"AS65001"}, {"ends 10.91.0.1 (2)"}},
    {{"frankfurt-7"}, {"AS65002"}, {"reached, hop 6"}},
};

TEST(RenderTable, AlignsColumnsInAPipe) {
  EXPECT_EQ(RenderTable(kColumns, kRows, {}),
            (std::vector<std::string>{"NAME         GROUP    WALK",
                                      "va           AS65001  ends 10.91.0.1 (2)",
                                      "frankfurt-7  AS65002  reached, hop 6"}));
}

TEST(RenderTable, GivesUpTheMostDispensableColumnFirst) {
  Style style;
  style.width = 31;
  EXPECT_EQ(RenderTable(kColumns, kRows, style)[0], "NAME         WALK");
  style.width = 12;
  EXPECT_EQ(RenderTable(kColumns, kRows, style)[0], "NAME");
}

TEST(RenderTable, NeverExceedsTheWidth) {
  for (size_t width = 1; width < 60; ++width) {
    Style style;
    style.width = width;
    style.color = width % 2 == 0;
    for (const std::string& line : RenderTable(kColumns, kRows, style)) {
      EXPECT_LE(VisibleWidth(line), width) << line;
    }
  }
}

TEST(RenderTable, DoesNotSqueezeWhatMustStayWhole) {
  const std::vector<Column> columns = {{"ID", 0, 12}, {"TARGET", 0}};
  Style style;
  style.width = 22;
  EXPECT_EQ(RenderTable(columns, {{{"0123456789ab"}, {"https://www.example.com"}}}, style)[1],
            "0123456789ab  https:..");
}

TEST(Frame, RedrawsInPlaceAndCountsWrappedRows) {
  Frame frame;
  EXPECT_EQ(frame.Draw({"one", "two"}, 80), "one\x1b[K\ntwo\x1b[K\n\x1b[J");
  EXPECT_EQ(frame.Draw({"three"}, 80), "\r\x1b[2Athree\x1b[K\n\x1b[J");
  // The terminal shrank to two columns: "three" now takes three rows.
  EXPECT_EQ(frame.Draw({"x"}, 2), "\r\x1b[3Ax\x1b[K\n\x1b[J");
  EXPECT_EQ(frame.Clear(80), "\r\x1b[1A\x1b[K\n\r\x1b[1A");
  EXPECT_EQ(frame.Clear(80), "");
}

TEST(Frame, ColoursTakeNoRoom) { EXPECT_EQ(VisibleWidth("\x1b[31mred\x1b[0m!"), 4u); }

}  // namespace
}  // namespace probemesh::cli
