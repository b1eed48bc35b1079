// SPDX-License-Identifier: Apache-2.0
// Files of episodes, and names from outside.
#include "bad_cases.h"
#include "files.h"
#include "small_data.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;

constexpr ExitCode kBad = ExitCode::kBadInput;

// Each case changes one thing.
constexpr char kGood[] = R"({"schema": 1,
 "dataset": "small",
 "split": "test",
 "seed": 7,
 "generator": "by hand",
 "dataset_sha256": "{hash}",
 "episodes": [
  {"classes": ["red-disc", "blue-cross"],
   "support": [["0002.png", "0003.png"], ["0002.png"]],
   "query": [["0004.png"], ["0003.png"]]}]}
)";

std::string With(const std::string& from, const std::string& to) {
  std::string text = kGood;
  if (from.empty()) return to;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::vector<std::string> Episode(const std::vector<std::string>& more = {}, const std::string& dataset = "small") {
  std::vector<std::string> arguments = {"super-resolve", "--json",    "--run", "{run}",      "--models",
                                        "{models}",      "--dataset", dataset, "--episodes", "{file}"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

void AddForm(std::vector<BadCase>* cases) {
  const auto add = [&](const std::string& name, const std::string& from, const std::string& to,
                       const std::vector<std::string>& message, size_t faults = 1) {
    cases->push_back({.name = "Episodes" + name,
                      .arguments = Episode(),
                      .code = kBad,
                      .message = message,
                      .file = With(from, to),
                      .faults = faults});
  };
  add("NoJson", "", "episodes: 3\n", {"{file}:1:1: invalid literal (reading a JSON value)"});
  add("KeyTwice", "\"seed\": 7", "\"seed\": 7, \"seed\": 8",
      {"{file}:4:13: duplicate key seed; expected each key once per object"});
  add("NewerSchema", "\"schema\": 1", "\"schema\": 2",
      {"{file}:1:12: schema: is 2; expected 1. A newer version of tint may have"});
  add("SchemaAbsent", "\"schema\": 1,", "", {"{file}:1:1: schema: is missing; expected 1"});
  add("KeyNearAnother", "\"split\"", "\"spilt\"",
      {"{file}:3:11: spilt: is an unknown key; expected one of schema, dataset, split, seed, ",
       "Did you mean 'split'?\n", "{file}:1:1: split: is missing"},
      2);
  add("NegativeSeed", "7,", "-1,", {"{file}:4:10: seed: is -1; expected an integer in [0, 18446744073709551615]"});
  add("Hash", "{hash}", "12ab", {"{file}:6:20: dataset_sha256: is the string 12ab; expected 64 hexadecimal digits"});
  add("NoEpisodes", "\"episodes\": [", "\"episodes\": [], \"more\": [",
      {"{file}:7:26: more: is an unknown key", "{file}:7:14: episodes: has 0 episodes; expected 1 to 100000"}, 2);
  add("ClassTwice", "\"red-disc\", ", "\"blue-cross\", ",
      {"{file}:8:30: episodes[0].classes[1]: blue-cross is already element 0; expected each name once"});
  add("OneClassForTwoLists", ", \"blue-cross\"", "",
      {"{file}:9:15: episodes[0].support: has 2 lists; expected 1, one for each of its classes\n",
       "{file}:10:13: episodes[0].query: has 2 lists"},
      2);
  add("SupportTwice", "\"0003.png\"", "\"0002.png\"",
      {"{file}:9:29: episodes[0].support[0][1]: 0002.png is already element 0; expected each name once"});
  add("SupportInQuery", "\"0004.png\"", "\"0003.png\"",
      {"{file}:10:15: episodes[0].query[0][0]: 0003.png is a support of the same class; expected queries that are no"});
  add("SupportEmpty", "[\"0002.png\"]]", "[]]",
      {"{file}:9:42: episodes[0].support[1]: is an empty list; expected at least one name"});
}

// What the file says does not fit the data set or the command line.
void AddContent(std::vector<BadCase>* cases) {
  const auto add = [&](const std::string& name, const std::string& from, const std::string& to,
                       const std::vector<std::string>& message, ExitCode code = kBad,
                       const std::vector<std::string>& more = {}) {
    cases->push_back({.name = "Episodes" + name,
                      .arguments = Episode(more),
                      .code = code,
                      .message = message,
                      .file = With(from, to)});
  };
  add("OtherDataset", "\"small\"", "\"large\"", {"{file}: dataset: large; expected small, as --dataset says"});
  add("SplitAbsent", "\"test\"", "\"tset\"",
      {"{data}/small: split: contains neither tset.zip nor a folder tset; expected one of ", "Did you mean 'test'?"},
      ExitCode::kMissingInput);
  add("ClassNearAnother", "red-disc", "red-disk",
      {"{file}: episodes[0]: class red-disk is not in the data set (Did you mean 'red-disc'?)"});
  add("SupportAbsent", "0003.png", "0099.png", {"{file}: episodes[0]: class red-disc has no file 0099.png"});
  add("IndexBehindTheLast", "", kGood, {"{file}: episode: the file has no episode 1; expected 0 to 0"}, kBad,
      {"--episode", "1"});
  const std::string wrong(64, '0');
  cases->push_back({.name = "EpisodesOfAnotherContent",
                    .arguments = {"episodes", "check", "--json", "{file}"},
                    .code = kBad,
                    .message = {"{file}: episodes: ",
                                "the episodes were drawn from different content of small:test: "
                                "the file's dataset_sha256 is " +
                                    wrong + ", that of the data set is {hash}"},
                    .file = With("{hash}", wrong),
                    .reports = true});
  cases->push_back({.name = "EpisodesOfAFolder",
                    .arguments = {"episodes", "check", "{data}"},
                    .code = kBad,
                    .message = {"{data}: is a folder; expected a regular file"}});
}

void AddNamesInEpisodes(std::vector<BadCase>* cases) {
  const auto add = [&](const std::string& name, const std::string& from, const std::string& to,
                       const std::string& message) {
    cases->push_back({.name = "HostileEpisode" + name,
                      .arguments = Episode(),
                      .code = kBad,
                      .message = {"{file}:" + message},
                      .file = With(from, to)});
  };
  const std::string plain = "; expected a plain name";
  add("ClassUpwards", "red-disc", "../train/x",
      "8:16: episodes[0].classes[0]: the name ../train/x contains a '/'" + plain);
  add("ClassAbsolute", "red-disc", "/etc", "8:16: episodes[0].classes[0]: the name /etc contains a '/'" + plain);
  add("ClassHyphen", "red-disc", "-rf", "8:16: episodes[0].classes[0]: the name -rf begins with '-'");
  add("FileUpwards", "0004.png", "../../x.png",
      "10:15: episodes[0].query[0][0]: the name ../../x.png contains a '/'" + plain);
  add("FileBackslash", "0004.png", R"(..\\x.png)",
      R"(10:15: episodes[0].query[0][0]: the name ..\x.png contains a '\')");
  add("FileNul", "0004.png", R"(a\u0000.png)",
      R"(10:15: episodes[0].query[0][0]: the name 'a\x00.png' contains a NUL byte)");
  add("FileNewline", "0004.png", R"(a\nb.png)",
      R"(10:15: episodes[0].query[0][0]: the name 'a\nb.png' contains a control)");
  add("FileTurnsText", "0004.png", R"(a\u202egnp.exe)", "10:15: episodes[0].query[0][0]: the name 'a");
  add("FileLong", "0004.png", std::string(256, 'x'), "10:15: episodes[0].query[0][0]: the name xxxxxxxx");
  add("FileTwins", R"("0002.png", "0003.png")", R"("caf\u00e9", "cafe\u0301")",
      "9:30: episodes[0].support[0][1]: cafe\u0301 differs from an earlier name only in Unicode normalization; "
      "expected distinct names");
  add("DatasetUpwards", "\"small\"", "\"../small\"", "2:13: dataset: the name ../small contains a '/'" + plain);
  add("SplitAbsolute", "\"test\"", "\"/tmp\"", "3:11: split: the name /tmp contains a '/'" + plain);
}

void AddNamesInFolders(std::vector<BadCase>* cases) {
  const auto add = [&](const std::string& name, const std::string& message,
                       const std::function<void(const fs::path& here)>& prepare) {
    cases->push_back({.name = "HostileFolder" + name,
                      .arguments = Photos({}, "{here}/photos"),
                      .code = kBad,
                      .message = {message},
                      .prepare = prepare});
  };
  add("ClassHyphen", "{here}/photos/-rf: its name begins with '-', as options do; expected a plain name",
      [](const fs::path& here) { WriteAll(here / "photos/-rf/1.png", "a"); });
  add("ClassNewline", R"('{here}/photos/a\nb': its name contains a control character; expected a plain name)",
      [](const fs::path& here) { WriteAll(here / "photos/a\nb/1.png", "a"); });
  add("PhotoTwins", "{here}/photos/cat: two names differ only in Unicode normalization", [](const fs::path& here) {
    WriteAll(here / "photos/cat/caf\u00e9.png", "a");
    WriteAll(here / "photos/cat/cafe\u0301.png", "b");
  });
  add("PhotoLinkOut",
      "{here}/photos/cat/2.png: is a symbolic link to {here}/elsewhere/2.png, outside the folder; expected a file "
      "below",
      [](const fs::path& here) {
        WriteAll(here / "photos/cat/1.png", "a");
        WriteAll(here / "elsewhere/2.png", "b");
        fs::create_symlink(here / "elsewhere/2.png", here / "photos/cat/2.png");
      });
  add("ClassLinkOut",
      "{here}/photos/cat: is a symbolic link to {here}/elsewhere, outside the folder; expected a file below",
      [](const fs::path& here) {
        WriteAll(here / "elsewhere/2.png", "b");
        fs::create_directory(here / "photos");
        fs::create_directory_symlink(here / "elsewhere", here / "photos/cat");
      });
  cases->push_back({.name = "HostileFolderRunLeadsOut",
                    .arguments = Photos({}),
                    .code = ExitCode::kCannotCreate,
                    .message = {"{run}/episodes: is a link or a device; expected a folder of this run"},
                    .prepare = [](const fs::path& here) {
                      fs::create_directory(here / "elsewhere");
                      fs::create_directories(here / "for/the/run");
                      fs::create_directory_symlink(here / "elsewhere", here / "for/the/run/episodes");
                    }});
}

// Members of an archive, which is opened as a set of base images.
void AddNamesInArchives(std::vector<BadCase>* cases) {
  const auto add = [&](const std::string& name, const ZipEntry& entry, const std::string& message) {
    cases->push_back({.name = "HostileArchive" + name,
                      .arguments = Photos({"--base", "packed:test"}),
                      .code = kBad,
                      .message = {"{here}/packed/test.zip: " + message},
                      .environment = {{"TINT_DATA", "{here}"}},
                      .prepare = [entry](const fs::path& here) {
                        WriteZip(here / "packed/test.zip", {{"test/cat/1.png", "an image"}, entry});
                      }});
  };
  add("MemberUpwards", {"test/../../planted.png", "x"},
      "test/../../planted.png: leads out of the archive; expected test/CLASS/FILE and nothing else");
  add("MemberAbsolute", {"/tmp/planted.png", "x"},
      "/tmp/planted.png: is an absolute path; expected test/CLASS/FILE and");
  add("MemberIsALink", {.name = "test/cat/2.png", .bytes = "/etc/passwd", .link = true},
      "test/cat/2.png: is a symbolic link; expected files");
  add("MemberHyphen", {"test/-rf/1.png", "x"}, "test/-rf/1.png: the part -rf begins with '-'");
  add("MemberControl", {"test/cat/\x1b[2J.png", "x"},
      "'test/cat/\\x1b[2J.png': the part '\\x1b[2J.png' contains a control");
}

}  // namespace

std::vector<BadCase> EpisodeCases() {
  std::vector<BadCase> cases;
  AddForm(&cases);
  AddContent(&cases);
  return cases;
}

std::vector<BadCase> HostileNameCases() {
  std::vector<BadCase> cases;
  AddNamesInEpisodes(&cases);
  AddNamesInFolders(&cases);
  AddNamesInArchives(&cases);
  return cases;
}

}  // namespace tint::testing
