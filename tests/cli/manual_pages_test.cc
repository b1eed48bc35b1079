// SPDX-License-Identifier: Apache-2.0

#include "prelude.h"
#include "tint/cli/manual.h"

namespace tint::testing {
namespace {

CommandDescription Describe(CommandOptions& command, const std::string& group) {
  CommandDescription description = command.Describe();
  description.group = group;
  return description;
}

// Two commands that share --json and no other option of their own.
class ManualTest : public ::testing::Test {
 protected:
  ManualTest() {
    draw_.Group("").Add("out", &out_, "File to write; a|b, <c>, \\d.").Is(TextKind::kFile).NotInKey();
    draw_.Group("").Add("json", &json_, "Print one JSON object.").NotInKey();
    check_.Group("").Add("json", &json_, "Print one JSON object.").NotInKey();
    check_.Group("").Add("format", &format_, "Format.").Offers({"text", "csv"});
    check_.Group("draw").Add("steps", &steps_, "Steps.").Range(1, 9).Unit("steps").Preset("smoke", 2).Source("S1");
    check_.Positional({"FILE", "File to check.", true, false, TextKind::kFile});
    manual_.groups = {"Prepare"};
    manual_.commands = {Describe(draw_, "Prepare"), Describe(check_, "Prepare")};
    manual_.exit_codes = {{"0", "done"}};
  }
  std::string out_, format_ = "text";
  bool json_ = false;
  int64_t steps_ = 3;
  CommandOptions draw_{"episodes draw", "Draws."}, check_{"check", "Checks."};
  Manual manual_;
};

std::vector<std::string> NamesOf(const OptionSection& section) {
  std::vector<std::string> names;
  for (const OptionDescription& option : section.options) names.push_back(option.name);
  return names;
}

TEST_F(ManualTest, EachOptionIsInOneSection) {
  const std::vector<OptionSection> sections = OptionSections(manual_);
  ASSERT_EQ(sections.size(), 4u);
  EXPECT_THAT(NamesOf(sections[0]), ElementsAre("help", "preset", "config", "print-config", "json"));
  EXPECT_THAT(sections[0].commands, ElementsAre());
  EXPECT_THAT(NamesOf(sections[1]), ElementsAre("out"));
  EXPECT_THAT(sections[1].commands, ElementsAre("episodes draw"));
  EXPECT_THAT(NamesOf(sections[2]), ElementsAre("format"));
  EXPECT_THAT(NamesOf(sections[3]), ElementsAre("steps"));
  EXPECT_EQ(sections[3].group, "draw");
}

TEST_F(ManualTest, CommandsOfEqualOptionsShareASection) {
  manual_.commands.push_back(manual_.commands[0]);
  manual_.commands.back().name = "episodes redraw";
  EXPECT_THAT(OptionSections(manual_).at(1).commands, ElementsAre("episodes draw", "episodes redraw"));
}

TEST_F(ManualTest, MarkdownKeepsItsTables) {
  const std::string page = ToMarkdown(manual_);
  EXPECT_THAT(page, HasSubstr("| `--out` | `FILE` | empty | File to write; a\\|b, \\<c>, \\d. | `out` | `TINT_OUT` |"));
  EXPECT_THAT(page,
              HasSubstr("| `--steps`<br>`--draw.steps` | an integer in [1, 9], steps | `3`<br>smoke: `2` | Steps. "
                        "*Source: S1.* | `draw.steps` | `TINT_DRAW_STEPS` |"));
  EXPECT_THAT(page, HasSubstr("    tint check FILE [--OPTION VALUE ...]"));
}

TEST_F(ManualTest, TheManPageEscapesRoff) {
  const std::string page = ToManPage(manual_);
  EXPECT_THAT(page, HasSubstr("\\fB\\-\\-out\\fR \\fIFILE\\fR\nFile to write; a|b, <c>, \\ed."));
  EXPECT_THAT(page, HasSubstr("An integer in [1, 9] (steps). Default: 3; smoke: 2. Source: S1."));
}

TEST_F(ManualTest, CompletionKnowsKindsAndValues) {
  const std::string bash = BashCompletion(manual_);
  EXPECT_THAT(bash, HasSubstr("kind=text words='text csv'"));
  EXPECT_THAT(bash, HasSubstr("--out) kind=file"));
  EXPECT_THAT(ZshCompletion(manual_), HasSubstr(" :FILE:_files\n"));
}

}  // namespace
}  // namespace tint::testing
