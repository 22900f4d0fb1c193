#include "coordinator/planner/selector.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace probemesh::coordinator {
namespace {

constexpr size_t kMaxSelectorLength = 1024;
constexpr size_t kMaxTerms = 64;
constexpr absl::string_view kNodePrefix = "nodes/";

absl::Status Bad(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(
      "selector: ", why,
      "; \",\" is or, \"+\" is and, \"!x\" excludes, \"key=value\" matches a label, a word "
      "matches a node or a label's value, \"all\", \"@ID\" an earlier run"));
}

bool HasControlCharacter(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<signed char>(c) < 0 || absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
}

bool IsNode(const v1::Node& node, absl::string_view word) {
  return absl::EqualsIgnoreCase(node.name(), word) ||
         absl::EqualsIgnoreCase(absl::StripPrefix(node.name(), kNodePrefix), word);
}

bool MatchesWord(const v1::Node& node, absl::string_view word) {
  if (IsNode(node, word) || absl::EqualsIgnoreCase(node.group(), word)) return true;
  return std::any_of(node.labels().begin(), node.labels().end(), [word](const auto& label) {
    return absl::EqualsIgnoreCase(label.second, word);
  });
}

bool MatchesLabel(const v1::Node& node, const std::string& key, absl::string_view value) {
  const auto label = node.labels().find(key);
  if (label != node.labels().end()) return absl::EqualsIgnoreCase(label->second, value);
  if (key == "group") return absl::EqualsIgnoreCase(node.group(), value);
  return key == "name" && IsNode(node, value);
}

}  // namespace

absl::StatusOr<Selector> Selector::Parse(absl::string_view text) {
  Selector selector;
  if (text.size() > kMaxSelectorLength) return Bad("longer than 1024 characters");
  if (HasControlCharacter(text)) return Bad("only printable ASCII is allowed");
  if (absl::StripAsciiWhitespace(text).empty()) text = "all";
  size_t terms = 0;
  for (const absl::string_view alternative : absl::StrSplit(text, ',')) {
    std::vector<Term>& all_of = selector.alternatives_.emplace_back();
    for (absl::string_view word : absl::StrSplit(alternative, '+')) {
      if (++terms > kMaxTerms) return Bad("more than 64 terms");
      Term term;
      word = absl::StripAsciiWhitespace(word);
      term.negated = absl::ConsumePrefix(&word, "!");
      term.is_run = absl::ConsumePrefix(&word, "@");
      const size_t equals = term.is_run ? absl::string_view::npos : word.find('=');
      if (equals != absl::string_view::npos) {
        term.key = std::string(absl::StripAsciiWhitespace(word.substr(0, equals)));
        word = absl::StripAsciiWhitespace(word.substr(equals + 1));
        if (term.key.empty()) return Bad("a label's key is missing before \"=\"");
      }
      term.value = std::string(word);
      if (term.value.empty() && term.key.empty()) return Bad("a term is empty");
      if (term.key.empty() && !term.is_run && absl::EqualsIgnoreCase(word, "all")) {
        term.value.clear();
      }
      all_of.push_back(std::move(term));
    }
  }
  return selector;
}

std::vector<std::string> Selector::ReferencedRuns() const {
  std::vector<std::string> runs;
  for (const std::vector<Term>& all_of : alternatives_) {
    for (const Term& term : all_of) {
      if (term.is_run) runs.push_back(term.value);
    }
  }
  return runs;
}

// An alternative of nothing but exclusions takes away from what the others chose: "eu,!fra-1" is
// Europe without fra-1, and "!fra-1,!ams-1" is everything without the two.
bool Selector::Matches(const v1::Node& node,
                       const std::vector<std::vector<std::string>>& run_nodes) const {
  size_t run = 0;
  bool chosen = false;
  bool any_choice = false;
  bool excluded = false;
  for (const std::vector<Term>& all_of : alternatives_) {
    bool every_term = true;
    bool only_exclusions = true;
    for (const Term& term : all_of) {
      bool matches = term.key.empty() && term.value.empty();
      if (term.is_run) {
        const size_t index = run++;
        matches = index < run_nodes.size() &&
                  std::find(run_nodes[index].begin(), run_nodes[index].end(), node.name()) !=
                      run_nodes[index].end();
      } else if (!term.key.empty()) {
        matches = MatchesLabel(node, term.key, term.value);
      } else if (!matches) {
        matches = MatchesWord(node, term.value);
      }
      every_term = every_term && matches != term.negated;
      only_exclusions = only_exclusions && term.negated;
    }
    if (only_exclusions) {
      excluded = excluded || !every_term;
    } else {
      any_choice = true;
      chosen = chosen || every_term;
    }
  }
  return !excluded && (chosen || !any_choice);
}

}  // namespace probemesh::coordinator
