// SPDX-License-Identifier: Apache-2.0

#include <cstdio>

#include "hostile_names.h"
#include "prelude.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/data/episode_file.h"

namespace tint {
namespace {

const std::string kHash(64, 'a');

// A good file of one episode; each test changes one thing.
std::string Good() {
  return "{\"schema\": 1,\n"
         " \"dataset\": \"miniimagenet\",\n"
         " \"split\": \"test\",\n"
         " \"seed\": 7,\n"
         " \"generator\": \"by hand\",\n"
         " \"dataset_sha256\": \"" +
         kHash +
         "\",\n"
         " \"episodes\": [\n"
         "  {\"classes\": [\"cat\", \"dog\"],\n"
         "   \"support\": [[\"c1.jpg\", \"c2.jpg\"], [\"d1.jpg\"]],\n"
         "   \"query\": [[\"c3.jpg\"], [\"d2.jpg\", \"d3.jpg\"]]}]}\n";
}

std::string With(const std::string& from, const std::string& to) {
  std::string text = Good();
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

EpisodeFile Read(const std::string& text) {
  TestFolder folder;
  WriteAll(folder / "episodes.json", text);
  return ReadEpisodeFile(folder / "episodes.json");
}

Error ReadError(const std::string& text) {
  return CatchError([&] { Read(text); });
}

TEST(ReadEpisodeFile, AcceptsListsAndRest) {
  const EpisodeFile lists = Read(Good());
  EXPECT_EQ(lists.sha256, Sha256Hex(Good()));
  EXPECT_EQ(lists.dataset, "miniimagenet");
  EXPECT_EQ(lists.split, "test");
  EXPECT_EQ(lists.seed, 7u);
  EXPECT_EQ(lists.generator, "by hand");
  EXPECT_EQ(lists.dataset_sha256, kHash);
  ASSERT_EQ(lists.episodes.size(), 1u);
  EXPECT_THAT(lists.episodes[0].classes, ElementsAre("cat", "dog"));
  EXPECT_THAT(lists.episodes[0].support, ElementsAre(ElementsAre("c1.jpg", "c2.jpg"), ElementsAre("d1.jpg")));
  EXPECT_THAT(lists.episodes[0].query, ElementsAre(ElementsAre("c3.jpg"), ElementsAre("d2.jpg", "d3.jpg")));
  EXPECT_FALSE(lists.episodes[0].query_rest);
  const EpisodeFile rest = Read(With("[[\"c3.jpg\"], [\"d2.jpg\", \"d3.jpg\"]]", "\"rest\""));
  EXPECT_TRUE(rest.episodes[0].query_rest);
  EXPECT_TRUE(rest.episodes[0].query.empty());
}

TEST(ReadEpisodeFile, AcceptsOneClassEqualNamesInTwoClassesAndTheLargestSeed) {
  const EpisodeFile file = Read(With("7,", "18446744073709551615,"));
  EXPECT_EQ(file.seed, UINT64_MAX);
  EXPECT_EQ(Read(With("\"d1.jpg\"", "\"c1.jpg\"")).episodes[0].support[1][0], "c1.jpg");
  std::string one = With("\"cat\", \"dog\"", "\"cat\"");
  one.replace(one.find(", [\"d1.jpg\"]"), 12, "");
  one.replace(one.find(", [\"d2.jpg\", \"d3.jpg\"]"), 22, "");
  EXPECT_EQ(Read(one).episodes[0].classes.size(), 1u);
}

struct BadFile {
  std::string from, to;  // changed in the good file; an empty `from` replaces all of it
  std::string place;     // "line:column" or "line"
  std::string field, found;
};

const std::vector<BadFile> kBadFiles = {
    {"", "", "", "", "is empty"},
    {"", "[1, 2]", "1:1", "", "is a list"},
    {"", "{\"schema\": 1,}", "1:14", "", ""},
    {"", std::string(100, '['), "1:", "", "deep"},
    {"\"schema\": 1,", "", "1:1", "schema", "is missing"},
    {"\"schema\": 1", "\"schema\": 2", "1:12", "schema", "newer version of tint"},
    {"\"schema\": 1", "\"schema\": 1.0", "1:12", "schema", "is 1.0"},
    {"\"schema\": 1", "\"schema\": \"1\"", "1:12", "schema", "the string 1"},
    {"\"schema\": 1", "\"schema\": 1, \"schema\": 1", "1:15", "", "duplicate key schema"},
    {"\"split\"", "\"spilt\"", "3:11", "spilt", "Did you mean 'split'?"},
    {"\"split\"", "\"spilt\"", "1:1", "split", "is missing"},
    {"\"miniimagenet\"", "\"../secret\"", "2:13", "dataset", "contains a '/'"},
    {"\"miniimagenet\"", "null", "2:13", "dataset", "is null"},
    {"\"test\"", "\"\"", "3:11", "split", "is empty"},
    {"\"test\"", "\"-rf\"", "3:11", "split", "begins with '-'"},
    {"7,", "-1,", "4:10", "seed", "is -1"},
    {"7,", "7.5,", "4:10", "seed", "is 7.5"},
    {"7,", "18446744073709551616,", "4:10", "", "out of range"},
    {"7,", "\"7\",", "4:10", "seed", "18446744073709551615"},
    {"\"by hand\"", "3", "5:15", "generator", "is 3"},
    {"\"by hand\"", "\"" + std::string(201, 'g') + "\"", "5:15", "generator", "201 bytes"},
    {"\"" + kHash, "\"A" + kHash.substr(1), "6:20", "dataset_sha256", "64 hexadecimal digits"},
    {"\"" + kHash, "\"" + kHash.substr(1), "6:20", "dataset_sha256", "64 hexadecimal digits"},
    {"\"episodes\"", "\"episode\"", "7:13", "episode", "Did you mean 'episodes'?"},
    {"{\"classes\": [\"cat\", \"dog\"],", "3, {\"classes\": [\"cat\", \"dog\"],", "8:3", "episodes[0]", "is 3"},
    {"\"classes\"", "\"class\"", "8:13", "class", "Did you mean 'classes'?"},
    {"[\"cat\", \"dog\"]", "\"cat\"", "8:15", "classes", "the string cat"},
    {"[\"cat\", \"dog\"]", "[\"cat\", 5]", "8:23", "episodes[0].classes[1]: ", "is 5"},
    {"[\"cat\", \"dog\"]", "[\"cat\", \"cat\"]", "8:23", "episodes[0].classes[1]: ", "already"},
    {"[\"cat\", \"dog\"]", "[]", "8:15", "classes", "empty list"},
    {"[\"cat\", \"dog\"]", "[\"cat\", \"dog\", \"cow\"]", "9:15", "support", "has 2 lists"},
    {"[\"cat\", \"dog\"]", "[\"cat\", \"dog\", \"cow\"]", "10:13", "query", "expected 3"},
    {"[\"d1.jpg\"]", "[]", "9:38", "episodes[0].support[1]: ", "empty list"},
    {"[\"d1.jpg\"]", "\"d1.jpg\"", "9:38", "episodes[0].support[1]: ", "list of file names"},
    {"\"c2.jpg\"", "\"c1.jpg\"", "9:27", "episodes[0].support[0][1]: ", "c1.jpg is already element 0"},
    {"\"c2.jpg\"", "false", "9:27", "episodes[0].support[0][1]: ", "is false"},
    {"\"c3.jpg\"", "\"c2.jpg\"", "10:15", "episodes[0].query[0][0]: ", "support of the same class"},
    {"[[\"c3.jpg\"], [\"d2.jpg\", \"d3.jpg\"]]", "\"all\"", "10:13", "query", "\"rest\""},
    {"[[\"c3.jpg\"], [\"d2.jpg\", \"d3.jpg\"]]", "{}", "10:13", "query", "\"rest\""},
    {",\n   \"query\": [[\"c3.jpg\"], [\"d2.jpg\", \"d3.jpg\"]]", "", "8:3", "query", "is missing"},
    {"\"c1.jpg\", \"c2.jpg\"", "\"caf\u00e9\", \"cafe\u0301\"", "9:26",
     "episodes[0].support[0][1]: ", "Unicode normalization"},
    {"\"cat\", \"dog\"", "\"caf\u00e9\", \"cafe\u0301\"", "8:25", "episodes[0].classes[1]: ", "Unicode normalization"},
};

TEST(ReadEpisodeFile, NamesFileLineColumnFieldAndProblem) {
  EXPECT_GE(kBadFiles.size(), 40u);
  for (const BadFile& one : kBadFiles) {
    const std::string text = one.from.empty() ? one.to : With(one.from, one.to);
    EXPECT_THAT(ReadError(text), FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("episodes.json:" + one.place),
                                                                      HasSubstr(one.field), HasSubstr(one.found))))
        << one.from << " -> " << one.to.substr(0, 80);
  }
}

TEST(ReadEpisodeFile, RefusesSupportAndQueryEqualAfterNormalization) {
  std::string text = With("\"c2.jpg\"", "\"caf\u00e9\"");
  text.replace(text.find("c3.jpg"), 6, "cafe\u0301");
  EXPECT_THAT(ReadError(text), FailsWith(ExitCode::kBadInput, AllOf(HasSubstr(":10:"), HasSubstr("query[0]"),
                                                                    HasSubstr("Unicode normalization"))));
}

TEST(ReadEpisodeFile, ReportsAllProblemsAtOnce) {
  std::string text = With("7,", "-1,");
  text.replace(text.find("\"test\""), 6, "\"a/b\"");
  text.replace(text.find("c2.jpg"), 6, "c1.jpg");
  text.replace(text.find("\"query\""), 7, "\"Query\"");
  const std::string message = ReadError(text).what();
  EXPECT_EQ(Split(message, '\n').size(), 5u) << message;
  EXPECT_THAT(message,
              AllOf(HasSubstr(":3:11: split"), HasSubstr(":4:10: seed"), HasSubstr(":9:27: episodes[0].support[0][1]"),
                    HasSubstr("Did you mean 'query'?"), HasSubstr("query: is missing")));
}

TEST(ReadEpisodeFile, CutsALongListOfProblems) {
  std::string classes = "[";
  for (int i = 0; i < 100; ++i) classes += "\"a/" + std::to_string(i) + "\", ";
  const std::string message = ReadError(With("[\"cat\", \"dog\"]", classes + "\"x\"]")).what();
  EXPECT_EQ(Split(message, '\n').size(), 21u);
  EXPECT_THAT(message, HasSubstr("and 82 more problems"));  // 100 names; as many supports and queries as before
}

// As JSON writes it; bytes that are not UTF-8 stay as they are.
std::string Quoted(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) {
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned char>(c));
    const bool escape = (c >= 0 && c < 0x20) || c == '"' || c == '\\';
    out += escape ? std::string(escaped) : std::string(1, c);
  }
  return out + "\"";
}

TEST(ReadEpisodeFile, RefusesHostileNamesEverywhere) {
  for (const auto& [name, why] : testing::HostileNames()) {
    for (const std::string place : {"\"miniimagenet\"", "\"test\"", "\"dog\"", "\"d1.jpg\"", "\"d3.jpg\""}) {
      // Text that is not UTF-8 is reported as invalid JSON.
      EXPECT_THAT(ReadError(With(place, Quoted(name))),
                  FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("episodes.json:"), HasSubstr(why))))
          << ::testing::PrintToString(name) << " in place of " << place;
    }
  }
}

TEST(ReadEpisodeFile, RefusesFilesThatAreMissingOrTooLarge) {
  TestFolder folder;
  EXPECT_THAT(CatchError([&] { ReadEpisodeFile(folder / "none.json"); }),
              FailsWith(ExitCode::kMissingInput, HasSubstr("none.json")));
  EXPECT_THAT(CatchError([&] { ReadEpisodeFile(folder.path()); }), FailsWith(ExitCode::kBadInput, HasSubstr("folder")));
  WriteAll(folder / "large.json", std::string((10 << 20) + 1, ' '));
  EXPECT_THAT(CatchError([&] { ReadEpisodeFile(folder / "large.json"); }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("large.json"), HasSubstr("10.0 MiB"))));
}

}  // namespace
}  // namespace tint
