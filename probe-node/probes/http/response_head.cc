#include "probe-node/probes/http/response_head.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace probemesh::node {

bool ResponseHead::AddLine(absl::string_view line) {
  octets_ += line.size();
  ++lines_;
  if (octets_ > kMaxOctets || lines_ > kMaxLines) return false;
  line = absl::StripAsciiWhitespace(line);
  if (line.empty()) {
    complete_ = status_ >= 200;
  } else if (absl::StartsWith(line, "HTTP/")) {
    StartMessage(line);
  } else if (!complete_) {  // what follows the head of a chunked response is a trailer
    TakeField(line);
  }
  return true;
}

void ResponseHead::StartMessage(absl::string_view line) {
  const size_t space = line.find(' ');
  version_ = std::string(line.substr(0, space));
  status_ = 0;
  if (space != line.npos) {
    const absl::string_view code = absl::StripLeadingAsciiWhitespace(line.substr(space));
    if (!absl::SimpleAtoi(code.substr(0, 3), &status_)) status_ = 0;
  }
  complete_ = false;
  location_.clear();
  content_type_.clear();
  server_.clear();
}

void ResponseHead::TakeField(absl::string_view line) {
  const size_t colon = line.find(':');
  if (colon == line.npos) return;
  const absl::string_view name = line.substr(0, colon);
  const std::string value(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  if (absl::EqualsIgnoreCase(name, "location")) location_ = value;
  if (absl::EqualsIgnoreCase(name, "content-type")) content_type_ = value;
  if (absl::EqualsIgnoreCase(name, "server")) server_ = value;
}

}  // namespace probemesh::node
