// SPDX-License-Identifier: Apache-2.0
// The table of bad input: what is wrong on a command line, in a configuration, in a file of episodes, in a folder of
// photos. For each case the built program ends with the right exit code and one message, which says where the fault is,
// what was found, what was expected and what comes near; nothing else is printed, and nothing is written outside the
// run.
#include <unistd.h>

#include <algorithm>
#include <future>

#include "bad_cases.h"
#include "prelude.h"
#include "tint/data/dataset.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kRunPlace[] = "for/the/run";  // below {here}: some names that lead upwards still end in {here}

// Made once, removed at the end.
class SharedPlaces {
 public:
  SharedPlaces() {
    const fs::path root = fs::canonical(fs::temp_directory_path()) / ("tint-bad-input-" + std::to_string(getpid()));
    places = {root, root / "world", root / "data", root / "whole", root / "cases", ""};
    for (const char* name : {"data/small", "cases", "working folder"}) fs::create_directories(root / name);
    fs::current_path(root / "working folder");  // where relative names would lead
    SmallWorld(places.world);
    fs::copy(places.world / "query", root / "data/small/test", fs::copy_options::recursive);
    fs::copy(places.world / "base", root / "data/small/train", fs::copy_options::recursive);
    places.hash = OpenSplit(places.data, "small", "test")->ContentSha256();
    const Outcome run = RunProgram({"super-resolve", "--run", places.whole, "--models", places.world / "models",
                                    "--support", places.world / "support"});
    EXPECT_EQ(run.code, 0) << run.err;
  }
  ~SharedPlaces() {
    fs::current_path("/");
    fs::remove_all(places.root);
  }
  Places places;
};

// Every path below `folder`, with what would change if it were written; what lies in `apart` is left out.
std::vector<std::string> Listing(const fs::path& folder, const fs::path& apart) {
  std::vector<std::string> lines;
  for (fs::recursive_directory_iterator at(folder), end; at != end; ++at) {
    if (at->path() == apart) {
      at.disable_recursion_pending();
      continue;
    }
    const fs::file_status status = at->symlink_status();
    std::string line = at->path().native() + " " + std::to_string(static_cast<int>(status.type()));
    if (fs::is_regular_file(status))
      line += " " + std::to_string(at->file_size()) + " " +
              std::to_string(at->last_write_time().time_since_epoch().count());
    lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string Expanded(std::string text, const fs::path& here) {
  const Places& places = ThePlaces();
  const std::pair<const char*, std::string> all[] = {{"{here}", here},
                                                     {"{file}", here / "case.json"},
                                                     {"{run}", here / kRunPlace},
                                                     {"{support}", places.world / "support"},
                                                     {"{query}", places.world / "query"},
                                                     {"{base}", places.world / "base"},
                                                     {"{models}", places.world / "models"},
                                                     {"{small}", places.world / "small.json"},
                                                     {"{data}", places.data},
                                                     {"{whole}", places.whole},
                                                     {"{hash}", places.hash}};
  for (const auto& [name, value] : all) {
    for (size_t at = 0; (at = text.find(name, at)) != std::string::npos; at += value.size())
      text.replace(at, std::string(name).size(), value);
  }
  return text;
}

// All of standard error but what is logged before the message, whose first line begins with "tint: ".
std::string MessageIn(const std::string& err) {
  size_t begin = 0;
  while (begin < err.size() && err.compare(begin, 6, "tint: ") != 0) {
    if (err[begin] != '[') ADD_FAILURE() << "neither logged nor the message:\n" << err;
    begin = std::min(err.find('\n', begin), err.size() - 1) + 1;
  }
  return begin < err.size() ? err.substr(begin + 6) : "";
}

void ExpectPartsInOrder(const std::string& message, const std::vector<std::string>& parts) {
  size_t at = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const size_t found = message.find(parts[i], at);
    ASSERT_NE(found, std::string::npos) << parts[i] << "\nis not in\n" << message;
    if (i == 0) {
      EXPECT_EQ(found, 0u) << "the message begins otherwise than with\n" << parts[0] << "\nnamely:\n" << message;
    }
    at = found + parts[i].size();
  }
}

const std::vector<BadCase>& AllCases() {
  static const std::vector<BadCase> all = [] {
    std::vector<BadCase> cases;
    for (const auto& part : {CommandLineCases(), ConfigurationCases(), EnvironmentCases(), EpisodeCases(),
                             HostileNameCases(), ImageCases(), RunFolderCases()})
      cases.insert(cases.end(), part.begin(), part.end());
    return cases;
  }();
  return all;
}

struct Result {
  fs::path here;
  Outcome outcome;
  std::vector<std::string> before, after;  // what lies outside the run
};

Result RunCase(const BadCase& bad) {
  Result result;
  result.here = ThePlaces().cases / bad.name;
  const fs::path &here = result.here, run = here / kRunPlace;
  fs::create_directories(run.parent_path());
  fs::create_directory(here / "tmp");
  if (!bad.file.empty()) WriteAll(here / "case.json", Expanded(bad.file, here));
  if (bad.prepare) bad.prepare(here);
  std::vector<std::string> arguments;
  for (const std::string& argument : bad.arguments) arguments.push_back(Expanded(argument, here));
  Environment environment = {{"TINT_DATA", ThePlaces().data}, {"HOME", here}, {"TMPDIR", here / "tmp"}};
  for (const auto& [name, value] : bad.environment) environment[name] = Expanded(value, here);
  result.before = Listing(here, run);
  result.outcome = RunProgram(arguments, environment);
  result.after = Listing(here, run);
  return result;
}

// While one case is looked at, the next one runs: starting the program takes most of its time. (So something written
// into the shared places may be told of a case's neighbour.)
Result ResultOf(size_t index) {
  static std::map<size_t, std::shared_future<Result>> started;
  for (const size_t i : {index, index + 1}) {
    if (i < AllCases().size() && started.count(i) == 0)
      started[i] = std::async(std::launch::async, [i] { return RunCase(AllCases()[i]); });
  }
  return started.at(index).get();
}

class BadInputTest : public ::testing::TestWithParam<size_t> {};

TEST_P(BadInputTest, IsRefused) {
  const auto shared = Listing(ThePlaces().root, ThePlaces().cases);
  const BadCase& bad = AllCases()[GetParam()];
  const auto [here, outcome, before, after] = ResultOf(GetParam());
  EXPECT_EQ(outcome.signal, 0);
  EXPECT_EQ(outcome.code, static_cast<int>(bad.code)) << outcome.err;
  if (bad.reports) {
    EXPECT_THAT(outcome.json()["problems"], Not(::testing::IsEmpty()));
  } else {
    EXPECT_EQ(outcome.out, "");
  }
  const std::string message = MessageIn(outcome.err);
  std::vector<std::string> parts;
  for (const std::string& part : bad.message) parts.push_back(Expanded(part, here));
  ExpectPartsInOrder(message, parts);
  EXPECT_EQ(static_cast<size_t>(std::count(message.begin(), message.end(), '\n')), bad.faults) << message;
  for (const char* sign :
       {"frame #", "Exception raised", "terminate called", "what():", ".cpp", ".cc:", "internal error at "})
    EXPECT_THAT(message, Not(HasSubstr(sign)));
  EXPECT_EQ(after, before);
  EXPECT_EQ(Listing(ThePlaces().root, ThePlaces().cases), shared);
}

INSTANTIATE_TEST_SUITE_P(Table, BadInputTest, ::testing::Range(size_t{0}, AllCases().size()),
                         [](const auto& row) { return AllCases()[row.param].name; });

// As many as were asked for.
TEST(BadInputTableTest, IsLargeEnough) {
  EXPECT_GE(CommandLineCases().size(), 20u);
  EXPECT_GE(ConfigurationCases().size() + EnvironmentCases().size(), 20u);
  EXPECT_GE(EpisodeCases().size(), 20u);
  EXPECT_GE(HostileNameCases().size(), 20u);
  EXPECT_GE(ImageCases().size(), 10u);
}

// Names that are odd and allowed go through the whole pipeline, and none becomes the name of anything on disk.
TEST(OddNamesTest, StayInsideTheRun) {
  const fs::path here = ThePlaces().cases / "odd names", run = here / kRunPlace;
  const fs::path red = ThePlaces().world / "support/red-disc", blue = ThePlaces().world / "support/blue-cross";
  for (const char* name : {"photos/$HOME; touch planted", "photos/it's \"100%\" *~", "for/the"})
    fs::create_directories(here / name);
  fs::copy(red / "0000.png", here / "photos/$HOME; touch planted/-rf.png");
  fs::copy(blue / "0000.png", here / "photos/it's \"100%\" *~/$(touch planted) `id`.png");
  const auto before = Listing(here, run), shared = Listing(ThePlaces().root, ThePlaces().cases);
  const Outcome outcome =
      RunProgram({"specialize", "--json", "--config", ThePlaces().world / "small.json", "--run", run, "--models",
                  ThePlaces().world / "models", "--support", here / "photos", "--base", ThePlaces().world / "base"},
                 {{"HOME", here}});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(Listing(here, run), before);
  EXPECT_EQ(Listing(ThePlaces().root, ThePlaces().cases), shared);
  constexpr char kPlain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(run)) {
    EXPECT_EQ(entry.path().filename().native().find_first_not_of(kPlain), std::string::npos) << entry.path();
    EXPECT_FALSE(entry.is_symlink()) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 20u);
}

}  // namespace

const Places& ThePlaces() {
  static const SharedPlaces shared;
  return shared.places;
}

}  // namespace tint::testing
