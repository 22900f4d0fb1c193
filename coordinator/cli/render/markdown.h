// A diagnosis as a report fit for a ticket (GitHub-flavoured Markdown).
#ifndef PROBEMESH_COORDINATOR_CLI_RENDER_MARKDOWN_H_
#define PROBEMESH_COORDINATOR_CLI_RENDER_MARKDOWN_H_

#include <string>

#include "absl/strings/string_view.h"
#include "probemesh/v1/diagnosis.pb.h"

namespace probemesh::cli {

// Ends in a newline; its last line is FinalSentence.
std::string RenderMarkdown(const v1::Diagnosis& diagnosis);

// Printable text in which nothing is markup: no HTML, links, emphasis or table cells.
std::string EscapeMarkdown(absl::string_view text);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_RENDER_MARKDOWN_H_
