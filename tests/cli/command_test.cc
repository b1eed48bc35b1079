// SPDX-License-Identifier: Apache-2.0
// What every command owes its users: help, one result on standard output, the rest on standard error, exit codes.
#include "tint/cli/command.h"

#include "prelude.h"
#include "program.h"
#include "tint/base/json.h"
#include "tint/base/text.h"

namespace tint::testing {
namespace {

std::vector<std::string> WordsOf(const Command& command, const std::vector<std::string>& more) {
  std::vector<std::string> words = Split(command.name, ' ');
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(Commands, EachExplainsItself) {
  for (const Command& command : Commands()) {
    const Outcome outcome = RunProgram(WordsOf(command, {"--help"}));
    EXPECT_EQ(outcome.code, 0) << command.name << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("tint " + command.name)) << command.name;
    EXPECT_THAT(outcome.err, IsEmpty()) << command.name;
    EXPECT_EQ(RunProgram(Split("help " + command.name, ' ')).out, outcome.out) << command.name;
  }
}

TEST(Commands, TheOverviewNamesAllAndExitCodesAreExplained) {
  const Outcome overview = RunProgram({"--help"});
  EXPECT_EQ(overview.code, 0);
  for (const Command& command : Commands()) EXPECT_THAT(overview.out, HasSubstr("  " + command.name + " "));
  const Outcome nothing = RunProgram({});
  EXPECT_EQ(nothing.code, 64);
  EXPECT_EQ(nothing.err, overview.out);
  EXPECT_THAT(nothing.out, IsEmpty());
  const Outcome codes = RunProgram({"help", "exit-codes"});
  EXPECT_EQ(codes.code, 0);
  for (const char* code : {"64", "65", "66", "69", "70", "71", "73", "74", "75", "76", "77", "78", "79"})
    EXPECT_THAT(codes.out, HasSubstr(std::string("\n  ") + code + "  "));
  EXPECT_THAT(RunProgram({"--version"}).out, HasSubstr("tint "));
}

TEST(Commands, HelpOfHelpEnds) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"help", "--help"}, {"help", "-h"}, {"--help", "-h"}, {"-h", "help"}, {"help", "help"}})
    EXPECT_EQ(RunProgram(words).code, 0) << words[0] << " " << words[1];
}

TEST(Commands, ModelsLockWritesOnlyWhatItShould) {
  TestFolder folder;
  SmallWorld(folder / "world");
  const std::filesystem::path list = folder / "world/models/models.json";
  Json without = Json::parse(ReadAll(list));
  without["roles"]["upscaler"].erase("probes");
  WriteAll(list, without.dump());
  const std::string before = ReadAll(list);
  const Outcome planned = RunProgram({"models", "lock", folder / "world/models", "--dry-run"});
  EXPECT_EQ(planned.code, 0) << planned.err;
  EXPECT_THAT(planned.out, HasSubstr("would write"));
  EXPECT_EQ(ReadAll(list), before);
  WriteAll(folder / "facts.json", "[]");
  EXPECT_EQ(RunProgram({"models", "lock", folder / "world/models", "--facts", folder / "facts.json"}).code, 78);
  EXPECT_EQ(RunProgram({"models", "lock", folder / "absent"}).code, 66);
  EXPECT_EQ(RunProgram({"models", "lock", folder.path()}).code, 66);
  EXPECT_EQ(RunProgram({"models", "lock", folder / "world/models"}).code, 0);
  EXPECT_EQ(RunProgram({"models", "check", folder / "world/models"}).code, 0);
}

std::string VariableOf(const std::string& path) {
  std::string name = "TINT_";
  for (const char c : path) name += c == '-' || c == '.' ? '_' : static_cast<char>(std::toupper(c));
  return name;
}

// Every option of every command, as configuration paths with the value it has.
std::map<std::string, std::string> AllOptions() {
  std::map<std::string, std::string> all;
  const auto add = [&](const std::string& path, const Json& value) {
    all.emplace(path, value.is_string() ? value.get<std::string>() : value.dump());  // specialize comes first
  };
  for (const Command& command : Commands()) {
    const Json config = RunProgram(WordsOf(command, {"--print-config", "--json"})).json();
    for (const auto& [name, entry] : config.items()) {
      if (entry.is_string()) continue;  // preset
      if (entry.contains("origin")) {
        add(name, entry["value"]);
      } else {
        for (const auto& [option, inner] : entry.items()) add(name + "." + option, inner["value"]);
      }
    }
  }
  return all;
}

// One environment and one configuration file serve all commands.
TEST(Commands, EachAcceptsTheOptionsOfTheOthers) {
  Environment environment;
  for (const auto& [path, value] : AllOptions()) {
    if (path == "help" || path == "print-config" || path == "json") continue;
    environment[VariableOf(path)] = value;
  }
  EXPECT_GT(environment.size(), 60u);
  EXPECT_EQ(environment.count("TINT_WAYS"), 1u);
  for (const Command& command : Commands()) {
    Environment fitting = environment;
    if (command.name == "predict") fitting.erase("TINT_STUDENT");  // there a file, elsewhere an architecture
    fitting.erase("TINT_FORMAT");                                  // each command that has it knows other forms
    const Outcome outcome = RunProgram(WordsOf(command, {"--print-config"}), fitting);
    EXPECT_EQ(outcome.code, 0) << command.name << ": " << outcome.err;
  }
}

TEST(Commands, PrintConfigShowsWhereEachValueComesFrom) {
  TestFolder folder;
  WriteAll(folder / "c.json", R"({"generate": {"alpha": 0.25}, "seed": 3})");
  const Json config = RunProgram({"specialize", "--config", folder / "c.json", "--preset", "smoke", "--guidance", "2",
                                  "--print-config", "--json"},
                                 {{"TINT_SEED", "4"}})
                          .json();
  EXPECT_EQ(config["generate"]["alpha"], Json({{"value", 0.25}, {"origin", "file"}}));
  EXPECT_EQ(config["generate"]["guidance"], Json({{"value", 2.0}, {"origin", "flag"}}));
  EXPECT_EQ(config["generate"]["images"], Json({{"value", 8}, {"origin", "preset"}}));
  EXPECT_EQ(config["seed"], Json({{"value", 4}, {"origin", "environment"}}));
  EXPECT_EQ(config["threads"]["origin"], "default");
}

TEST(Commands, ColoursComeOnlyWhereAskedFor) {
  TestFolder folder;
  const std::vector<std::string> row = SmallWorld(folder / "world");
  const auto run = [&](const std::string& name, std::vector<std::string> more, const Environment& environment) {
    std::vector<std::string> arguments = {"super-resolve", "--run", folder / name};
    arguments.insert(arguments.end(), row.begin(), row.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = RunProgram(arguments, environment);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome;
  };
  EXPECT_THAT(run("piped", {}, {}).err, Not(HasSubstr("\033")));
  EXPECT_THAT(run("asked", {"--color", "always"}, {}).err, HasSubstr("\033["));
  EXPECT_THAT(run("no-color", {}, {{"NO_COLOR", "1"}}).err, Not(HasSubstr("\033")));
  EXPECT_THAT(run("quiet", {"--log-level", "off", "--progress", "none"}, {}).err, IsEmpty());
  const std::string lines = run("json", {"--progress", "json", "--log-level", "off"}, {}).err;
  for (const std::string& line : Split(lines, '\n')) {
    if (!line.empty()) {
      EXPECT_TRUE(Json::parse(line, nullptr, false).is_object()) << line;
    }
  }
}

TEST(Commands, DoctorIsWellHere) {
  const Outcome outcome = RunProgram({"doctor", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_FALSE(outcome.json().empty());
}

}  // namespace
}  // namespace tint::testing
