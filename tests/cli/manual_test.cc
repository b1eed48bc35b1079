// SPDX-License-Identifier: Apache-2.0
// The reference and the man page: whole, well-formed, and as committed.

#include "prelude.h"
#include "program.h"
#include "shell.h"
#include "tint/base/text.h"
#include "tint/cli/command.h"
#include "tint/options/describe.h"

namespace tint::testing {
namespace {

void ForEachOption(const std::function<void(const Command&, const OptionDescription&)>& see) {
  for (const Command& command : Commands()) {
    for (const OptionDescription& option : Describe(command).options) see(command, option);
  }
}

TEST(Reference, IsTheOneThatIsCommitted) {
  const Outcome outcome = RunProgram({"help", "--markdown"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.out == ReadAll(TINT_REFERENCE)) << TINT_REFERENCE << " is stale: scripts/write_reference";
}

TEST(Reference, TellsAllOfEachOption) {
  const std::string page = RunProgram({"help", "--markdown"}).out;
  for (const Command& command : Commands()) EXPECT_THAT(page, HasSubstr("\n### tint " + command.name + "\n"));
  size_t seen = 0;
  ForEachOption([&](const Command& command, const OptionDescription& option) {
    ++seen;
    EXPECT_THAT(page, HasSubstr("`--" + (option.group.empty() ? "" : option.group + ".") + option.name + "`"))
        << command.name;
    for (const std::string& name : {option.variable, option.json_path})
      EXPECT_TRUE(name.empty() || page.find("| `" + name + "` |") != std::string::npos) << name;
    for (const auto& [preset, value] : option.presets) EXPECT_THAT(page, HasSubstr(preset + ": `" + value + "`"));
  });
  EXPECT_GT(seen, 500u);
}

// Each row of a table has as many cells as its head.
TEST(Reference, TablesAreWhole) {
  for (const std::string& line : LinesOf(RunProgram({"help", "--markdown"}).out)) {
    if (!line.starts_with("| `--") && !line.starts_with("| `-h")) continue;
    size_t bars = 0;
    for (size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\') ? 1 : 0;
    EXPECT_EQ(bars, 7u) << line;
  }
}

class ManPage : public testing::FolderTest {
 protected:
  void SetUp() override {
    const Outcome outcome = RunProgram({"help", "--man"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    page_ = outcome.out;
    WriteAll(folder_ / "tint.1", page_);
  }
  std::string page_;
};

TEST_F(ManPage, HasTheSectionsThatManPagesHave) {
  for (const char* section :
       {"NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "ENVIRONMENT", "EXIT STATUS", "FILES"}) {
    const bool there = page_.find("\n.SH " + std::string(section) + "\n") != std::string::npos ||
                       page_.find("\n.SH \"" + std::string(section) + "\"\n") != std::string::npos;
    EXPECT_TRUE(there) << section;
  }
}

TEST_F(ManPage, GroffReadsItWithoutAWarning) {
  if (!HasProgram("groff")) GTEST_SKIP() << "groff is not installed: apt-get install groff lets this test run";
  const ShellOutcome outcome = RunShell({"groff", "-ww", "-man", "-Tutf8", "-z", folder_ / "tint.1"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST_F(ManPage, MandocFindsNothingButTheDateMissing) {
  if (!HasProgram("mandoc")) GTEST_SKIP() << "mandoc is not installed: apt-get install mandoc lets this test run";
  for (const std::string& line : LinesOf(RunShell({"mandoc", "-T", "lint", "-W", "warning", folder_ / "tint.1"}).out))
    EXPECT_THAT(line, HasSubstr("missing date"));
}

// As people see it: the words of every option, its range, its default.
TEST_F(ManPage, ShowsEveryOption) {
  if (!HasProgram("groff")) GTEST_SKIP() << "groff is not installed: apt-get install groff lets this test run";
  const std::string shown = RunShell({"groff", "-man", "-Tascii", "-P-cbou", "-rLL=400n", folder_ / "tint.1"}).out;
  ForEachOption([&](const Command& command, const OptionDescription& option) {
    EXPECT_THAT(shown, HasSubstr(option.spellings.back())) << command.name;
  });
  EXPECT_THAT(shown, HasSubstr("A number in [0, 1]. Default: 1.0. Source: paper eq. 3."));
  EXPECT_THAT(shown, HasSubstr("TINT_GENERATE_ALPHA"));
  EXPECT_THAT(shown, HasSubstr("stopped by a signal, state saved"));
  EXPECT_THAT(shown, HasSubstr("TINT_DATA"));
}

}  // namespace
}  // namespace tint::testing
