// SPDX-License-Identifier: Apache-2.0
// Configuration files and environments.
#include <sys/stat.h>

#include "bad_cases.h"
#include "files.h"

namespace tint::testing {
namespace {

constexpr ExitCode kBad = ExitCode::kBadConfiguration;

void AddSyntax(std::vector<BadCase>* cases) {
  const auto add = [&](const std::string& name, const std::string& text, const std::vector<std::string>& message) {
    cases->push_back({"File" + name, Photos({"--config", "{file}"}), kBad, message, text});
  };
  add("CommaTooMany", "{\n  \"seed\": 1,\n  \"generate\": {\"alpha\": 0.5,}\n}",
      {"{file}:3:29: unexpected '}' (reading a JSON object key); expected string literal"});
  add("NotANumber", R"({"generate": {"alpha": NaN}})", {"{file}:1:24: invalid literal (reading a JSON value)"});
  add("KeyTwice", R"({"seed": 1, "seed": 2})", {"{file}:1:13: duplicate key seed; expected each key once per object"});
  add("IntegerOf65Bits", R"({"seed": 18446744073709551616})",
      {"{file}:1:10: the integer 18446744073709551616 is out of range; expected an integer of 64 bits"});
  add("TooDeep", "{\"generate\": " + std::string(33, '[') + std::string(33, ']') + "}",
      {"{file}:1:45: nested more than 32 deep; expected at most 32 levels"});
  add("List", "[1, 2]", {"{file}:1:1: is not an object; expected an object"});
  add("Utf8", "{\"run\": \"a\xff\"}", {"{file}:1:11: invalid string: ill-formed UTF-8 byte"});
  add("ByteOrderMark", "\xef\xbb\xbf{}", {"{file}:1:1: starts with a byte order mark; expected UTF-8 without it"});
  add("TooLong", std::string((10 << 20) + 1, ' '),
      {"{file}: has 10.0 MiB (10485761 bytes); expected at most 10.0 MiB (10485760 bytes)"});
}

void AddNames(std::vector<BadCase>* cases) {
  const auto add = [&](const std::string& name, const std::string& text, const std::vector<std::string>& message) {
    cases->push_back({"File" + name, Photos({"--config", "{file}"}), kBad, message, text});
  };
  add("KeyNearAnother", "{\n \"generate\": {\n  \"alhpa\": 1\n }\n}",
      {"{file}:3:12: generate.alhpa: unknown option; expected one of images, alpha, random-alpha, guidance, sampler, "
       "support-photo, keep-originals, batch-size. Did you mean 'alpha'?"});
  add("GroupNearAnother", R"({"generat": {"alpha": 1}})",
      {"{file}:1:13: generat: unknown option; expected one of ", "Did you mean 'generate'?"});
  add("KeyOutsideItsGroup", R"({"alpha": 1})",
      {"{file}:1:11: alpha: unknown option", R"(Did you mean '{"generate": {"alpha": ...}}'?)"});
  add("Preset", R"({"preset": "smok"})",
      {R"({file}:1:12: preset: is the string "smok"; expected one of paper, upstream, pmf, smoke, labelhalluc, support-only, base-only. Did you mean 'smoke'?)"});
}

void AddValues(std::vector<BadCase>* cases) {
  const auto add = [&](const std::string& name, const std::string& text, const std::string& message) {
    cases->push_back({"File" + name, Photos({"--config", "{file}"}), kBad, {"{file}:1:" + message}, text});
  };
  add("NegativeSeed", R"({"seed": -1})", "10: seed: is -1; expected an integer in [0, 9007199254740991]");
  add("SeedAboveTheRange", R"({"seed": 9007199254740992})",
      "10: seed: is 9007199254740992; expected an integer in [0, 9007199254740991]");
  add("FractionForAnInteger", R"({"generate": {"images": 3.7}})",
      "25: generate.images: is 3.7; expected an integer in [1, 1000000]");
  add("ImagesAboveTheRange", R"({"generate": {"images": 1000001}})",
      "25: generate.images: is 1000001; expected an integer in [1, 1000000]");
  add("StepsBelowTheRange", R"({"textual-inversion": {"steps": 0}})",
      "33: textual-inversion.steps: is 0; expected an ");
  add("TextForANumber", R"({"generate": {"alpha": "0.5"}})",
      R"(24: generate.alpha: is the string "0.5"; expected a number in [0, 1])");
  add("Null", R"({"generate": {"alpha": null}})", "24: generate.alpha: is null; expected a number in [0, 1]");
  add("ZeroByte", R"({"run": "a\u0000b"})",
      R"(9: run: is the string "'a\x00b'", which contains a zero byte; expected a string)");
  add("TextForAFlag", R"({"json": "true"})", R"(10: json: is the string "true"; expected true or false)");
  add("Choice", R"({"student": "conv44"})",
      R"(13: student: is the string "conv44"; expected one of conv4, resnet12. Did you mean 'conv4'?)");
  cases->push_back({.name = "FileSeveral",
                    .arguments = Photos({"--config", "{file}"}),
                    .code = kBad,
                    .message = {"{file}:1:24: generate.alpha: is 2; expected a number in [0, 1]\n",
                                "{file}:1:37: generate.images: is 0; expected an integer in [1, 1000000]\n",
                                "{file}:2:9: sed: unknown option; expected one of ", "Did you mean 'seed'?\n",
                                "environment: TINT_SEED: is x; expected an integer in"},
                    .file = "{\"generate\": {\"alpha\": 2, \"images\": 0},\n \"sed\": 1}",
                    .environment = {{"TINT_SEED", "x"}},
                    .faults = 4});
}

void AddUnreadable(std::vector<BadCase>* cases) {
  const auto add = [&](const std::string& name, const std::string& message, ExitCode code,
                       const std::function<void(const std::filesystem::path& here)>& prepare) {
    cases->push_back({.name = "File" + name,
                      .arguments = Photos({"--config", "{file}"}),
                      .code = code,
                      .message = {"{file}: " + message},
                      .prepare = prepare});
  };
  add("Absent", "does not exist: No such file or directory", ExitCode::kMissingInput, {});
  add("Empty", "is empty; expected a JSON document", kBad, [](const auto& here) { WriteAll(here / "case.json", ""); });
  add("IsAFolder", "is a folder; expected a regular file", kBad,
      [](const auto& here) { std::filesystem::create_directory(here / "case.json"); });
  add("IsAPipe", "is a pipe, socket or device; expected a regular file", kBad,
      [](const auto& here) { ASSERT_EQ(mkfifo((here / "case.json").c_str(), 0600), 0); });
}

}  // namespace

std::vector<BadCase> ConfigurationCases() {
  std::vector<BadCase> cases;
  AddSyntax(&cases);
  AddNames(&cases);
  AddValues(&cases);
  AddUnreadable(&cases);
  return cases;
}

std::vector<BadCase> EnvironmentCases() {
  std::vector<BadCase> cases;
  const auto add = [&](const std::string& name, const std::string& variable, const std::string& value,
                       const std::string& message, ExitCode code = kBad) {
    cases.push_back({.name = "Variable" + name,
                     .arguments = Photos({}),
                     .code = code,
                     .message = {message},
                     .environment = {{variable, value}}});
  };
  add("Type", "TINT_SEED", "x", "environment: TINT_SEED: is x; expected an integer in [0, 9007199254740991]");
  add("Empty", "TINT_THREADS", "", "environment: TINT_THREADS: is empty; expected an integer in [0, 4096]");
  add("Range", "TINT_GENERATE_ALPHA", "1.5", "environment: TINT_GENERATE_ALPHA: is 1.5; expected a number in [0, 1]");
  add("NearAnother", "TINT_SEDE", "1",
      "environment: TINT_SEDE: unknown variable; expected TINT_ and the name of an option, such as TINT_SEED. Did you "
      "mean 'TINT_SEED'?");
  add("WithoutItsStage", "TINT_ALPHA", "1",
      "environment: TINT_ALPHA: unknown variable; expected TINT_ and the name of an option, such as TINT_SEED. Did you "
      "mean "
      "'TINT_GENERATE_ALPHA'?");
  add("ConfigurationAbsent", "TINT_CONFIG", "{here}/absent.json", "{here}/absent.json: does not exist",
      ExitCode::kMissingInput);
  add("Interval", "TINT_CHECKPOINT_SECONDS", "soon",
      "TINT_CHECKPOINT_SECONDS: is soon; expected a number of seconds >= 0");
  cases.push_back({.name = "VariableDataAbsent",
                   .arguments = {"dataset", "check", "--json", "small"},
                   .code = ExitCode::kMissingInput,
                   .message = {"{here}/nowhere: is not a directory; expected the folder that holds the data sets"},
                   .environment = {{"TINT_DATA", "{here}/nowhere"}}});
  return cases;
}

}  // namespace tint::testing
