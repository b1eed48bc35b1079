// SPDX-License-Identifier: Apache-2.0
// What tint answers where no command runs: help, version, groups of commands, unknown commands.
#include <gmock/gmock.h>

#include "member_count.h"
#include "program.h"
#include "tint/base/text.h"
#include "tint/cli/command.h"

namespace tint::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(ShellOptions, DeclareForgetsNoMember) {
  ShellOptions shell;
  OptionList list;
  shell.Declare(list);
  EXPECT_EQ(list.options().size(), kMemberCount<ShellOptions>);
}

TEST(FrontDoor, PrintsItsVersion) {
  const Outcome flag = RunProgram({"--version"});
  EXPECT_EQ(flag.code, 0);
  EXPECT_THAT(flag.out, ::testing::MatchesRegex("tint [0-9]+\\.[0-9]+\\.[0-9]+.*\n"));
  for (const char* word : {"-V", "version"}) {
    const Outcome outcome = RunProgram({word});
    EXPECT_EQ(outcome.code, 0) << word;
    EXPECT_EQ(outcome.out, flag.out) << word;
  }
}

TEST(FrontDoor, AGroupOfCommandsListsThem) {
  for (const char* group : {"dataset", "episodes", "models", "pretrain", "student", "embedding"}) {
    const Outcome help = RunProgram({group, "--help"}), alone = RunProgram({group});
    EXPECT_EQ(help.code, 0) << group;
    EXPECT_THAT(help.err, IsEmpty()) << group;
    EXPECT_EQ(alone.code, 64) << group;
    EXPECT_EQ(alone.err, help.out) << group;
    EXPECT_THAT(alone.out, IsEmpty()) << group;
    EXPECT_EQ(RunProgram({"help", group}).out, help.out) << group;
    EXPECT_EQ(RunProgram({group, "-h"}).out, help.out) << group;
    for (const Command& command : Commands()) {
      const bool inside = command.name.starts_with(std::string(group) + " ");
      EXPECT_EQ(help.out.find("\n  " + command.name + " ") != std::string::npos, inside)
          << group << " " << command.name;
    }
  }
}

TEST(FrontDoor, HelpOfACommandOfTwoWords) {
  EXPECT_EQ(RunProgram({"help", "episodes", "draw"}).out, RunProgram({"episodes", "draw", "--help"}).out);
}

TEST(FrontDoor, UnknownCommandsNameOnlyNearOnes) {
  const auto message = [](const std::vector<std::string>& words) {
    const Outcome outcome = RunProgram(words);
    EXPECT_EQ(outcome.code, 64) << Join(words, " ");
    EXPECT_THAT(outcome.out, IsEmpty());
    return outcome.err;
  };
  EXPECT_EQ(message({"foo"}), "tint: unknown command 'foo'. Run 'tint help' for the list.\n");
  EXPECT_EQ(message({"specialise"}),
            "tint: unknown command 'specialise'. Did you mean 'specialize'? Run 'tint help' for the list.\n");
  EXPECT_EQ(message({"help", "distil"}),
            "tint: unknown command 'distil'. Did you mean 'distill'? Run 'tint help' for the list.\n");
  EXPECT_EQ(message({"episodes", "drow"}),
            "tint: unknown command 'episodes drow'. Did you mean 'episodes draw'? Run 'tint help episodes' for the "
            "list.\n");
  EXPECT_EQ(message({"episodes", "frobnicate"}),
            "tint: unknown command 'episodes frobnicate'. Run 'tint help episodes' for the list.\n");
  // Short words are near to everything.
  for (const char* word : {"man", "rm", "clean", "-v", ""})
    EXPECT_THAT(message({word}), AllOf(HasSubstr("unknown command '"), Not(HasSubstr("Did you mean")))) << word;
  // At most three.
  const std::string many = message({"e"}) + message({"mod"}) + message({"em"});
  EXPECT_LE(std::count(many.begin(), many.end(), '\''), 3 * (2 + 6 + 2));
}

}  // namespace
}  // namespace tint::testing
