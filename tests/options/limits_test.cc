// SPDX-License-Identifier: Apache-2.0
// Every number, from each origin, at its limits and just outside.

#include <cmath>
#include <functional>

#include "fake_command.h"
#include "prelude.h"
#include "tint/base/json.h"

namespace tint::testing {
namespace {

struct Number {
  std::string path;
  bool integer;
  double low, high;
};

std::vector<Number> Numbers() {
  const FakeCommand fake;
  std::vector<Number> numbers;
  for (const OptionGroup& group : fake.command.groups()) {
    for (const Option& option : group.list.options()) {
      if (!option.has_range()) continue;
      const std::string path = group.name.empty() ? option.name() : group.name + "." + option.name();
      numbers.push_back({path, option.TypeName() == "integer", option.low(), option.high()});
    }
  }
  return numbers;
}

std::string Text(const Number& number, double value) {
  if (!number.integer) return Json(value).dump();
  // The seed's highest value is 2^63 - 1, which no double is.
  return value >= 9223372036854775807.0 ? "9223372036854775807" : std::to_string(static_cast<int64_t>(value));
}

std::string Below(const Number& number) {
  return number.integer ? Text(number, number.low - 1) : Text(number, std::nextafter(number.low, -INFINITY));
}

std::string Above(const Number& number) {
  if (!number.integer) return Text(number, std::nextafter(number.high, INFINITY));
  return number.high >= 9223372036854775807.0 ? "9223372036854775808" : Text(number, number.high + 1);
}

std::string Variable(std::string path) {
  for (char& c : path) c = c == '-' || c == '.' ? '_' : static_cast<char>(std::toupper(c));
  return "TINT_" + path;
}

// Gives `text` to the option from one origin.
using Giver = std::function<void(const Number& number, const std::string& text)>;

void GiveByFlag(const Number& number, const std::string& text) {
  const Environment none;
  FakeCommand().command.Parse({"--" + number.path, text});
}

void GiveByVariable(const Number& number, const std::string& text) {
  const Environment environment({Variable(number.path) + "=" + text});
  FakeCommand().command.Parse({});
}

void GiveByFile(const Number& number, const std::string& json) {
  const TestFolder folder;
  const size_t dot = number.path.find('.');
  const std::string inner = "{\"" + number.path.substr(dot == std::string::npos ? 0 : dot + 1) + "\": " + json + "}";
  WriteAll(folder / "c.json",
           dot == std::string::npos ? inner : "{\"" + number.path.substr(0, dot) + "\": " + inner + "}");
  const Environment none;
  FakeCommand().command.Parse({"--config", folder / "c.json"});
}

void ExpectLimits(const Giver& give, ExitCode code, const std::function<std::string(const Number&)>& field) {
  const std::vector<Number> numbers = Numbers();
  ASSERT_EQ(numbers.size(), 9u);
  for (const Number& number : numbers) {
    SCOPED_TRACE(number.path);
    EXPECT_NO_THROW(give(number, Text(number, number.low)));
    EXPECT_NO_THROW(give(number, Text(number, number.high)));
    const std::string expected = number.integer ? "expected an integer in [" : "expected a number in [";
    for (const std::string& bad : {Below(number), Above(number)}) {
      EXPECT_THAT(CatchError([&] { give(number, bad); }),
                  FailsWith(code, AllOf(HasSubstr(field(number)), HasSubstr("is " + bad + ";"), HasSubstr(expected))));
    }
  }
}

TEST(LimitsTest, OfFlags) {
  ExpectLimits(GiveByFlag, ExitCode::kUsage, [](const Number& number) { return "--" + number.path + ": "; });
}

TEST(LimitsTest, OfVariables) {
  ExpectLimits(GiveByVariable, ExitCode::kBadConfiguration,
               [](const Number& number) { return "environment: " + Variable(number.path) + ": "; });
}

TEST(LimitsTest, OfFiles) {
  ExpectLimits(GiveByFile, ExitCode::kBadConfiguration, [](const Number& number) { return number.path + ": "; });
}

TEST(LimitsTest, NoNumbers) {
  for (const Number& number : Numbers()) {
    SCOPED_TRACE(number.path);
    for (const std::string bad : {"nan", "inf", "-inf", "abc", "0x10", "1k", "18446744073709551616x", " 1"}) {
      EXPECT_THAT(CatchError([&] { GiveByFlag(number, bad); }),
                  FailsWith(ExitCode::kUsage, HasSubstr(number.path + ": is ")));
      EXPECT_THAT(CatchError([&] { GiveByVariable(number, bad); }),
                  FailsWith(ExitCode::kBadConfiguration, HasSubstr(Variable(number.path) + ": is ")));
      EXPECT_THAT(CatchError([&] { GiveByFile(number, "\"" + bad + "\""); }),
                  FailsWith(ExitCode::kBadConfiguration, HasSubstr(number.path + ": is the string ")));
    }
    for (const std::string bad : {"null", "true", "[1]", "{}"}) {
      EXPECT_THAT(CatchError([&] { GiveByFile(number, bad); }),
                  FailsWith(ExitCode::kBadConfiguration, HasSubstr(number.path + ": is ")));
    }
    EXPECT_THAT(CatchError([&] { GiveByFile(number, "NaN"); }),
                FailsWith(ExitCode::kBadConfiguration, HasSubstr("c.json:1:")));
    EXPECT_THAT(CatchError([&] { GiveByFlag(number, ""); }),
                FailsWith(ExitCode::kUsage, HasSubstr("is empty; expected a")));
    if (!number.integer) continue;
    EXPECT_THAT(CatchError([&] { GiveByFlag(number, "3.7"); }),
                FailsWith(ExitCode::kUsage, HasSubstr("is 3.7; expected an integer")));
    EXPECT_THAT(CatchError([&] { GiveByFile(number, "3.0"); }),
                FailsWith(ExitCode::kBadConfiguration, HasSubstr("is 3.0; expected an integer")));
  }
}

}  // namespace
}  // namespace tint::testing
