#include "coordinator/cli/render/printable.h"

#include <gtest/gtest.h>

namespace probemesh::cli {
namespace {

TEST(Printable, ShowsEscapeSequencesInsteadOfSendingThem) {
  EXPECT_EQ(Printable("\x1b[2J\x1b]0;owned\x07"), "\\x1b[2J\\x1b]0;owned\\x07");
  EXPECT_EQ(Printable("one\ntwo\r\tthree\x7f"), "one\\x0atwo\\x0d\\x09three\\x7f");
}

TEST(Printable, ShowsC1ControlsAndTextDirectionTricks) {
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "\\x9b31m");
  EXPECT_EQ(Printable("\xe2\x80\xae"
                      "evil"),
            "\\u202eevil");
  EXPECT_EQ(Printable("a\xe2\x80\x8bz"), "a\\u200bz");
}

TEST(Printable, ShowsInvalidUtf8ByteByByte) {
  EXPECT_EQ(Printable("\xff"), "\\xff");
  EXPECT_EQ(Printable("\xc3"), "\\xc3");                    // cut short
  EXPECT_EQ(Printable("\xc0\x9b"), "\\xc0\\x9b");           // overlong escape character
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
}

TEST(Printable, KeepsWhatIsHarmless) {
  EXPECT_EQ(Printable("caf\xc3\xa9 \xe4\xb8\xad"), "caf\xc3\xa9 \xe4\xb8\xad");
}

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(DisplayWidth("caf\xc3\xa9"), 4u);
  EXPECT_EQ(DisplayWidth("\xe4\xb8\xad"), 2u);
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1u);
}

TEST(Truncate, MarksWhatWasCut) {
  EXPECT_EQ(Truncate("abcdef", 6), "abcdef");
  EXPECT_EQ(Truncate("abcdef", 5), "abc..");
  EXPECT_EQ(Truncate("abcdef", 1), ".");
  EXPECT_EQ(Truncate("abcdef", 0), "");
  EXPECT_EQ(Truncate("\xe4\xb8\xad\xe4\xb8\xad", 3), "..");
}

TEST(WrapText, BreaksAtSpacesAndKeepsLongWords) {
  EXPECT_EQ(WrapText("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(WrapText("incomprehensible", 4), (std::vector<std::string>{"incomprehensible"}));
  EXPECT_EQ(WrapText("one two", 0), (std::vector<std::string>{"one two"}));
}

}  // namespace
}  // namespace probemesh::cli
