// SPDX-License-Identifier: Apache-2.0
// Completion as the shells do it: the script that `tint completion` prints, read by a real bash and a real zsh.

#include <set>

#include "prelude.h"
#include "program.h"
#include "shell.h"
#include "tint/base/text.h"
#include "tint/cli/command.h"
#include "tint/options/describe.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;
using Words = std::vector<std::string>;

class Completion : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = fs::temp_directory_path() / ("tint-completion-" + std::to_string(getpid()));
    fs::create_directories(folder_ / "work/runs of mine");
    fs::create_directories(folder_ / "work/data/birds");
    fs::create_directories(folder_ / "work/data/bees");
    WriteAll(folder_ / "work/rows.json", "{}");
    for (const char* shell : {"bash", "zsh"}) {
      const Outcome outcome = RunProgram({"completion", shell});
      ASSERT_EQ(outcome.code, 0) << outcome.err;
      WriteAll(folder_ / (std::string(shell) == "zsh" ? "_tint" : "tint.bash"), outcome.out);
    }
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }

  static std::string Work() { return "cd '" + (folder_ / "work").native() + "' && TINT_DATA=data "; }
  static fs::path Fixture(const std::string& name) { return fs::path(TINT_CLI_FIXTURES) / name; }

  // What bash offers for the last word.
  static Words Bash(Words line) {
    Words words = {"bash", "--norc", Fixture("complete.bash"), folder_ / "tint.bash", "tint"};
    words.insert(words.end(), line.begin(), line.end());
    const ShellOutcome outcome = RunShell(words, Work());
    EXPECT_EQ(outcome.code, 0) << outcome.out;
    return LinesOf(outcome.out);
  }
  // What zsh offers behind the line; it may offer a folder twice.
  static Words Zsh(const std::string& line) {
    const Words lines =
        LinesOf(RunShell({"timeout", "60", "zsh", "-f", Fixture("complete.zsh"), folder_, line}, Work()).out);
    const std::set<std::string> offered(lines.begin(), lines.end());
    return {offered.begin(), offered.end()};
  }

  static fs::path folder_;
};
fs::path Completion::folder_;

Words FirstWordsOfCommands() {
  std::set<std::string> firsts;
  for (const Command& command : Commands()) firsts.insert(Split(command.name, ' ')[0]);
  return {firsts.begin(), firsts.end()};
}

TEST_F(Completion, BashOffersCommandsOfOneAndTwoWords) {
  Words firsts = FirstWordsOfCommands();
  firsts.insert(firsts.end(), {"help", "--version"});
  EXPECT_THAT(Bash({""}), UnorderedElementsAreArray(firsts));
  EXPECT_THAT(Bash({"super"}), ElementsAre("super-resolve"));
  EXPECT_THAT(Bash({"pretrain", ""}), ElementsAre("student", "teacher"));
  EXPECT_THAT(Bash({"episodes", "d"}), ElementsAre("draw"));
  EXPECT_THAT(Bash({"episodes", "nothing", ""}), IsEmpty());
  EXPECT_THAT(Bash({"help", "pre"}), UnorderedElementsAre("predict", "pretrain"));
  EXPECT_THAT(Bash({"help", "exit"}), ElementsAre("exit-codes"));
  EXPECT_THAT(Bash({"help", "pretrain", "t"}), ElementsAre("teacher"));
}

TEST_F(Completion, BashOffersEverySpellingOfEveryOption) {
  for (const Command& command : Commands()) {
    Words words = {"bash", "--norc", Fixture("complete_each.bash"), folder_ / "tint.bash", command.name};
    for (const OptionDescription& option : Describe(command).options)
      words.insert(words.end(), option.spellings.begin(), option.spellings.end());
    EXPECT_THAT(RunShell(words).out, IsEmpty()) << command.name;
  }
}

TEST_F(Completion, BashOffersStagesBeforeTheirOptions) {
  const Words all = Bash({"specialize", "--"});
  EXPECT_THAT(all, Contains("--alpha"));
  EXPECT_THAT(all, Contains("--generate."));
  EXPECT_THAT(all, Not(Contains("--generate.alpha")));
  EXPECT_THAT(all, Not(Contains("--steps")));  // of several stages
  EXPECT_THAT(Bash({"specialize", "--distill.st"}), ElementsAre("--distill.steps"));
  EXPECT_THAT(Bash({"distill", "--ste"}), ElementsAre("--steps"));
}

TEST_F(Completion, BashKnowsWhatAnOptionTakes) {
  EXPECT_THAT(Bash({"specialize", "--student", ""}), ElementsAre("conv4", "resnet12"));
  EXPECT_THAT(Bash({"specialize", "--student", "=", "r"}), ElementsAre("resnet12"));
  EXPECT_THAT(Bash({"specialize", "--student", "="}), ElementsAre("conv4", "resnet12"));
  EXPECT_THAT(Bash({"evaluate", "--preset", ""}), UnorderedElementsAreArray(PresetNames()));
  EXPECT_THAT(Bash({"specialize", "--run", ""}), UnorderedElementsAre("data", "runs of mine"));
  EXPECT_THAT(Bash({"specialize", "--run", "runs\\ of"}), ElementsAre("runs of mine"));
  EXPECT_THAT(Bash({"specialize", "--config", ""}), UnorderedElementsAre("data", "rows.json", "runs of mine"));
  EXPECT_THAT(Bash({"specialize", "--base", ""}), UnorderedElementsAre("auto", "none", "data", "runs of mine"));
  EXPECT_THAT(Bash({"dataset", "check", "--dataset", "b"}), UnorderedElementsAre("birds", "bees"));
  EXPECT_THAT(Bash({"collect", "--format", "l"}), ElementsAre("latex"));
  EXPECT_THAT(Bash({"specialize", "--seed", ""}), IsEmpty());
}

TEST_F(Completion, BashKnowsWhatAnArgumentIs) {
  EXPECT_THAT(Bash({"inspect", ""}), UnorderedElementsAre("data", "runs of mine"));
  EXPECT_THAT(Bash({"inspect", "--why", ""}), UnorderedElementsAre("data", "runs of mine"));
  EXPECT_THAT(Bash({"dataset", "check", ""}), UnorderedElementsAre("birds", "bees"));
  EXPECT_THAT(Bash({"completion", ""}), ElementsAre("bash", "zsh"));
  EXPECT_THAT(Bash({"predict", "--student", "data", "one.png", "ro"}), ElementsAre("rows.json"));
  EXPECT_THAT(Bash({"verify", "data", "--js"}), ElementsAre("--json"));
}

TEST_F(Completion, ZshOffersCommandsOptionsAndValues) {
  if (!HasProgram("zsh")) GTEST_SKIP() << "zsh is not installed: apt-get install zsh lets this test run";
  Words firsts = FirstWordsOfCommands();
  firsts.push_back("help");
  EXPECT_THAT(Zsh("tint "), UnorderedElementsAreArray(firsts));
  EXPECT_THAT(Zsh("tint pretrain "), UnorderedElementsAre("student", "teacher"));
  EXPECT_THAT(Zsh("tint help exit"), ElementsAre("exit-codes"));
  EXPECT_THAT(Zsh("tint specialize --stu"), Contains("--student"));
  EXPECT_THAT(Zsh("tint specialize --student "), UnorderedElementsAre("conv4", "resnet12"));
  EXPECT_THAT(Zsh("tint generate --al"), ElementsAre("--alpha"));
  EXPECT_THAT(Zsh("tint pretrain student --recipe "), UnorderedElementsAre("ce", "ier"));
  EXPECT_THAT(Zsh("tint inspect "), UnorderedElementsAre("data", "runs\\ of\\ mine"));
  EXPECT_THAT(Zsh("tint specialize --base "), UnorderedElementsAre("auto", "none", "data", "runs\\ of\\ mine"));
  EXPECT_THAT(Zsh("tint specialize --config "), Contains("rows.json"));
  EXPECT_THAT(Zsh("tint specialize --dataset "), UnorderedElementsAre("birds", "bees"));
  EXPECT_THAT(Zsh("tint completion "), UnorderedElementsAre("bash", "zsh"));
}

TEST_F(Completion, OtherShellsAreRefused) {
  const Outcome outcome = RunProgram({"completion", "bahs"});
  EXPECT_EQ(outcome.code, 64);
  EXPECT_THAT(outcome.err, HasSubstr("Did you mean 'bash'?"));
  EXPECT_EQ(RunProgram({"completion", "zsh", "--json"}).json()["shell"], "zsh");
}

// Completion offers files only where a declaration says that a text is one.
TEST(Declarations, TextsThatNameFilesSayWhichKind) {
  for (const Command& command : Commands()) {
    for (const OptionDescription& option : Describe(command).options) {
      const bool names_place = option.help.starts_with("Folder ") || option.help.starts_with("File ") ||
                               option.help.starts_with("JSON file") || option.help.starts_with("Run folder") ||
                               option.help.starts_with("Data set ") || option.help.starts_with("Model set ");
      if (option.placeholder == "TEXT" && names_place) {
        ADD_FAILURE() << command.name << " --" << option.name << ": declare it with Is(TextKind::...)";
      }
    }
  }
}

}  // namespace
}  // namespace tint::testing
