// SPDX-License-Identifier: Apache-2.0
#include "tint/base/json.h"

#include "prelude.h"
#include "tint/base/sha256.h"

namespace tint {
namespace {

constexpr auto kCode = ExitCode::kBadConfiguration;

constexpr char kExample[] =
    "{\n"
    "  \"generate\": {\"alpha\": 0.7, \"count\": 40, \"big\": 3.0},\n"
    "  \"names\" :\t[ \"a\", \"b/c\" ,null],\n"
    "  \"a~b/c\": {\"x\": true},\n"
    "  \"min\": -9223372036854775808, \"max\": 18446744073709551615, \"tiny\": 5e-324, \"zero\": 0e-999\n"
    "}\n";

JsonDocument Example() { return ParseJson(kExample, "c.json", kCode); }

TEST(ParseJson, RecordsThePositionOfEachValue) {
  const JsonDocument document = Example();
  auto at = [&](const std::string& pointer) {
    const TextPosition where = document.Where(pointer);
    return std::to_string(where.line) + ":" + std::to_string(where.column);
  };
  EXPECT_EQ(at(""), "1:1");
  EXPECT_EQ(at("/generate"), "2:15");
  EXPECT_EQ(at("/generate/alpha"), "2:25");
  EXPECT_EQ(at("/generate/count"), "2:39");
  EXPECT_EQ(at("/names"), "3:13");
  EXPECT_EQ(at("/names/0"), "3:15");
  EXPECT_EQ(at("/names/1"), "3:20");
  EXPECT_EQ(at("/names/2"), "3:27");
  EXPECT_EQ(at("/a~0b~1c/x"), "4:18");
  EXPECT_EQ(at("/generate/absent"), "2:15") << "the object that lacks it";
  EXPECT_EQ(at("/nowhere/at/all"), "1:1");
}

TEST(ParseJson, KeepsOrderAndValues) {
  const JsonDocument document = Example();
  std::vector<std::string> keys;
  for (const auto& member : document.root.items()) keys.push_back(member.key());
  EXPECT_THAT(keys, ::testing::ElementsAre("generate", "names", "a~b/c", "min", "max", "tiny", "zero"));
  EXPECT_EQ(document.root["min"].get<int64_t>(), INT64_MIN);
  EXPECT_EQ(document.root["max"].get<uint64_t>(), UINT64_MAX);
  EXPECT_EQ(document.root["tiny"].get<double>(), 5e-324);
  EXPECT_EQ(document.root["zero"].get<double>(), 0.0);
  // The library's own reader is the oracle for what both accept.
  EXPECT_EQ(document.root, Json::parse(kExample));
}

TEST(ParseJson, AgreesWithTheLibraryOnScalarsAndDepth) {
  for (const char* text : {"1", "-0", "\"\\u00e4\\ud83d\\ude00\"", " null ", "[]", "{}", "[[[[]]]]", "{\"\":{\"\":[]}}",
                           "1E5", "[1e308,-1e-300]"}) {
    EXPECT_EQ(ParseJson(text, "c.json", kCode).root, Json::parse(text)) << text;
  }
  EXPECT_EQ(ParseJson(std::string(32, '[') + std::string(32, ']'), "c.json", kCode).positions.size(), 32u);
}

TEST(Require, GivesTypedValues) {
  const JsonDocument document = Example();
  EXPECT_EQ(RequireInteger(document, "/generate/count", 0, 40, kCode), 40);
  EXPECT_EQ(RequireInteger(document, "/min", INT64_MIN, INT64_MAX, kCode), INT64_MIN);
  EXPECT_EQ(RequireNumber(document, "/generate/alpha", 0, 1, kCode), 0.7);
  EXPECT_EQ(RequireNumber(document, "/generate/count", 0, 100, kCode), 40.0);
  EXPECT_EQ(RequireString(document, "/names/1", kCode), "b/c");
  EXPECT_TRUE(RequireBool(document, "/a~0b~1c/x", kCode));
  EXPECT_EQ(RequireArray(document, "/names", kCode).size(), 3u);
  EXPECT_EQ(RequireObject(document, "", kCode).size(), 7u);
}

TEST(Require, NamesPlaceFieldFoundAndExpected) {
  const JsonDocument document = Example();
  auto detail = [&](auto action) { return CatchError([&] { action(); }); };
  EXPECT_THAT(detail([&] { RequireInteger(document, "/generate/count", 1, 39, kCode); }),
              FailsWith(kCode, "c.json:2:39: generate.count: is 40; expected an integer in [1, 39]"));
  EXPECT_THAT(detail([&] { RequireInteger(document, "/generate/big", 1, 39, kCode); }),
              FailsWith(kCode, StartsWith("c.json:2:50: generate.big: is 3.0; expected an integer")));
  EXPECT_THAT(detail([&] { RequireInteger(document, "/max", 0, INT64_MAX, kCode); }),
              FailsWith(kCode, HasSubstr("is 18446744073709551615")));
  EXPECT_THAT(detail([&] { RequireNumber(document, "/generate/alpha", 0, 0.5, kCode); }),
              FailsWith(kCode, HasSubstr("is 0.7; expected a number in [0.0, 0.5]")));
  EXPECT_THAT(detail([&] { RequireNumber(document, "/names/0", 0, 1, kCode); }),
              FailsWith(kCode, HasSubstr("names[0]: is the string \"a\"; expected a number")));
  EXPECT_THAT(detail([&] { RequireString(document, "/generate/alpha", kCode); }),
              FailsWith(kCode, HasSubstr("is 0.7")));
  EXPECT_THAT(detail([&] { RequireString(document, "/names/2", kCode); }), FailsWith(kCode, HasSubstr("is null")));
  EXPECT_THAT(detail([&] { RequireBool(document, "/names", kCode); }), FailsWith(kCode, HasSubstr("is a list of 3")));
  EXPECT_THAT(detail([&] { RequireArray(document, "/generate", kCode); }),
              FailsWith(kCode, HasSubstr("is an object with 3 members")));
  EXPECT_THAT(detail([&] { RequireObject(document, "/names", kCode); }),
              FailsWith(kCode, HasSubstr("expected an object")));
  EXPECT_THAT(detail([&] { RequireString(document, "/generate/absent", kCode); }),
              FailsWith(kCode, StartsWith("c.json:2:15: generate.absent: is missing; expected a string")));
  EXPECT_THAT(detail([&] { RequireString(document, "/names/7", kCode); }),
              FailsWith(kCode, HasSubstr("names[7]: is missing")));
}

TEST(RejectUnknownKeys, NamesTheNearest) {
  const JsonDocument document = Example();
  RejectUnknownKeys(document, "/generate", {"alpha", "big", "count", "more"}, kCode);
  EXPECT_THAT(CatchError([&] {
                RejectUnknownKeys(document, "/generate", {"alpha", "counts", "big"}, kCode);
              }),
              FailsWith(kCode, AllOf(StartsWith("c.json:2:39: generate.count: is an unknown key"),
                                     HasSubstr("Did you mean 'counts'?"))));
  EXPECT_THAT(CatchError([&] {
                RejectUnknownKeys(document, "", {"generate", "names"}, kCode);
              }),
              FailsWith(kCode, HasSubstr("c.json:4:12: a~b/c")));
}

TEST(CanonicalJson, SortsKeysAndLeavesBlanksOut) {
  const Json value = Json::parse(R"({"b": [1, {"z": 1, "a": 2}], "a": {"y": "ä\n", "x": null}, "B": 1.0})");
  EXPECT_EQ(CanonicalJson(value), R"({"B":1.0,"a":{"x":null,"y":"ä\n"},"b":[1,{"a":2,"z":1}]})");
  EXPECT_EQ(CanonicalJson(Json::parse("[0.1, 1e300, -0.0, 1e22, 5e-324, 123456789012345678]")),
            "[0.1,1e+300,-0.0,1e+22,5e-324,123456789012345678]");
}

TEST(CanonicalJson, DoesNotDependOnOrderOrBlanks) {
  EXPECT_EQ(CanonicalJson(Json::parse(R"({"a":1,"b":{"c":2,"d":3}})")),
            CanonicalJson(Json::parse("{ \"b\" : {\"d\":3, \"c\":2},\n\"a\":1 }")));
  EXPECT_NE(CanonicalJson(Json::parse("[1]")), CanonicalJson(Json::parse("[1.0]")));
}

TEST(CanonicalJson, RefusesWhatJsonCannotSay) {
  EXPECT_EQ(CatchError([] { CanonicalJson(Json{{"loss", 0.0 / 0.0}}); }).code(), ExitCode::kInternal);
  EXPECT_EQ(CatchError([] { CanonicalJson(Json{{"a", {1.0, 1.0 / 0.0}}}); }).code(), ExitCode::kInternal);
  EXPECT_EQ(CatchError([] { CanonicalJson(Json("\xff")); }).code(), ExitCode::kInternal);
}

TEST(Seal, HoldsForWhatWasSealed) {
  const Json object = {{"b", 1}, {"a", {0.1, -0.0, 1e22}}, {"name", "ä"}};
  const std::string text = SealJson(object);
  const JsonDocument document = ParseJson(text, "done.json", ExitCode::kCorrupt);
  CheckSeal(document);
  EXPECT_EQ(text.back(), '\n');
  EXPECT_EQ(std::prev(document.root.end()).key(), "self_sha256") << "last";
  EXPECT_EQ(document.root["self_sha256"], Sha256Hex(R"({"a":[0.1,-0.0,1e+22],"b":1,"name":"ä"})"));
  EXPECT_EQ(SealJson(document.root), text) << "sealing again changes nothing";
}

TEST(Seal, FindsEveryChangedByte) {
  const std::string text = SealJson({{"count", 40}, {"alpha", 0.7}, {"files", {"a", "b"}}, {"done", true}});
  const std::string meaning = CanonicalJson(Json::parse(text));
  int found = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      try {
        const JsonDocument document = ParseJson(changed, "done.json", ExitCode::kCorrupt);
        CheckSeal(document);
        EXPECT_EQ(CanonicalJson(document.root), meaning) << i << ", bit " << bit << ": " << changed;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::kCorrupt);
        ++found;
      }
    }
  }
  EXPECT_GT(found, static_cast<int>(7 * text.size()));
}

TEST(Seal, FailsWhenAbsentOrWrong) {
  auto check = [](const std::string& text) {
    return CatchError([&] { CheckSeal(ParseJson(text, "done.json", ExitCode::kCorrupt)); });
  };
  EXPECT_THAT(check("{}"), FailsWith(ExitCode::kCorrupt, HasSubstr("self_sha256: is missing")));
  EXPECT_THAT(check("[]"), FailsWith(ExitCode::kCorrupt, HasSubstr("expected an object")));
  EXPECT_THAT(check("{\"self_sha256\": 3}"), FailsWith(ExitCode::kCorrupt, HasSubstr("self_sha256: is 3")));
  EXPECT_THAT(
      check("{\"self_sha256\": \"00\"}"),
      FailsWith(ExitCode::kCorrupt, AllOf(HasSubstr("done.json:1:17: self_sha256: is 00"), HasSubstr("changed"))));
}

}  // namespace
}  // namespace tint
