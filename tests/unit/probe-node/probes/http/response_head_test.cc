#include "probe-node/probes/http/response_head.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace probemesh::node {
namespace {

bool Feed(ResponseHead& head, std::initializer_list<const char*> lines) {
  bool ok = true;
  for (const char* line : lines) ok = head.AddLine(line) && ok;
  return ok;
}

TEST(ResponseHead, TakesStatusAndFields) {
  ResponseHead head;
  EXPECT_FALSE(head.started());
  EXPECT_TRUE(Feed(head, {"HTTP/1.1 301 Moved Permanently\r\n", "LOCATION:  /there \r\n",
                          "Content-Type: text/html\r\n", "Server: x\r\n", "noise\r\n"}));
  EXPECT_TRUE(head.started());
  EXPECT_FALSE(head.complete());
  head.AddLine("\r\n");
  EXPECT_TRUE(head.complete());
  EXPECT_EQ(head.status(), 301u);
  EXPECT_EQ(head.version(), "HTTP/1.1");
  EXPECT_EQ(head.location(), "/there");
  EXPECT_EQ(head.content_type(), "text/html");
  EXPECT_EQ(head.server(), "x");
}

TEST(ResponseHead, AnInterimResponseIsNotTheEnd) {
  ResponseHead head;
  Feed(head, {"HTTP/1.1 103 Early Hints\r\n", "Location: /hint\r\n", "\r\n"});
  EXPECT_FALSE(head.complete());
  Feed(head, {"HTTP/2 200\r\n", "\r\n"});
  EXPECT_TRUE(head.complete());
  EXPECT_EQ(head.status(), 200u);
  EXPECT_EQ(head.location(), "");
}

TEST(ResponseHead, TrailersChangeNothing) {
  ResponseHead head;
  Feed(head, {"HTTP/1.1 200 OK\r\n", "Server: a\r\n", "\r\n", "Server: b\r\n", "\r\n"});
  EXPECT_EQ(head.server(), "a");
  EXPECT_TRUE(head.complete());
}

TEST(ResponseHead, NonsenseHasNoStatus) {
  for (const char* line : {"HTTP/1.1\r\n", "HTTP/1.1 abc\r\n", "HTTP/\r\n", "HTTP/1.1  \r\n"}) {
    ResponseHead head;
    Feed(head, {line, "\r\n"});
    EXPECT_EQ(head.status(), 0u) << line;
    EXPECT_FALSE(head.complete());
  }
}

TEST(ResponseHead, HasLimits) {
  ResponseHead lines;
  for (size_t i = 0; i < ResponseHead::kMaxLines; ++i) EXPECT_TRUE(lines.AddLine("a: b\r\n"));
  EXPECT_FALSE(lines.AddLine("a: b\r\n"));
  ResponseHead octets;
  EXPECT_FALSE(octets.AddLine(std::string(ResponseHead::kMaxOctets + 1, 'a')));
}

}  // namespace
}  // namespace probemesh::node
