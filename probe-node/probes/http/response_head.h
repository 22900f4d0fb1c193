// The head of an HTTP response, line by line as libcurl delivers it, within limits.
#ifndef PROBEMESH_PROBE_NODE_PROBES_HTTP_RESPONSE_HEAD_H_
#define PROBEMESH_PROBE_NODE_PROBES_HTTP_RESPONSE_HEAD_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace probemesh::node {

class ResponseHead {
 public:
  static constexpr size_t kMaxOctets = 64 * 1024;
  static constexpr size_t kMaxLines = 256;

  // One line with its line end. False once the limits (of all heads of the response together,
  // interim 1xx ones included) are passed.
  bool AddLine(absl::string_view line);

  bool started() const { return lines_ > 0; }
  // The empty line after a final status has come.
  bool complete() const { return complete_; }
  uint32_t status() const { return status_; }
  const std::string& version() const { return version_; }  // "HTTP/1.1"
  // The last field of its name, without surrounding blanks; as sent, not necessarily printable.
  const std::string& location() const { return location_; }
  const std::string& content_type() const { return content_type_; }
  const std::string& server() const { return server_; }

 private:
  void StartMessage(absl::string_view line);
  void TakeField(absl::string_view line);

  size_t octets_ = 0;
  size_t lines_ = 0;
  bool complete_ = false;
  uint32_t status_ = 0;
  std::string version_;
  std::string location_;
  std::string content_type_;
  std::string server_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_HTTP_RESPONSE_HEAD_H_
