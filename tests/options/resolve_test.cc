// SPDX-License-Identifier: Apache-2.0
#include "tint/options/resolve.h"

#include "fake_command.h"
#include "prelude.h"
#include "tint/base/json.h"

namespace tint::testing {
namespace {

std::string OriginOf(const FakeCommand& fake, const std::string& group, const std::string& name) {
  const Json config = fake.command.ConfigWithOrigins();
  return (group.empty() ? config : config.at(group)).at(name).at("origin");
}

TEST(ResolveTest, DefaultsArePaper) {
  const Environment none;
  FakeCommand fake;
  fake.command.Parse({});
  EXPECT_EQ(fake.command.preset(), "paper");
  EXPECT_EQ(fake.generate.images, 4000);
  EXPECT_EQ(OriginOf(fake, "generate", "images"), "default");
  EXPECT_FALSE(fake.command.help_requested());
}

// One layer more each time: the value and its origin change with the highest.
TEST(ResolveTest, FlagBeforeEnvironmentBeforeFileBeforePresetBeforeDefault) {
  const TestFolder folder;
  const std::string file = folder / "tint.json";
  WriteAll(file, R"({"generate": {"alpha": 0.4}})");
  struct Case {
    std::vector<std::string> arguments, variables;
    double alpha;
    std::string origin;
  };
  const std::vector<Case> cases = {
      {{}, {}, 1.0, "default"},
      {{"--preset", "smoke"}, {}, 0.5, "preset"},
      {{"--preset", "smoke", "--config", file}, {}, 0.4, "file"},
      {{"--preset", "smoke", "--config", file}, {"TINT_GENERATE_ALPHA=0.3"}, 0.3, "environment"},
      {{"--preset", "smoke", "--config", file, "--alpha", "0.2"}, {"TINT_GENERATE_ALPHA=0.3"}, 0.2, "flag"},
      {{"--alpha=1"}, {"TINT_GENERATE_ALPHA=0.3"}, 1.0, "flag"},
      {{}, {"TINT_PRESET=smoke"}, 0.5, "preset"},
      {{"--preset=paper"}, {"TINT_PRESET=smoke"}, 1.0, "default"},
      {{}, {"TINT_CONFIG=" + file}, 0.4, "file"},
      {{"--preset", "smoke"}, {"TINT_GENERATE_ALPHA=0.3"}, 0.3, "environment"},
  };
  for (const Case& one : cases) {
    const Environment environment(one.variables);
    FakeCommand fake;
    fake.command.Parse(one.arguments);
    EXPECT_EQ(fake.generate.alpha, one.alpha) << Json(one.arguments).dump();
    EXPECT_EQ(OriginOf(fake, "generate", "alpha"), one.origin) << Json(one.arguments).dump();
  }
}

TEST(ResolveTest, PresetOfFileYieldsToFlagAndVariable) {
  const TestFolder folder;
  const std::string file = folder / "tint.json";
  WriteAll(file, R"({"preset": "smoke", "seed": 7})");
  auto images = [&](const std::vector<std::string>& more, const std::vector<std::string>& variables) {
    const Environment environment(variables);
    FakeCommand fake;
    std::vector<std::string> arguments = {"--config", file};
    arguments.insert(arguments.end(), more.begin(), more.end());
    fake.command.Parse(arguments);
    EXPECT_EQ(fake.global.seed, 7);
    return fake.generate.images;
  };
  EXPECT_EQ(images({}, {}), 8);
  EXPECT_EQ(images({}, {"TINT_PRESET=upstream"}), 1000);
  EXPECT_EQ(images({"--preset", "paper"}, {"TINT_PRESET=upstream"}), 4000);
}

TEST(ResolveTest, PresetsReachEveryType) {
  const Environment none;
  FakeCommand fake;
  fake.command.Parse({"--preset", "upstream"});
  EXPECT_EQ(fake.generate.images, 1000);
  EXPECT_FALSE(fake.generate.check_faces);
  EXPECT_EQ(fake.generate.sampler, FakeSampler::kPlms);
  EXPECT_EQ(fake.generate.alpha, 1.0);
}

TEST(ResolveTest, SpellingsOnTheCommandLine) {
  const Environment none;
  FakeCommand fake;
  fake.command.Parse({"--generate.images=3", "--null-text-inversion.steps", "20", "--distill.steps", "30", "--json",
                      "--learning-rate", "1e-3", "--check-faces=false", "--run=a=b c", "--seed", "9223372036854775807",
                      "--student=resnet12"});
  EXPECT_EQ(fake.generate.images, 3);
  EXPECT_EQ(fake.null_text.steps, 20);
  EXPECT_EQ(fake.distill.steps, 30);
  EXPECT_EQ(fake.distill.learning_rate, 1e-3);
  EXPECT_TRUE(fake.global.json);
  EXPECT_FALSE(fake.generate.check_faces);
  EXPECT_EQ(fake.global.run, "a=b c");
  EXPECT_EQ(fake.global.seed, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(fake.global.student, "resnet12");
}

TEST(ResolveTest, TextsArriveAsTheyWere) {
  const Environment none;
  for (const std::string text :
       {"", "-1", "-x", "[a,b]", "{}", "%%", "a,b", "a b\n", "=", "\"q\"", "\xff", "--", "-"}) {
    FakeCommand tied;
    tied.command.Parse({"--run=" + text, "--seed", "1"});
    EXPECT_EQ(tied.global.run, text);
    EXPECT_EQ(tied.global.seed, 1);
    if (text == "--") continue;  // ends the options
    FakeCommand apart;
    apart.command.Parse({"--run", text, "--seed", "1"});
    EXPECT_EQ(apart.global.run, text);
  }
  FakeCommand dashes;
  dashes.command.Parse({"--run=--seed"});
  EXPECT_EQ(dashes.global.run, "--seed");
}

TEST(ResolveTest, NegativeNumbersAreValues) {
  const Environment none;
  int64_t offset = 0;
  double shift = 0;
  CommandOptions command("move", "Moves.");
  command.Group("").Add("offset", &offset, "Offset.").Range(-10, 10);
  command.Group("").Add("shift", &shift, "Shift.");
  command.Parse({"--offset", "-3", "--shift", "-1.5e-2"});
  EXPECT_EQ(offset, -3);
  EXPECT_EQ(shift, -0.015);
}

TEST(ResolveTest, BareNamesOfAStagesOwnCommandMeanThatStage) {
  const Environment none;
  FakeCommand distill("distill");
  distill.command.Parse({"--steps", "5", "--null-text-inversion.steps", "6", "--alpha", "0"});
  EXPECT_EQ(distill.distill.steps, 5);
  EXPECT_EQ(distill.null_text.steps, 6);
  EXPECT_EQ(distill.generate.alpha, 0);
}

TEST(ResolveTest, ABareNameMeansTheGlobalOptionFirst) {
  const Environment none;
  int64_t global = 0, staged = 0;
  CommandOptions command("evaluate", "Scores.", "evaluate");
  command.Group("evaluate").Add("queries", &staged, "Queries.");
  command.Group("").Add("queries", &global, "Queries.");
  command.Parse({"--queries", "4", "--evaluate.queries", "5"});
  EXPECT_EQ(global, 4);
  EXPECT_EQ(staged, 5);
}

TEST(ResolveTest, Positionals) {
  const Environment none;
  auto parse = [](const std::vector<std::string>& arguments) {
    FakeCommand fake;
    fake.command.Positional({"RUN", "Run folder."});
    fake.command.Positional({"FILE", "Photo.", false, true});
    fake.command.Parse(arguments);
    return fake.command.positionals();
  };
  EXPECT_THAT(parse({"run"}), ElementsAre("run"));
  EXPECT_THAT(parse({"run", "--json", "a.jpg", "--seed", "3", "b.jpg"}), ElementsAre("run", "a.jpg", "b.jpg"));
  EXPECT_THAT(parse({"--", "--seed", "--", "-x"}), ElementsAre("--seed", "--", "-x"));
  EXPECT_THAT(parse({"--json", "", "-"}), ElementsAre("", "-"));
}

TEST(ResolveTest, HelpWinsOverFaults) {
  const Environment environment({"TINT_NONSENSE=1"});
  for (const char* help : {"--help", "-h"}) {
    FakeCommand fake;
    fake.command.Positional({"RUN", "Run folder."});
    fake.command.Parse({help, "--no-such-option", "--seed", "x"});
    EXPECT_TRUE(fake.command.help_requested());
  }
}

TEST(ResolveTest, PrintConfigNeedsNoArguments) {
  const Environment none;
  FakeCommand fake;
  fake.command.Positional({"RUN", "Run folder."});
  fake.command.Parse({"--print-config"});
  EXPECT_TRUE(fake.command.print_config_requested());
}

TEST(ResolveTest, OptionsOfOtherCommandsAreKnownToFilesAndEnvironment) {
  const TestFolder folder;
  WriteAll(folder / "tint.json",
           R"({"ways": 5, "evaluate": {"batch-size": 3}, "generate": {"grid": 1, "alpha": 0.25}})");
  const Environment environment({"TINT_EVALUATE_BATCH_SIZE=2", "TINT_WAYS=5", "TINT_DATA=/data", "TINT_TEST_SLOW=1",
                                 "TINT_CHECKPOINT_SECONDS=60", "TINTED=1"});
  FakeCommand fake;
  fake.command.Parse({"--config", folder / "tint.json"});
  EXPECT_EQ(fake.generate.alpha, 0.25);
}

// {"value": ..., "origin": ...} -> the value.
Json WithoutOrigins(const Json& config) {
  if (config.is_object() && config.contains("origin")) return config.at("value");
  if (!config.is_object()) return config;
  Json plain = Json::object();
  for (const auto& member : config.items()) plain[member.key()] = WithoutOrigins(member.value());
  return plain;
}

TEST(ResolveTest, ThePrintedConfigurationGivesTheSameValues) {
  const TestFolder folder;
  const Environment none;
  FakeCommand first;
  first.command.Parse({"--preset", "smoke", "--seed", "9223372036854775807", "--alpha", "0.1", "--run",
                       "Ünï \"q\" \\ \n", "--check-faces=no", "--learning-rate", "0.30000000000000004"});
  const Json printed = WithoutOrigins(first.command.ConfigWithOrigins());
  WriteAll(folder / "again.json", printed.dump(2));
  FakeCommand second;
  second.command.Parse({"--config", folder / "again.json"});
  EXPECT_EQ(WithoutOrigins(second.command.ConfigWithOrigins()), printed);
  EXPECT_EQ(second.generate.alpha, 0.1);
  EXPECT_EQ(second.distill.learning_rate, 0.30000000000000004);
  EXPECT_EQ(second.command.preset(), "smoke");
  EXPECT_EQ(OriginOf(second, "distill", "steps"), "file");
}

TEST(ResolveTest, StoredGroupLeavesOutWhatIsNotInKeys) {
  const Environment none;
  FakeCommand fake;
  fake.command.Parse({"--distill.steps", "3", "--workers", "7"});
  EXPECT_EQ(fake.command.StoredGroup("distill").dump(),
            R"({"steps":{"value":3,"origin":"flag"},"learning-rate":{"value":0.1,"origin":"default"}})");
  EXPECT_EQ(fake.command.ConfigWithOrigins().at("distill").at("workers").at("value"), 7);
  EXPECT_THAT(CatchError([&] { fake.command.StoredGroup("distil"); }),
              FailsWith(ExitCode::kInternal, HasSubstr("distil")));
}

TEST(ResolveTest, WrongDeclarationsAreOurOwnFault) {
  const Environment none;
  auto parse = [](const std::function<void(OptionList&, int64_t*)>& declare) {
    int64_t value = 5;
    CommandOptions command("x", "y");
    declare(command.Group("g"), &value);
    return CatchError([&] { command.Parse({}); });
  };
  EXPECT_THAT(parse([](auto& list, auto* v) { list.Add("a", v, "").Range(0, 9).Preset("smoke", 10); }),
              FailsWith(ExitCode::kInternal, HasSubstr("smoke of g.a is 10; expected an integer in [0, 9]")));
  EXPECT_THAT(parse([](auto& list, auto* v) { list.Add("a", v, "").Range(6, 9); }),
              FailsWith(ExitCode::kInternal, HasSubstr("the default of g.a is 5")));
  EXPECT_THAT(parse([](auto& list, auto* v) { list.Add("a", v, "").Preset("smokey", 1); }),
              FailsWith(ExitCode::kInternal, HasSubstr("smokey")));
}

}  // namespace
}  // namespace tint::testing
