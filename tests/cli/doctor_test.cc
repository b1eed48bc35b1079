// SPDX-License-Identifier: Apache-2.0
// tint doctor: what it finds in healthy and in damaged worlds, and that the commands it names are commands.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "prelude.h"
#include "program.h"
#include "tint/artifacts/lease.h"
#include "tint/base/json.h"
#include "tint/base/process.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/cli/command.h"
#include "tint/options/describe.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;

const Environment kNowhere = {{"LC_ALL", "C.UTF-8"}};

std::vector<Json> Of(const Json& report, const std::string& topic) {
  std::vector<Json> found;
  for (const Json& finding : report["findings"]) {
    if (finding["topic"] == topic) found.push_back(finding);
  }
  return found;
}

// The words of a line for the shell, as ShellQuoted wrote them.
std::vector<std::string> WordsOf(const std::string& line) {
  std::vector<std::string> words = {""};
  bool quoted = false;
  for (const char c : line) {
    if (c == '\'') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

// Why the words are not a valid tint command line, or "".
std::string WhyInvalid(const std::vector<std::string>& words) {
  for (const Command& command : Commands()) {
    const std::vector<std::string> name = Split(command.name, ' ');
    if (words.size() <= name.size() || !std::equal(name.begin(), name.end(), words.begin() + 1)) continue;
    std::string unknown;
    std::vector<std::string> spellings;
    for (const OptionDescription& option : Describe(command).options)
      spellings.insert(spellings.end(), option.spellings.begin(), option.spellings.end());
    for (const std::string& word : words) {
      if (word.starts_with("--") && std::count(spellings.begin(), spellings.end(), word) == 0) unknown = word;
    }
    return unknown.empty() ? "" : unknown + " is not an option of tint " + command.name;
  }
  return words.size() > 1 ? "unknown command " + words[1] : "no command";
}

// A fix is a command of tint, a script of the repository, or a variable to set.
void ExpectFixable(const Json& finding) {
  const std::string fix = finding["fix"];
  if (fix.empty()) return;
  std::vector<std::string> words = WordsOf(fix);
  if (words[0] == "export") {
    EXPECT_THAT(words.at(1), HasSubstr("="));
    return;
  }
  if (words[0] == "tint") {
    EXPECT_EQ(WhyInvalid(words), "") << fix;
    return;
  }
  if (words[0] == ".venv/bin/python") words.erase(words.begin());
  EXPECT_THAT(words[0], ::testing::StartsWith("scripts/")) << fix;
  EXPECT_TRUE(fs::exists(fs::path(TINT_SOURCES) / words[0])) << fix;
}

Json Doctor(std::vector<std::string> arguments, int code, Environment environment = kNowhere) {
  arguments.insert(arguments.begin(), {"doctor", "--json"});
  const Outcome outcome = RunProgram(arguments, environment);
  EXPECT_EQ(outcome.code, code) << outcome.out << outcome.err;
  const Json report = outcome.json();
  EXPECT_EQ(report["schema"], 2);
  EXPECT_EQ(report["ok"], code == 0);
  for (const Json& finding : report["findings"]) {
    EXPECT_THAT((std::vector<std::string>{"ok", "warning", "error"}), Contains(finding["state"].get<std::string>()));
    EXPECT_EQ(finding["state"] == "error", finding["exit_code"] != 0) << finding;
    ExpectFixable(finding);
  }
  return report;
}

TEST(Doctor, DescribesTheMachineOnOneScreen) {
  const Outcome outcome = RunProgram({"doctor"}, kNowhere);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  for (const char* part : {"LibTorch", "OpenCV", "cores", "GFLOP/s", "free here", "available", "locale"})
    EXPECT_THAT(outcome.out, HasSubstr(part));
  EXPECT_LT(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 24);
  EXPECT_THAT(outcome.out, HasSubstr("no errors"));
}

TEST(Doctor, WithoutModelsAndDataThereAreOnlyWarnings) {
  const Json report = Doctor({}, 0);
  EXPECT_EQ(Of(report, "models").at(0)["state"], "warning");
  EXPECT_THAT(Of(report, "models").at(0)["fix"].get<std::string>(), HasSubstr("scripts/export_models.py"));
  EXPECT_EQ(Of(report, "data").at(0)["state"], "warning");
  EXPECT_EQ(Of(report, "data").at(0)["fix"], "export TINT_DATA=FOLDER");
  EXPECT_EQ(Of(Doctor({}, 0, {{"LC_ALL", "C"}}), "locale").at(0)["fix"], "export LC_ALL=C.UTF-8");
}

class DoctorWorld : public testing::FolderTest {
 protected:
  void SetUp() override { row_ = SmallWorld(folder_ / "world"); }
  std::vector<std::string> row_;
};

TEST_F(DoctorWorld, HealthyModelsAndWhatTheyLack) {
  const std::vector<Json> models = Of(Doctor({"--models", folder_ / "world/models"}, 0), "models");
  EXPECT_EQ(models.at(0)["state"], "ok");
  EXPECT_THAT(models.at(0)["what"].get<std::string>(), HasSubstr("all hashes match"));
  for (size_t i = 1; i < models.size(); ++i) {
    EXPECT_EQ(models[i]["state"], "warning");
    EXPECT_THAT(models[i]["what"].get<std::string>(), HasSubstr("missing"));
    EXPECT_THAT(models[i]["blocks"], Not(IsEmpty()));
    EXPECT_NE(models[i]["fix"], "");
  }
}

TEST_F(DoctorWorld, AnAbsentRoleNamesWhatItBlocks) {
  const fs::path list = folder_ / "world/models/models.json";
  Json without = Json::parse(ReadAll(list));
  without["roles"].erase("upscaler");
  WriteAll(list, without.dump());
  for (const Json& finding : Of(Doctor({"--models", folder_ / "world/models"}, 0), "models")) {
    if (finding["what"].get<std::string>().find("upscaler") == std::string::npos) continue;
    EXPECT_THAT(finding["blocks"].get<std::vector<std::string>>(), ElementsAre("super-resolve"));
    return;
  }
  ADD_FAILURE() << "no finding names the upscaler";
}

TEST_F(DoctorWorld, AFlippedByteInAModelIsFound) {
  const fs::path file = folder_ / "world/models/teacher.pt";
  std::string bytes = ReadAll(file);
  bytes[bytes.size() / 2] ^= 1;
  WriteAll(file, bytes);
  const Json found = Of(Doctor({"--models", folder_ / "world/models"}, 76), "models").at(0);
  EXPECT_EQ(found["state"], "error");
  EXPECT_THAT(found["what"].get<std::string>(), HasSubstr("teacher.pt"));
  EXPECT_THAT(found["fix"].get<std::string>(), HasSubstr("tint models lock "));
}

TEST_F(DoctorWorld, AbsentAndMalformedSets) {
  EXPECT_EQ(Of(Doctor({"--models", folder_ / "nowhere"}, 66), "models").at(0)["state"], "error");
  fs::create_directories(folder_ / "with blanks");
  const Json unlisted = Of(Doctor({"--models", folder_ / "with blanks"}, 66), "models").at(0);
  EXPECT_EQ(WordsOf(unlisted["fix"]).back(), (folder_ / "with blanks").native());
  WriteAll(folder_ / "with blanks/models.json", "{");
  Doctor({"--models", folder_ / "with blanks"}, 78);
}

TEST(DoctorData, SplitsThatAreMissingOrDamaged) {
  TestFolder folder;
  const auto data = [&](int code) {
    Environment environment = kNowhere;
    environment["TINT_DATA"] = folder / "data";
    return Of(Doctor({}, code, environment), "data");
  };
  EXPECT_EQ(data(66).at(0)["state"], "error");
  fs::create_directories(folder / "data/no set");
  EXPECT_THAT(data(0).at(0)["fix"].get<std::string>(), HasSubstr("tint dataset synthesize"));
  for (const char* split : {"train", "val", "test"}) {
    fs::create_directories(folder / "data/birds" / split / "wren");
    WriteAll(folder / "data/birds" / split / "wren/1.png", "never decoded");
  }
  Json birds = data(0).at(0);
  EXPECT_EQ(birds["state"], "ok");
  EXPECT_THAT(birds["what"].get<std::string>(), HasSubstr("birds: train 1 classes (class folders)"));
  fs::remove_all(folder / "data/birds/val");
  birds = data(0).at(0);
  EXPECT_EQ(birds["state"], "warning");
  EXPECT_THAT(birds["what"].get<std::string>(), HasSubstr("no val"));
  EXPECT_THAT(birds["blocks"].get<std::vector<std::string>>(), Contains("pretrain student"));
  WriteAll(folder / "data/birds/val.zip", "no archive");
  birds = data(65).at(0);
  EXPECT_EQ(birds["state"], "error");
  EXPECT_EQ(birds["fix"], "tint dataset check birds");
}

TEST(DoctorRun, FoldersThatCannotBeWritten) {
  TestFolder folder;
  WriteAll(folder / "file", "");
  for (const std::string& run : {(folder / "file/run").native(), std::string("/proc/tint-run")}) {
    const Json found = Of(Doctor({"--run", run}, 73), "run").at(0);
    EXPECT_EQ(found["state"], "error");
    EXPECT_THAT(found["fix"].get<std::string>(), HasSubstr("tint specialize --run runs/"));
  }
  EXPECT_EQ(Of(Doctor({"--run", folder / "new"}, 0), "run").at(0)["state"], "ok");
  EXPECT_FALSE(fs::exists(folder / "new"));
  EXPECT_EQ(Of(Doctor({"--run", folder.path()}, 0), "run").at(0)["state"], "warning");  // no run
}

// The identity of a process that has ended.
ProcessIdentity Ended() {
  ProcessIdentity identity = ThisProcess();
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  identity.pid = child;
  return identity;
}

TEST_F(DoctorWorld, ARunWithWhatAKilledWorkerLeft) {
  const std::string run = folder_ / "run";
  std::vector<std::string> words = {"super-resolve", "--run", run, "--progress", "none"};
  words.insert(words.end(), row_.begin(), row_.end());
  ASSERT_EQ(RunProgram(words).code, 0);
  std::vector<Json> found = Of(Doctor({"--run", run}, 0), "run");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["state"], "ok");

  const fs::path episode = fs::path(run) / "episodes/support";
  const ProcessIdentity dead = Ended();
  WriteAll(episode / ".lease", SealJson({{"host", dead.host},
                                         {"boot_id", dead.boot_id},
                                         {"pid", dead.pid},
                                         {"start_ticks", dead.start_ticks},
                                         {"nonce", "0"}}));
  fs::create_directories(episode / "textual-inversion/0123456789ab/.partial");
  WriteAll(episode / (".tmp-" + Sha256Hex(dead.host).substr(0, 8) + "-" + Sha256Hex(dead.boot_id).substr(0, 8) + "-" +
                      std::to_string(dead.pid) + "-" + std::to_string(dead.start_ticks) + "-0123456789abcdef-x"),
           "bytes");
  found = Of(Doctor({"--run", run}, 0), "run");
  ASSERT_EQ(found.size(), 4u);
  EXPECT_THAT(found[3]["what"].get<std::string>(), HasSubstr("1 temporary files of killed workers, 5 B"));
  EXPECT_THAT(found[1]["what"].get<std::string>(), HasSubstr("that process is dead"));
  EXPECT_EQ(found[1]["fix"], "tint specialize --run " + run);
  EXPECT_THAT(found[2]["what"].get<std::string>(),
              HasSubstr("textual-inversion is unfinished; the same command resumes it"));
  EXPECT_EQ(found[2]["fix"], "tint textual-inversion --run " + run);
  {
    const Lease lease(fs::path(run) / "episodes/0003");
    found = Of(Doctor({"--run", run}, 0), "run");
    EXPECT_THAT(found[1]["what"].get<std::string>(), HasSubstr("running"));
  }

  for (const auto& entry : fs::recursive_directory_iterator(episode / "super-resolve")) {
    if (entry.path().extension() != ".png") continue;
    std::string bytes = ReadAll(entry.path());
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    WriteAll(entry.path(), bytes);
    break;
  }
  found = Of(Doctor({"--run", run}, 76), "run");
  EXPECT_EQ(found[0]["state"], "error");
  EXPECT_EQ(found[0]["fix"], "tint verify " + run);
}

}  // namespace
}  // namespace tint::testing
