// SPDX-License-Identifier: Apache-2.0

#include <sstream>

#include "fake_command.h"
#include "prelude.h"

namespace tint::testing {
namespace {

TEST(HelpTest, MentionsEveryOptionWithItsFacts) {
  FakeCommand fake;
  fake.command.Positional({"RUN", "Run folder that this is about."});
  fake.command.Positional({"PHOTO", "Photos.", false, true});
  const std::string help = fake.command.HelpText();
  for (const OptionGroup& group : fake.command.groups()) {
    for (const Option& option : group.list.options()) {
      EXPECT_THAT(help, HasSubstr("--" + (group.name.empty() ? "" : group.name + ".") + option.name()));
      EXPECT_THAT(help, HasSubstr(option.help()));
    }
  }
  for (const char* part : {"tint specialize: Trains a classifier", "Usage: tint specialize RUN [PHOTO...]",
                           "Run folder that this is about.", "-h, --help", "--preset paper|upstream|pmf|smoke",
                           "--config FILE", "--print-config", "--alpha, --generate.alpha X", "--student conv4|resnet12",
                           "An integer in [1, 1000000]. Default: 4000; smoke: 8; upstream: 1000.",
                           "A number in [0, 1]. Default: 1.0; smoke: 0.5. Source: paper eq. 3.", "TINT_GENERATE_...",
                           "An integer in [2, 1000] (steps). Default: 50; smoke: 10.", "Default: conv4."}) {
    EXPECT_THAT(help, HasSubstr(part));
  }
  // A name that means nothing here is not offered.
  EXPECT_THAT(help, Not(HasSubstr("--steps,")));
  EXPECT_THAT(help, Not(HasSubstr("evaluate")));
}

TEST(HelpTest, KeepsTo100Columns) {
  FakeCommand fake("distill");
  std::string text;
  fake.command.Group("distill").Add("long", &text, std::string(40, 'x') + " " + std::string(60, 'y') + " end of it");
  std::istringstream lines(fake.command.HelpText());
  size_t longest = 0;
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  EXPECT_LE(longest, 100u);
  EXPECT_GT(longest, 80u);
  EXPECT_THAT(fake.command.HelpText(), HasSubstr("--steps, --distill.steps N"));
}

// Of a text with a pattern: in words, and values keep their case.
TEST(HelpTest, FactsBeginWithTheExpected) {
  FakeCommand fake("distill");
  std::string epochs;
  fake.command.Group("distill").Add("decay", &epochs, "When it falls.").Matching("[0-9,]*", "epochs joined by commas");
  EXPECT_THAT(fake.command.HelpText(), HasSubstr("Expects epochs joined by commas. Default: empty."));
}

// After Parse too, help shows the defaults.
TEST(HelpTest, ShowsDefaultsWhateverIsSet) {
  const Environment none;
  FakeCommand fake;
  const std::string before = fake.command.HelpText();
  fake.command.Parse({"--alpha", "0.25"});
  EXPECT_EQ(fake.command.HelpText(), before);
  EXPECT_EQ(fake.generate.alpha, 0.25);
}

TEST(ConfigTableTest, OneLineAValue) {
  const Environment environment({"TINT_DISTILL_STEPS=12"});
  FakeCommand fake;
  fake.command.Parse({"--preset=smoke", "--run=a b"});
  std::istringstream table(fake.command.ConfigTable());
  std::vector<std::string> lines;
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string word, squeezed;
    while (words >> word) squeezed += (squeezed.empty() ? "" : " ") + word;
    lines.push_back(squeezed);
  }
  EXPECT_THAT(lines, ::testing::ElementsAre("option value unit origin", "preset smoke flag", "seed 0 default",
                                            "run \"a b\" flag", "student \"conv4\" default", "json false default",
                                            "queries 0 default", "null-text-inversion.steps 10 steps preset",
                                            "null-text-inversion.guidance 7.5 default", "generate.images 8 preset",
                                            "generate.alpha 0.5 preset", "generate.check-faces true default",
                                            "generate.sampler \"ddim\" default", "distill.steps 12 environment",
                                            "distill.learning-rate 0.1 default", "distill.workers 2 default"));
}

TEST(ConfigTableTest, ShowsNamesThatAreNotUtf8) {
  const Environment none;
  FakeCommand fake;
  fake.command.Parse({"--run=\xff"});
  EXPECT_EQ(fake.command.ConfigWithOrigins().at("run").at("value"), "'\\xff'");
  EXPECT_THAT(fake.command.ConfigTable(), HasSubstr("xff"));
}

}  // namespace
}  // namespace tint::testing
