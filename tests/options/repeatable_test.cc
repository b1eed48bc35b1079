// SPDX-License-Identifier: Apache-2.0
// Repeatable options: from each origin, one string with commas.

#include "fake_command.h"
#include "prelude.h"
#include "tint/base/json.h"

namespace tint::testing {
namespace {

using Arguments = std::vector<std::string>;

// A stage with one option that repeats and one that does not, and a flag beside them.
struct WordsCommand {
  WordsCommand() {
    OptionList& list = command.Group("words");
    list.Add("class", &classes, "NAME=FILE (repeatable).").Repeatable();
    list.Add("file", &file, "File.");
    command.Group("").Add("json", &json, "Print one JSON object.").NotInKey();
  }
  WordsCommand(const WordsCommand&) = delete;
  WordsCommand& operator=(const WordsCommand&) = delete;

  std::string OriginOf(const std::string& name) const { return OriginName(command.origin("words." + name)); }

  std::string classes, file;
  bool json = false;
  CommandOptions command{"words", "Takes words."};
};

std::string ClassesFrom(const Arguments& arguments) {
  WordsCommand words;
  words.command.Parse(arguments);
  return words.classes;
}

TEST(RepeatableTest, ValuesKeepTheOrderOfTheCommandLine) {
  const Environment none;
  EXPECT_EQ(ClassesFrom({}), "");
  EXPECT_EQ(ClassesFrom({"--class", "cat=a.bin"}), "cat=a.bin");
  EXPECT_EQ(ClassesFrom({"--class", "cat=a.bin", "--class", "dog=b.bin"}), "cat=a.bin,dog=b.bin");
  EXPECT_EQ(ClassesFrom({"--class", "dog=b.bin", "--json", "--class=cat=a.bin"}), "dog=b.bin,cat=a.bin");
  // Both spellings are one option.
  EXPECT_EQ(ClassesFrom({"--class=a=1", "--words.class=b=2", "--class", "c=3"}), "a=1,b=2,c=3");
  EXPECT_EQ(ClassesFrom({"--class", "a=1,b=2", "--class", "c=3"}), "a=1,b=2,c=3");
}

// Who owns the option says whether two equal values make sense (`--class` of one name twice: tests/cli).
TEST(RepeatableTest, EqualValuesAreAllHandedOn) {
  const Environment none;
  EXPECT_EQ(ClassesFrom({"--class", "a=1", "--class", "a=1"}), "a=1,a=1");
}

TEST(RepeatableTest, OthersStandOnce) {
  const Environment none;
  WordsCommand words;
  EXPECT_THAT(CatchError([&] {
                words.command.Parse({"--class", "a=1", "--class", "b=2", "--file", "x", "--file", "x"});
              }),
              FailsWith(ExitCode::kUsage,
                        AllOf(HasSubstr("--file: given more than once"), ::testing::Not(HasSubstr("--class")))));
}

// Each value is looked at: an option's name in place of any of them was hardly meant as a value.
TEST(RepeatableTest, AForgottenValueIsFoundInEveryPlace) {
  const Environment none;
  for (const Arguments& arguments :
       {Arguments{"--class", "--json"}, Arguments{"--class", "a=1", "--class", "--json"},
        Arguments{"--class", "--json", "--class", "a=1"}, Arguments{"--class", "--class", "a=1"}}) {
    EXPECT_THAT(CatchError([&] { ClassesFrom(arguments); }),
                FailsWith(ExitCode::kUsage, HasSubstr("--class: is followed by --")));
  }
  EXPECT_THAT(CatchError([&] {
                ClassesFrom({"--class", "a=1", "--class"});
              }),
              FailsWith(ExitCode::kUsage, HasSubstr("--class: needs a value")));
  EXPECT_EQ(ClassesFrom({"--class=--json", "--class", "a=1"}), "--json,a=1");
  EXPECT_EQ(ClassesFrom({"--class", "a=1", "--class=--json"}), "a=1,--json");
}

TEST(RepeatableTest, FilesGiveOneText) {
  const Environment none;
  const TestFolder folder;
  const std::string file = folder / "tint.json";
  WriteAll(file, R"({"words": {"class": "cat=a.bin,dog=b.bin"}})");
  WordsCommand words;
  words.command.Parse({"--config", file});
  EXPECT_EQ(words.classes, "cat=a.bin,dog=b.bin");
  EXPECT_EQ(words.OriginOf("class"), "file");
}

TEST(RepeatableTest, ListsAndDuplicatesInFilesAreRefusedWithTheirPlace) {
  const Environment none;
  const TestFolder folder;
  const std::string file = folder / "tint.json";
  const auto refused = [&](const std::string& text) {
    WriteAll(file, text);
    return CatchError([&] { ClassesFrom({"--config", file}); });
  };
  EXPECT_THAT(refused("{\"words\":\n {\"class\": [\"cat=a.bin\", \"dog=b.bin\"]}}"),
              FailsWith(ExitCode::kBadConfiguration,
                        AllOf(HasSubstr("tint.json:2:"), HasSubstr("words.class: is a list of 2; expected a string"))));
  EXPECT_THAT(refused("{\"words\": {\"class\": \"cat=a.bin\",\n \"class\": \"dog=b.bin\"}}"),
              FailsWith(ExitCode::kBadConfiguration, AllOf(HasSubstr("tint.json:2:"), HasSubstr("class"))));
}

TEST(RepeatableTest, TheEnvironmentGivesOneTextAndTheCommandLineReplacesAll) {
  const TestFolder folder;
  const std::string file = folder / "tint.json";
  WriteAll(file, R"({"words": {"class": "of=file"}})");
  const Environment environment({"TINT_WORDS_CLASS=cat=a.bin,dog=b.bin"});
  WordsCommand words;
  words.command.Parse({"--config", file});
  EXPECT_EQ(words.classes, "cat=a.bin,dog=b.bin");
  EXPECT_EQ(words.OriginOf("class"), "environment");
  // Origins replace each other; only what one of them gives is joined.
  WordsCommand given;
  given.command.Parse({"--config", file, "--class", "x=1", "--class", "y=2"});
  EXPECT_EQ(given.classes, "x=1,y=2");
  EXPECT_EQ(given.OriginOf("class"), "flag");
}

TEST(RepeatableTest, ThePrintedConfigurationGivesTheSameValue) {
  const Environment none;
  const TestFolder folder;
  WordsCommand first;
  first.command.Parse({"--class", "cat=a.bin", "--class", "dog=b.bin"});
  const Json printed = first.command.ConfigWithOrigins();
  EXPECT_EQ(printed.at("words").at("class").at("value"), "cat=a.bin,dog=b.bin");
  WriteAll(folder / "again.json", Json({{"words", {{"class", printed["words"]["class"]["value"]}}}}).dump());
  EXPECT_EQ(ClassesFrom({"--config", folder / "again.json"}), first.classes);
}

TEST(RepeatableTest, OnlyTextsRepeat) {
  int64_t number = 0;
  EXPECT_THAT(CatchError([&] { Option("a", &number, "").Repeatable(); }),
              FailsWith(ExitCode::kInternal, HasSubstr("a")));
  std::string text;
  EXPECT_TRUE(Option("b", &text, "").Repeatable().repeatable());
  EXPECT_FALSE(Option("b", &text, "").repeatable());
}

}  // namespace
}  // namespace tint::testing
