#include "coordinator/cli/render/completion.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "coordinator/cli/command_line.h"

namespace probemesh::cli {
namespace {

std::string ScriptFor(const std::string& shell) {
  const CommandLine line = ParseCommandLine({"completion", shell});
  if (!line.command) return "";
  return std::get<CompletionOptions>(*line.command).script;
}

// Runs `program` with a script in a file and returns what it prints.
std::string OutputOf(const std::string& command, const std::string& script) {
  const std::string path =
      testing::TempDir() + "probemesh-completion-" + std::to_string(getpid()) + ".sh";
  std::ofstream(path) << script;
  std::string output;
  FILE* pipe = popen((command + " " + path + " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer;
  for (size_t count = 0; (count = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    output.append(buffer.data(), count);
  }
  EXPECT_EQ(pclose(pipe), 0) << output;
  unlink(path.c_str());
  return output;
}

// What bash would offer after the given words; the last one is being typed.
std::string BashOffers(const std::string& words, int typing) {
  return OutputOf("bash", ScriptFor("bash") + "COMP_WORDS=(" + words + ")\nCOMP_CWORD=" +
                              std::to_string(typing) + "\n_probemesh\necho \"${COMPREPLY[*]}\"\n");
}

TEST(BashCompletion, ParsesAndCompletes) {
  EXPECT_EQ(OutputOf("bash -n", ScriptFor("bash")), "");
  EXPECT_EQ(BashOffers("probemesh diag", 1), "diagnose\n");
  EXPECT_EQ(BashOffers("probemesh probe t", 2), "tcp tls trace\n");
  EXPECT_EQ(BashOffers("probemesh probe trace --max", 3), "--max-ttl\n");
  EXPECT_EQ(BashOffers("probemesh nodes un", 2), "undrain\n");
  EXPECT_EQ(BashOffers("probemesh diagnose --limit ''", 3), "\n");
  const std::string file = testing::TempDir() + "complete-me-" + std::to_string(getpid());
  std::ofstream(file) << "x";
  EXPECT_EQ(BashOffers("probemesh --context " + file.substr(0, file.size() - 1), 2), file + "\n");
  unlink(file.c_str());
}

TEST(OtherShells, KnowEveryCommandAndFlag) {
  for (const std::string shell : {"zsh", "fish"}) {
    const std::string script = ScriptFor(shell);
    for (const char* word : {"diagnose", "undrain", "neighbor", "/probe/trace", "completion"}) {
      EXPECT_TRUE(absl::StrContains(script, word)) << shell << " " << word;
    }
  }
}

TEST(CompletionScript, QuotesHelpTexts) {
  const CommandInfo root{"probemesh", "", {{{"--it"}, "it's: fine", true, false}}, {}};
  EXPECT_TRUE(absl::StrContains(*CompletionScript(root, "zsh"), "'--it:it'\\''s\\: fine'"));
  EXPECT_TRUE(absl::StrContains(*CompletionScript(root, "fish"), "-d 'it\\'s: fine'"));
  EXPECT_FALSE(CompletionScript(root, "tcsh").ok());
}

}  // namespace
}  // namespace probemesh::cli
