// SPDX-License-Identifier: Apache-2.0
// Bad command lines, configuration files and environments: each is refused with its exit code and a message that says
// where it is, what was found, what was expected and what comes nearest.

#include "fake_command.h"
#include "prelude.h"
#include "tint/base/json.h"

namespace tint::testing {
namespace {

struct BadLine {
  std::vector<std::string> arguments;
  std::vector<std::string> message;  // parts
};

const BadLine kBadLines[] = {
    {{"--alhpa", "1"}, {"--alhpa: unknown option; expected an option of this command", "Did you mean '--alpha'?"}},
    {{"--alhpa=1"}, {"--alhpa: unknown option", "Did you mean '--alpha'?"}},
    {{"--generat.alpha", "1"}, {"--generat.alpha: unknown option", "Did you mean '--generate.alpha'?"}},
    {{"--distill.alpha", "1"}, {"--distill.alpha: unknown option", "Did you mean '--generate.alpha'?"}},
    {{"--distil.steps", "1"}, {"--distil.steps: unknown option", "Did you mean '--distill.steps'?"}},
    {{"--learning_rate", "1"}, {"--learning_rate: unknown option", "Did you mean '--learning-rate'?"}},
    {{"--Seed", "1"}, {"--Seed: unknown option", "Did you mean '--seed'?"}},
    {{"-seed", "1"}, {"-seed: unknown option", "Did you mean '--seed'?"}},
    {{"-s", "1"}, {"-s: unknown option"}},
    {{"--zzzzzzzzz"}, {"--zzzzzzzzz: unknown option; expected an option of this command (see --help)"}},
    {{"--ways", "5"}, {"--ways: is an option of another command"}},
    {{"--evaluate.batch-size", "5"}, {"--evaluate.batch-size: is an option of another command"}},
    {{"--steps", "5"}, {"--steps: is ambiguous; expected one of --null-text-inversion.steps, --distill.steps"}},
    {{"--steps=5"}, {"--steps: is ambiguous; expected one of --null-text-inversion.steps, --distill.steps"}},
    {{"--seed"}, {"--seed: needs a value; expected an integer in [0, 9223372036854775807]"}},
    {{"--alpha"}, {"--alpha: needs a value; expected a number in [0, 1]"}},
    {{"--seed="}, {"--seed: is empty; expected an integer in"}},
    {{"--seed", ""}, {"--seed: is empty; expected an integer in"}},
    {{"--json="}, {"--json: is empty; expected true or false"}},
    {{"--json=maybe"}, {"--json: is maybe; expected true or false"}},
    {{"--json={}"}, {"--json: is {}; expected true or false"}},
    {{"--check-faces=nope"}, {"--check-faces: is nope; expected true or false"}},
    {{"--run", "--seed", "3"}, {"--run: is followed by --seed; expected a string", "write --run=--seed"}},
    {{"--run", "--json"}, {"--run: is followed by --json; expected a string"}},
    {{"--seed", "1", "--seed", "2"}, {"--seed: given more than once (--seed, --seed); expected one value"}},
    {{"--seed=1", "--seed=1"}, {"--seed: given more than once"}},
    {{"--alpha", "1", "--generate.alpha", "1"}, {"--alpha: given more than once (--alpha, --generate.alpha)"}},
    {{"--json", "--json=false"}, {"--json: given more than once"}},
    {{"--preset", "smoke", "--preset", "paper"}, {"--preset: given more than once"}},
    {{"--seed", "x"}, {"--seed: is x; expected an integer in"}},
    {{"--seed", "-1"}, {"--seed: is -1; expected an integer in [0, "}},
    {{"--seed", "18446744073709551616"}, {"--seed: is 18446744073709551616; expected an integer in"}},
    {{"--seed", "3.7"}, {"--seed: is 3.7; expected an integer in"}},
    {{"--seed", "1e3"}, {"--seed: is 1e3; expected an integer in"}},
    {{"--seed", "0x10"}, {"--seed: is 0x10; expected an integer in"}},
    {{"--seed", "12 "}, {"--seed: is '12 '; expected an integer in"}},
    {{"--seed", "1\n2"}, {"--seed: is '1\\n2'; expected an integer in"}},
    {{"--seed", "\xff"}, {"--seed: is '\\xff'; expected an integer in"}},
    {{"--alpha", "nan"}, {"--alpha: is nan; expected a number in [0, 1]"}},
    {{"--alpha", "inf"}, {"--alpha: is inf; expected a number in [0, 1]"}},
    {{"--alpha", "1e999"}, {"--alpha: is 1e999; expected a number in [0, 1]"}},
    {{"--alpha", "0,5"}, {"--alpha: is 0,5; expected a number in [0, 1]"}},
    {{"--alpha", "0.5x"}, {"--alpha: is 0.5x; expected a number in [0, 1]"}},
    {{"--alpha", "-0.1"}, {"--alpha: is -0.1; expected a number in [0, 1]"}},
    {{"--generate.alpha=1.0001"}, {"--generate.alpha: is 1.0001; expected a number in [0, 1]"}},
    {{"--student", "conv5"}, {"--student: is conv5; expected one of conv4, resnet12", "Did you mean 'conv4'?"}},
    {{"--student", "\xff"}, {"--student: is '\\xff'; expected one of conv4, resnet12"}},
    {{"--preset", "smoek"},
     {"--preset: is smoek; expected one of paper, upstream, pmf, smoke, labelhalluc, support-only, base-only",
      "Did you mean 'smoke'?"}},
    {{"--preset="}, {"--preset: is empty; expected one of paper"}},
    {{"--print-config=2"}, {"--print-config: is 2; expected true or false"}},
    {{"run"}, {"run: unexpected argument; expected options only"}},
    {{"--", "--seed"}, {"--seed: unexpected argument; expected options only"}},
    {{""}, {"the empty string: unexpected argument; expected options only"}},
    {{"alpha=1"}, {"alpha=1: unexpected argument; expected options only"}},
    {{"--help=maybe"}, {"--help: is maybe; expected true or false"}},
};

TEST(BadOptionsTest, CommandLines) {
  const Environment none;
  EXPECT_GE(std::size(kBadLines), 50u);
  for (const BadLine& bad : kBadLines) {
    const Error error = CatchError([&] { FakeCommand().command.Parse(bad.arguments); });
    SCOPED_TRACE(bad.message[0]);
    for (const std::string& part : bad.message) EXPECT_THAT(error, FailsWith(ExitCode::kUsage, HasSubstr(part)));
    EXPECT_THAT(error.what(), Not(HasSubstr("\n"))) << "one fault, one line";
  }
}

TEST(BadOptionsTest, CommandLineOfAStage) {
  const Environment none;
  auto fail = [](const std::vector<std::string>& arguments) {
    FakeCommand generate("generate");
    generate.command.Positional({"RUN", "the run folder"});
    return CatchError([&] { generate.command.Parse(arguments); });
  };
  EXPECT_THAT(fail({}), FailsWith(ExitCode::kUsage, HasSubstr("RUN: missing argument; expected the run folder")));
  EXPECT_THAT(fail({"a", "b"}), FailsWith(ExitCode::kUsage, HasSubstr("b: unexpected argument; expected only RUN")));
  EXPECT_THAT(
      fail({"a", "--steps", "1"}),
      FailsWith(ExitCode::kUsage, HasSubstr("--steps: is ambiguous; expected one of --null-text-inversion.steps, "
                                            "--distill.steps")));
  EXPECT_THAT(fail({"a", "--image", "1"}), FailsWith(ExitCode::kUsage, HasSubstr("Did you mean '--images'?")));
}

TEST(BadOptionsTest, AllFaultsOfACommandLineAtOnce) {
  const Environment none;
  const Error error = CatchError([] {
    FakeCommand().command.Parse({"--alhpa", "1", "--seed", "x", "--images", "0", "--run"});
  });
  for (const char* part : {"--alhpa: unknown option", "--seed: is x", "--images: is 0", "--run: needs a value"}) {
    EXPECT_THAT(error, FailsWith(ExitCode::kUsage, HasSubstr(part)));
  }
  EXPECT_EQ(Json(error.what()).get<std::string>().find("too many"), std::string::npos);
}

struct BadFile {
  std::string text;
  std::vector<std::string> message;  // parts; the first begins behind the file's name
};

const BadFile kBadFiles[] = {
    {"", {"is empty; expected a JSON document"}},
    {"{", {":1:"}},
    {"[]", {":1:1: is not an object; expected an object"}},
    {"3", {":1:1: is not an object"}},
    {"{} x", {":1:4"}},
    {R"({"seed": 1, "seed": 2})", {":1:13", "seed"}},
    {R"({"generate": {"alpha": 1}, "generate": {}})", {":1:28", "generate"}},
    {R"({"seed": NaN})", {":1:10"}},
    {R"({"seed": 18446744073709551616})", {":1:", "18446744073709551616"}},
    {R"({"sed": 1})", {":1:9: sed: unknown option; expected one of ", "preset, seed, run, ", "Did you mean 'seed'?"}},
    {R"({"generat": {"alpha": 1}})", {":1:13: generat: unknown option", "Did you mean 'generate'?"}},
    {R"({"alpha": 1})", {": alpha: unknown option", R"(Did you mean '{"generate": {"alpha": ...}}'?)"}},
    {R"({"generate.alpha": 1})",
     {": generate.alpha: unknown option", R"(Did you mean '{"generate": {"alpha": ...}}'?)"}},
    {R"({"config": "x"})", {": config: unknown option"}},
    {R"({"print-config": true})", {": print-config: unknown option"}},
    {R"({"": {}})", {": the empty name: unknown option"}},
    {R"({"a/b~c": {}})", {": a/b~c: unknown option"}},
    {"{\n \"generate\": {\n  \"alhpa\": 1\n }\n}",
     {":3:12: generate.alhpa: unknown option; expected one of images, alpha, check-faces, sampler, grid",
      "Did you mean 'alpha'?"}},
    {R"({"generate": {"steps": 1}})", {": generate.steps: unknown option", R"({"distill": {"steps": ...}})"}},
    {R"({"evaluate": {"bacth-size": 1}})",
     {": evaluate.bacth-size: unknown option; expected one of batch-size, steps", "'batch-size'"}},
    {R"({"generate": 3})", {":1:14: generate: is 3; expected an object {...} with options of generate"}},
    {R"({"generate": [1]})", {":1:14: generate: is a list; expected an object"}},
    {R"({"generate": null})", {":1:14: generate: is null; expected an object"}},
    {R"({"generate": {"alpha": "1"}})", {R"(:1:24: generate.alpha: is the string "1"; expected a number in [0, 1])"}},
    {R"({"generate": {"alpha": 1.5}})", {":1:24: generate.alpha: is 1.5; expected a number in [0, 1]"}},
    {R"({"generate": {"alpha": true}})", {":1:24: generate.alpha: is true; expected a number in [0, 1]"}},
    {R"({"generate": {"alpha": {"value": 1}}})", {":1:24: generate.alpha: is an object with 1 members"}},
    {R"({"generate": {"images": 3.7}})", {": generate.images: is 3.7; expected an integer in [1, 1000000]"}},
    {R"({"generate": {"images": 3.0}})", {": generate.images: is 3.0; expected an integer in [1, 1000000]"}},
    {R"({"generate": {"images": 0}})", {": generate.images: is 0; expected an integer in [1, 1000000]"}},
    {R"({"generate": {"images": 1e3}})", {": generate.images: is 1000.0; expected an integer in [1, 1000000]"}},
    {R"({"generate": {"check-faces": 1}})", {": generate.check-faces: is 1; expected true or false"}},
    {R"({"generate": {"check-faces": "true"}})", {R"(is the string "true"; expected true or false)"}},
    {R"({"generate": {"sampler": "dim"}})",
     {R"(is the string "dim"; expected one of ddim, plms)", "Did you mean 'ddim'?"}},
    {R"({"generate": {"sampler": 1}})", {": generate.sampler: is 1; expected one of ddim, plms"}},
    {R"({"seed": -1})", {":1:10: seed: is -1; expected an integer in [0, 9223372036854775807]"}},
    {R"({"seed": 9223372036854775808})", {":1:10: seed: is 9223372036854775808; expected an integer in"}},
    {R"({"run": 3})", {":1:9: run: is 3; expected a string"}},
    {"{\"run\": \"a\\u0000b\"}", {":1:9: run: ", "zero byte"}},
    {R"({"preset": "smoek"})",
     {R"(:1:12: preset: is the string "smoek"; expected one of paper, upstream, pmf, smoke, labelhalluc, support-only, base-only)",
      "Did you mean 'smoke'?"}},
    {R"({"preset": 3})", {":1:12: preset: is 3; expected one of paper"}},
    {"{\"run\": \"\xff\"}", {":1:"}},
};

TEST(BadOptionsTest, ConfigurationFiles) {
  const TestFolder folder;
  const Environment none;
  const std::string file = folder / "bad.json";
  EXPECT_GE(std::size(kBadFiles), 40u);
  for (const BadFile& bad : kBadFiles) {
    SCOPED_TRACE(bad.text);
    WriteAll(file, bad.text);
    const Error error = CatchError([&] { FakeCommand().command.Parse({"--config", file}); });
    const auto whole = FailsWith(ExitCode::kBadConfiguration, HasSubstr(file + ":"));
    EXPECT_THAT(error, whole);
    for (const std::string& part : bad.message)
      EXPECT_THAT(error, FailsWith(ExitCode::kBadConfiguration, HasSubstr(part)));
  }
}

TEST(BadOptionsTest, AllFaultsOfAFileInItsOrder) {
  const TestFolder folder;
  const Environment environment({"TINT_SED=1", "TINT_QUERIES=x"});
  const std::string file = folder / "bad.json";
  WriteAll(file, "{\"generate\": {\"alpha\": 2,\n\"alhpa\": 1,\n\"images\": 0},\n\"sed\": 1}");
  const Error error = CatchError([&] { FakeCommand().command.Parse({"--config", file}); });
  EXPECT_EQ(error.code(), ExitCode::kBadConfiguration);
  const std::string text = error.what();
  size_t at = 0;
  for (const std::string part :
       {":1:24: generate.alpha", ":2:10: generate.alhpa", ":3:11: generate.images", ":4:8: sed",
        "environment: TINT_SED: unknown variable", "environment: TINT_QUERIES: is x"}) {
    const size_t next = text.find(part);
    ASSERT_NE(next, std::string::npos) << part << " in " << text;
    if (part[0] != ':') continue;
    EXPECT_GE(next, at) << part;
    at = next;
  }
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
}

TEST(BadOptionsTest, ConfigurationFilesThatCannotBeRead) {
  const TestFolder folder;
  const Environment none;
  auto fail = [](const std::string& file) {
    return CatchError([&] { FakeCommand().command.Parse({"--config", file}); });
  };
  EXPECT_THAT(fail(folder / "absent.json"), FailsWith(ExitCode::kMissingInput, HasSubstr("absent.json")));
  EXPECT_THAT(fail(folder.path()), FailsWith(ExitCode::kBadConfiguration, HasSubstr(folder.path().string())));
  WriteAll(folder / "long.json", std::string((10 << 20) + 1, ' '));
  EXPECT_THAT(fail(folder / "long.json"), FailsWith(ExitCode::kBadConfiguration, HasSubstr("long.json")));
}

const BadFile kBadVariables[] = {
    {"TINT_SEED=x", {": TINT_SEED: is x; expected an integer in [0, 9223372036854775807]"}},
    {"TINT_SEED=", {": TINT_SEED: is empty; expected an integer in"}},
    {"TINT_SEED=nan", {": TINT_SEED: is nan; expected an integer in"}},
    {"TINT_SEED=-1", {": TINT_SEED: is -1; expected an integer in"}},
    {"TINT_SEDE=1",
     {": TINT_SEDE: unknown variable; expected TINT_ and the name of an option", "Did you mean 'TINT_SEED'?"}},
    {"TINT_ALPHA=1", {": TINT_ALPHA: unknown variable", "Did you mean 'TINT_GENERATE_ALPHA'?"}},
    {"TINT_STEPS=1",
     {": TINT_STEPS: unknown variable", "TINT_NULL_TEXT_INVERSION_STEPS", "TINT_DISTILL_STEPS", "TINT_EVALUATE_STEPS"}},
    {"TINT_GENERATE_ALHPA=1", {": TINT_GENERATE_ALHPA: unknown variable", "Did you mean 'TINT_GENERATE_ALPHA'?"}},
    {"TINT_GENERATE_ALPHA=2", {": TINT_GENERATE_ALPHA: is 2; expected a number in [0, 1]"}},
    {"TINT_NULL_TEXT_INVERSION_STEPS=1", {": TINT_NULL_TEXT_INVERSION_STEPS: is 1; expected an integer in [2, 1000]"}},
    {"TINT_GENERATE_CHECK_FACES=maybe", {": TINT_GENERATE_CHECK_FACES: is maybe; expected true or false"}},
    {"TINT_STUDENT=resnet21", {": TINT_STUDENT: is resnet21; expected one of", "Did you mean 'resnet12'?"}},
    {"TINT_PRESET=papre",
     {": TINT_PRESET: is papre; expected one of paper, upstream, pmf, smoke, labelhalluc, support-only, base-only",
      "Did you mean 'paper'?"}},
    {"TINT_DATE=x", {": TINT_DATE: unknown variable", "Did you mean 'TINT_DATA'?"}},
    {"TINT_HELP=1", {": TINT_HELP: unknown variable"}},
    {"TINT_PRINT_CONFIG=1", {": TINT_PRINT_CONFIG: unknown variable"}},
    {"TINT_=1", {": TINT_: unknown variable"}},
    {"TINT_TEST=1", {": TINT_TEST: unknown variable"}},
    {"TINT_seed=1", {": TINT_seed: unknown variable"}},
};

TEST(BadOptionsTest, Environments) {
  for (const BadFile& bad : kBadVariables) {
    SCOPED_TRACE(bad.text);
    const Environment environment({bad.text});
    // A flag does not excuse the variable that it overrides.
    const Error error = CatchError([] { FakeCommand().command.Parse({"--seed", "1", "--preset", "paper"}); });
    for (const std::string& part : bad.message) {
      EXPECT_THAT(error, FailsWith(ExitCode::kBadConfiguration, HasSubstr(part)));
    }
    EXPECT_THAT(error.what(), ::testing::StartsWith("environment: TINT_"));
  }
}

TEST(BadOptionsTest, TheCommandLineIsRefusedBeforeTheFile) {
  const Environment none;
  EXPECT_THAT(CatchError([] {
                FakeCommand().command.Parse({"--config", "/no/such/file", "--sed", "1"});
              }),
              FailsWith(ExitCode::kUsage, HasSubstr("--sed")));
}

}  // namespace
}  // namespace tint::testing
