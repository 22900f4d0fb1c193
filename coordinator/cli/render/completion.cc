#include "coordinator/cli/render/completion.h"

#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace probemesh::cli {
namespace {

// "/probe/ping" and the command there; the program itself has the path "".
struct PlacedCommand {
  std::string path;
  const CommandInfo* command;
};

void Collect(const CommandInfo& command, const std::string& path,
             std::vector<PlacedCommand>& placed) {
  placed.push_back({path, &command});
  for (const CommandInfo& child : command.commands) {
    Collect(child, absl::StrCat(path, "/", child.name), placed);
  }
}

std::vector<PlacedCommand> AllCommands(const CommandInfo& root) {
  std::vector<PlacedCommand> placed;
  Collect(root, "", placed);
  return placed;
}

// "/diagnose|/probe|/probe/ping"
std::string PathPattern(const CommandInfo& root, absl::string_view separator) {
  std::vector<std::string> paths;
  for (const PlacedCommand& placed : AllCommands(root)) {
    if (!placed.path.empty()) paths.push_back(placed.path);
  }
  return absl::StrJoin(paths, separator);
}

std::string FlagPattern(const CommandInfo& root,
                        const std::function<bool(const FlagInfo&)>& wanted) {
  std::vector<std::string> names;
  for (const PlacedCommand& placed : AllCommands(root)) {
    for (const FlagInfo& flag : placed.command->flags) {
      if (wanted(flag)) names.insert(names.end(), flag.names.begin(), flag.names.end());
    }
  }
  return names.empty() ? "''" : absl::StrJoin(names, "|");
}

std::string FileFlags(const CommandInfo& root) {
  return FlagPattern(root, [](const FlagInfo& flag) { return flag.takes_file; });
}

std::string ValueFlags(const CommandInfo& root) {
  return FlagPattern(root,
                     [](const FlagInfo& flag) { return flag.takes_value && !flag.takes_file; });
}

// The first line of a help text in single quotes.
std::string Quoted(absl::string_view text, absl::string_view quote_escape) {
  const absl::string_view line = text.substr(0, text.find('\n'));
  return absl::StrCat("'", absl::StrReplaceAll(line, {{"'", quote_escape}}), "'");
}

std::string BashWords(const CommandInfo& command) {
  std::vector<std::string> words;
  for (const CommandInfo& child : command.commands) words.push_back(child.name);
  for (const FlagInfo& flag : command.flags) {
    words.insert(words.end(), flag.names.begin(), flag.names.end());
  }
  return absl::StrJoin(words, " ");
}

std::string BashScript(const CommandInfo& root) {
  std::string script = absl::StrCat(
      "# bash completion for ", root.name, ": source <(", root.name, " completion bash)\n_",
      root.name,
      "() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
      "  local path='' words='' i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$path/${COMP_WORDS[i]}\" in\n      ",
      PathPattern(root, "|"),
      ") path=\"$path/${COMP_WORDS[i]}\" ;;\n    esac\n  done\n"
      "  case \"$before\" in\n    ",
      FileFlags(root), ") COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n    ",
      ValueFlags(root), ") COMPREPLY=(); return ;;\n  esac\n  case \"$path\" in\n");
  for (const PlacedCommand& placed : AllCommands(root)) {
    absl::StrAppend(&script, "    '", placed.path, "') words='", BashWords(*placed.command),
                    "' ;;\n");
  }
  absl::StrAppend(&script, "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\n",
                  "complete -F _", root.name, " ", root.name, "\n");
  return script;
}

// 'name:help' entries of _describe, in which a colon separates.
std::string ZshEntry(absl::string_view name, absl::string_view help) {
  const absl::string_view line = help.substr(0, help.find('\n'));
  return Quoted(absl::StrCat(name, ":", absl::StrReplaceAll(line, {{":", "\\:"}})), "'\\''");
}

std::string ZshScript(const CommandInfo& root) {
  std::string script =
      absl::StrCat("#compdef ", root.name, "\n_", root.name,
                   "() {\n  local place='' word\n  local -a commands flags\n"
                   "  for word in ${words[2,CURRENT-1]}; do\n    case \"$place/$word\" in\n      ",
                   PathPattern(root, "|"),
                   ") place=\"$place/$word\" ;;\n    esac\n  done\n"
                   "  case \"${words[CURRENT-1]}\" in\n    ",
                   FileFlags(root), ") _files; return ;;\n    ", ValueFlags(root),
                   ") return ;;\n  esac\n  case \"$place\" in\n");
  for (const PlacedCommand& placed : AllCommands(root)) {
    absl::StrAppend(&script, "    '", placed.path, "')\n      commands=(");
    for (const CommandInfo& child : placed.command->commands) {
      absl::StrAppend(&script, " ", ZshEntry(child.name, child.help));
    }
    absl::StrAppend(&script, " )\n      flags=(");
    for (const FlagInfo& flag : placed.command->flags) {
      for (const std::string& name : flag.names) {
        absl::StrAppend(&script, " ", ZshEntry(name, flag.help));
      }
    }
    absl::StrAppend(&script, " ) ;;\n");
  }
  absl::StrAppend(&script,
                  "  esac\n"
                  "  if [[ \"${words[CURRENT]}\" == -* ]]; then\n    _describe option flags\n"
                  "  else\n    _describe command commands\n  fi\n}\n"
                  "if [[ \"$funcstack[1]\" == _",
                  root.name, " ]]; then\n  _", root.name, " \"$@\"\nelse\n  compdef _", root.name,
                  " ", root.name, "\nfi\n");
  return script;
}

std::string FishFlag(const FlagInfo& flag) {
  std::string text;
  for (const std::string& name : flag.names) {
    const bool is_long = name.size() > 2;
    absl::StrAppend(&text, is_long ? " -l " : " -s ", name.substr(is_long ? 2 : 1));
  }
  if (flag.takes_value) absl::StrAppend(&text, flag.takes_file ? " -r -F" : " -x");
  absl::StrAppend(&text, " -d ", Quoted(flag.help, "\\'"));
  return text;
}

std::string FishScript(const CommandInfo& root) {
  const std::string at = absl::StrCat("__", root.name, "_at");
  std::string script =
      absl::StrCat("# fish completion for ", root.name, ": ", root.name,
                   " completion fish | source\nfunction ", at,
                   "\n  set -l place ''\n  set -l typed (commandline -opc)\n"
                   "  for word in $typed[2..-1]\n    switch \"$place/$word\"\n      case ",
                   PathPattern(root, " "),
                   "\n        set place \"$place/$word\"\n    end\n  end\n"
                   "  test \"$place\" = \"$argv[1]\"\nend\ncomplete -c ",
                   root.name, " -f\n");
  for (const PlacedCommand& placed : AllCommands(root)) {
    const std::string head =
        absl::StrCat("complete -c ", root.name, " -n '", at, " \"", placed.path, "\"'");
    for (const CommandInfo& child : placed.command->commands) {
      absl::StrAppend(&script, head, " -a ", child.name, " -d ", Quoted(child.help, "\\'"), "\n");
    }
    for (const FlagInfo& flag : placed.command->flags) {
      absl::StrAppend(&script, head, FishFlag(flag), "\n");
    }
  }
  return script;
}

}  // namespace

absl::StatusOr<std::string> CompletionScript(const CommandInfo& root, absl::string_view shell) {
  if (shell == "bash") return BashScript(root);
  if (shell == "zsh") return ZshScript(root);
  if (shell == "fish") return FishScript(root);
  return absl::InvalidArgumentError(
      absl::StrCat("no completion for \"", shell, "\"; shells are bash, zsh and fish"));
}

}  // namespace probemesh::cli
