// SPDX-License-Identifier: Apache-2.0
#include "tint/options/option.h"

#include <gmock/gmock.h>

#include "fake_command.h"
#include "files.h"
#include "member_count.h"
#include "tint/base/json.h"

namespace tint::testing {
namespace {

using ::testing::HasSubstr;

static_assert(kMemberCount<FakeGlobal> == 5);
static_assert(kMemberCount<FakeNullText> == 2);
static_assert(kMemberCount<FakeGenerate> == 4);
struct Nothing {};
static_assert(kMemberCount<Nothing> == 0);
struct Nested {
  FakeGenerate generate;
  std::vector<int> list;
};
static_assert(kMemberCount<Nested> == 2);

TEST(MemberCountTest, EqualsTheDeclaredOptions) {
  FakeGlobal global;
  FakeGenerate generate;
  OptionList of_global, of_generate;
  global.Declare(of_global);
  generate.Declare(of_generate);
  EXPECT_EQ(of_global.options().size(), kMemberCount<FakeGlobal>);
  EXPECT_EQ(of_generate.options().size(), kMemberCount<FakeGenerate>);
}

TEST(OptionTest, TellsWhatItExpects) {
  int64_t integer = 3;
  double number = 0.5;
  bool flag = false;
  std::string text = "adam";
  EXPECT_EQ(Option("a", &integer, "").Expected(), "an integer");
  EXPECT_EQ(Option("a", &integer, "").Range(1, 1000000).Expected(), "an integer in [1, 1000000]");
  EXPECT_EQ(Option("a", &integer, "").Range(1, INFINITY).Expected(), "an integer of at least 1");
  EXPECT_EQ(Option("a", &number, "").Range(1e-6, 0.5).Expected(), "a number in [1e-06, 0.5]");
  EXPECT_EQ(Option("a", &number, "").Range(-INFINITY, 0).Expected(), "a number of at most 0");
  EXPECT_EQ(Option("a", &flag, "").Expected(), "true or false");
  EXPECT_EQ(Option("a", &text, "").Expected(), "a string");
  EXPECT_EQ(Option("a", &text, "").Choices({"adam", "adamw"}).Expected(), "one of adam, adamw");
  EXPECT_EQ(Option("a", &text, "").Choices({"adam", "adamw"}).NearestChoice("adm"), "Did you mean 'adam'?");
  EXPECT_EQ(Option("a", &integer, "").default_value(), Json(3));
  EXPECT_EQ(Option("a", &number, "").TypeName(), "number");
}

TEST(OptionTest, ReadsWholeNumbersOnly) {
  int64_t integer = 3;
  Option option("a", &integer, "");
  for (const char* good : {"0", "-1", "9223372036854775807", "-9223372036854775808"}) {
    EXPECT_EQ(option.SetFromText(good), "") << good;
    EXPECT_EQ(std::to_string(integer), good);
  }
  integer = 3;
  for (const char* bad : {"", " 1", "1 ", "+1", "1.0", "3.7", "1e3", "0x10", "10k", "nan", "inf", "true", "1,000",
                          "--1", "9223372036854775808", "18446744073709551616", "-9223372036854775809", "١"}) {
    EXPECT_THAT(option.SetFromText(bad), HasSubstr(*bad ? bad : "is empty"));
    EXPECT_EQ(integer, 3) << bad;
  }
}

TEST(OptionTest, ReadsFiniteNumbersOnly) {
  double number = 3;
  Option option("a", &number, "");
  EXPECT_EQ(option.SetFromText("1e-3"), "");
  EXPECT_EQ(number, 1e-3);
  EXPECT_EQ(option.SetFromText("-7"), "");
  EXPECT_EQ(number, -7);
  EXPECT_EQ(option.SetFromText("-0"), "");
  EXPECT_EQ(option.Get().dump(), "0.0");
  for (const char* bad : {"", "nan", "NaN", "inf", "-inf", "infinity", "1e999", "0x1p3", "1.5x", "1,5", " 1", "1f"}) {
    EXPECT_NE(option.SetFromText(bad), "") << bad;
    EXPECT_EQ(number, 0) << bad;
  }
}

TEST(OptionTest, ReadsBooleans) {
  bool flag = false;
  Option option("a", &flag, "");
  for (const char* yes : {"true", "1", "yes"}) {
    flag = false;
    EXPECT_EQ(option.SetFromText(yes), "");
    EXPECT_TRUE(flag) << yes;
  }
  for (const char* no : {"false", "0", "no"}) {
    flag = true;
    EXPECT_EQ(option.SetFromText(no), "");
    EXPECT_FALSE(flag) << no;
  }
  for (const char* bad : {"", "True", "on", "2", "y"}) EXPECT_NE(option.SetFromText(bad), "") << bad;
  EXPECT_NE(option.SetFromJson(1), "");
  EXPECT_EQ(option.SetFromJson(true), "");
  EXPECT_TRUE(flag);
}

TEST(OptionTest, ReadsJsonOfItsTypeOnly) {
  int64_t integer = 3;
  double number = 3;
  std::string text = "x";
  Option of_integer("a", &integer, ""), of_number("b", &number, ""), of_text("c", &text, "");
  EXPECT_EQ(of_integer.SetFromJson(Json::parse("3.0")), "is 3.0");
  EXPECT_EQ(of_integer.SetFromJson(Json::parse("18446744073709551615")), "is 18446744073709551615");
  EXPECT_EQ(of_integer.SetFromJson(Json::parse("\"3\"")), "is the string \"3\"");
  EXPECT_EQ(of_integer.SetFromJson(Json::parse("null")), "is null");
  EXPECT_EQ(of_integer.SetFromJson(Json::parse("[1, 2]")), "is a list of 2");
  EXPECT_EQ(of_integer.SetFromJson(Json::parse("-4")), "");
  EXPECT_EQ(integer, -4);
  EXPECT_EQ(of_number.SetFromJson(Json(7)), "");
  EXPECT_EQ(number, 7);
  EXPECT_EQ(of_number.SetFromJson(true), "is true");
  EXPECT_EQ(of_text.SetFromJson(3), "is 3");
  EXPECT_EQ(of_text.SetFromJson("y"), "");
  EXPECT_EQ(text, "y");
}

TEST(OptionTest, EnumsAreReadAndWrittenByName) {
  FakeSampler sampler = FakeSampler::kDdim;
  OptionList list;
  Option& option = list.Add("sampler", &sampler, "");
  EXPECT_EQ(option.Expected(), "one of ddim, plms");
  EXPECT_EQ(option.default_value(), Json("ddim"));
  EXPECT_EQ(option.SetFromText("plms"), "");
  EXPECT_EQ(sampler, FakeSampler::kPlms);
  EXPECT_EQ(list.KeyValues().dump(), R"({"sampler":"plms"})");
  EXPECT_EQ(option.SetFromJson("ddim"), "");
  EXPECT_EQ(sampler, FakeSampler::kDdim);
  for (const char* bad : {"", "DDIM", "ddi", "0"}) EXPECT_NE(option.SetFromText(bad), "") << bad;
  EXPECT_EQ(option.SetFromJson(1), "is 1");
  EXPECT_EQ(option.NearestChoice("plm"), "Did you mean 'plms'?");
  EXPECT_EQ(sampler, FakeSampler::kDdim);
  // An option may allow some of the names only.
  EXPECT_EQ(option.Choices({"ddim"}).SetFromText("plms"), "is plms");
  EXPECT_EQ(ToString(FakeSampler::kPlms), "plms");
  EXPECT_EQ(FromString<FakeSampler>("plms"), FakeSampler::kPlms);
  EXPECT_EQ(FromString<FakeSampler>("plm"), std::nullopt);
}

TEST(OptionTest, TextInKeysIsUtf8) {
  std::string text;
  Option in_key("a", &text, ""), outside = Option("b", &text, "").NotInKey();
  EXPECT_THAT(in_key.SetFromText("\xff"), HasSubstr("not UTF-8"));
  EXPECT_EQ(outside.SetFromText("\xff"), "");
  EXPECT_THAT(outside.SetFromJson(std::string("a\0b", 3)), HasSubstr("zero byte"));
}

// Bounds beyond 2^53 are not rounded onto their neighbours.
TEST(OptionTest, KeepsBoundsOfLargeIntegers) {
  int64_t integer = 0;
  Option option = Option("a", &integer, "").Range(0, 9007199254740992.0);
  EXPECT_EQ(option.SetFromText("9007199254740992"), "");
  EXPECT_EQ(option.SetFromText("9007199254740993"), "is 9007199254740993");
}

TEST(OptionListTest, HoldsKeyValuesInOrder) {
  FakeDistill distill;
  OptionList list;
  distill.Declare(list);
  EXPECT_EQ(list.KeyValues().dump(), R"({"steps":10000,"learning-rate":0.1})");
  EXPECT_EQ(list.Find("workers")->name(), "workers");
  EXPECT_EQ(list.Find("work"), nullptr);
  EXPECT_THAT(CatchError([&] { list.Add("steps", &distill.steps, ""); }),
              FailsWith(ExitCode::kInternal, HasSubstr("steps")));
}

}  // namespace
}  // namespace tint::testing
