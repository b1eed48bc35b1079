// SPDX-License-Identifier: Apache-2.0
// Options of the row through the program: words learned elsewhere, photos that need no upscaler, what generate keeps.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "files.h"
#include "program.h"
#include "tint/base/file.h"
#include "tint/base/json.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Arguments = std::vector<std::string>;

class PipelineOptions : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = fs::temp_directory_path() / ("tint-row-options-" + std::to_string(getpid()));
    fs::remove_all(world_);
    row_ = SmallWorld(world_);
    for (const char* stage : {"super-resolve", "textual-inversion", "null-text-inversion"}) {
      const Outcome outcome = Run(stage, "run");
      ASSERT_EQ(outcome.code, 0) << outcome.err;
    }
  }
  static void TearDownTestSuite() { fs::remove_all(world_); }

  static Outcome Run(const std::string& command, const std::string& run, const Arguments& more = {}) {
    Arguments arguments = {command, "--run", world_ / run, "--progress", "none"};
    arguments.insert(arguments.end(), row_.begin(), row_.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram(arguments);
  }

  // The only result of a stage, or the newest of several.
  static fs::path Folder(const std::string& run, const std::string& stage) {
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(world_ / run / "episodes" / "support" / stage)) {
      if (newest.empty() || entry.last_write_time() > fs::last_write_time(newest)) newest = entry.path();
    }
    return newest;
  }

  static std::vector<std::string> Classes() {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(world_ / "support")) names.insert(entry.path().filename());
    return {names.begin(), names.end()};
  }

  static fs::path world_;
  static Arguments row_;
};
fs::path PipelineOptions::world_;
Arguments PipelineOptions::row_;

// The words of one run, brought into another: everything after them is the same to the byte, and nothing is learned.
TEST_F(PipelineOptions, WordsLearnedElsewhereStandForTheRunsOwn) {
  Arguments words;
  for (const std::string& name : Classes()) {
    words.push_back("--class");
    words.push_back(name + "=" + (Folder("run", "textual-inversion") / (name + ".safetensors")).string());
  }
  ASSERT_EQ(Run("super-resolve", "imported").code, 0);
  const Outcome outcome = Run("null-text-inversion", "imported", words);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const std::string& name : Classes()) {
    for (const char* stage : {"textual-inversion", "null-text-inversion"}) {
      const std::string file = name + ".safetensors";
      EXPECT_EQ(ReadFile(Folder("imported", stage) / file), ReadFile(Folder("run", stage) / file)) << stage << name;
    }
  }
  EXPECT_FALSE(fs::exists(Folder("imported", "textual-inversion") / "loss.json"));
}

TEST_F(PipelineOptions, WordsForClassesThatAreNotThereAreRefused) {
  const std::string file = Folder("run", "textual-inversion") / (Classes()[0] + ".safetensors");
  const auto refused = [&](const Arguments& more, const std::string& reason) {
    const Outcome outcome = Run("textual-inversion", "refused", more);
    EXPECT_EQ(outcome.code, 78) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(reason));
  };
  ASSERT_EQ(Run("super-resolve", "refused").code, 0);
  refused({"--embedding", file}, "--class NAME=FILE");
  refused({"--class", "unicorn=" + file}, "unicorn");
  refused({"--class", "unicorn"}, "NAME=FILE");
  refused({"--class", Classes()[0] + "=" + file, "--class", Classes()[0] + "=" + file}, "two files");
}

// The words and paths of one run, brought into another as files: generate alone makes the same images of them.
TEST_F(PipelineOptions, PhotosInvertedElsewhereStandForTheRunsOwn) {
  for (const char* stage : {"super-resolve", "textual-inversion", "null-text-inversion", "generate"})
    ASSERT_EQ(Run(stage, "made").code, 0) << stage;
  Arguments taken;
  for (const std::string& name : Classes()) {
    const std::string file = name + ".safetensors";
    for (const auto& [flag, stage] :
         {std::pair("--class", "textual-inversion"), {"--inverted", "null-text-inversion"}}) {
      taken.push_back(flag);
      taken.push_back(name + "=" + (Folder("made", stage) / file).string());
    }
  }
  ASSERT_EQ(Run("super-resolve", "taken").code, 0);
  Arguments longer = taken, fewer(taken.begin(), taken.end() - 2);
  longer.insert(longer.end(), {"--null-text-inversion.steps", "9"});
  const Outcome other_steps = Run("generate", "taken", longer), incomplete = Run("generate", "taken", fewer);
  EXPECT_EQ(other_steps.code, 78);
  EXPECT_THAT(other_steps.err, HasSubstr("--null-text-inversion.steps 10"));
  EXPECT_EQ(incomplete.code, 78);
  EXPECT_THAT(incomplete.err, HasSubstr("a file for each of the"));
  taken.insert(taken.end(), {"--null-text-inversion.steps", "10"});
  const Outcome outcome = Run("generate", "taken", taken);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const auto& entry : fs::directory_iterator(Folder("made", "generate"))) {
    if (entry.path().extension() != ".zip") continue;
    EXPECT_EQ(ReadFile(Folder("taken", "generate") / entry.path().filename(), 1 << 28),
              ReadFile(entry.path(), 1 << 28));
  }
  const Json done =
      ParseJson(ReadFile(Folder("taken", "null-text-inversion") / "done.json"), "", ExitCode::kCorrupt).root;
  EXPECT_FALSE(done["metrics"]["classes"][0].contains("inner_steps"));
  EXPECT_EQ(done["metrics"]["classes"][0]["psnr"].size(), 2u);
}

TEST_F(PipelineOptions, PreviewsAreDrawnAtTheirSteps) {
  ASSERT_EQ(Run("super-resolve", "previews").code, 0);
  const Outcome outcome =
      Run("textual-inversion", "previews", {"--preview-every", "7", "--textual-inversion.steps", "15"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const fs::path folder = Folder("previews", "textual-inversion");
  EXPECT_TRUE(fs::exists(folder / "preview-0000007.png"));
  EXPECT_TRUE(fs::exists(folder / "preview-0000014.png"));
  EXPECT_NE(ReadFile(folder / "preview-0000007.png"), ReadFile(folder / "preview-0000014.png"));
}

TEST_F(PipelineOptions, GenerateKeepsOriginalsAndSaysWhatEachImageIsMadeOf) {
  const Outcome outcome =
      Run("generate", "run", {"--keep-originals", "--random-alpha", "--support-photo", "1", "--images", "3"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const fs::path folder = Folder("run", "generate");
  const Json index = ParseJson(ReadFile(folder / "index.json"), "index.json", ExitCode::kCorrupt).root;
  std::set<double> alphas;
  for (const Json& of_class : index["classes"]) {
    ASSERT_EQ(of_class["images"].size(), 3u);
    for (const Json& image : of_class["images"]) {
      EXPECT_EQ(image["support"], 1);
      alphas.insert(image["alpha"].get<double>());
    }
    std::string shard = of_class["shards"][0];
    EXPECT_TRUE(fs::exists(folder / (shard.substr(0, shard.size() - 4) + "-original.zip"))) << shard;
  }
  EXPECT_EQ(alphas.size(), 3 * index["classes"].size());
  EXPECT_GE(*alphas.begin(), 0);
  EXPECT_LT(*alphas.rbegin(), 1);
  EXPECT_EQ(Run("generate", "run", {"--support-photo", "77"}).code, 78);
}

// A batch is part of what a result is: another one makes another result, and none is overwritten.
TEST_F(PipelineOptions, PiecesArePartOfTheKey) {
  const fs::path before = Folder("run", "null-text-inversion");
  const Outcome outcome = Run("null-text-inversion", "run", {"--null-text-inversion.batch-size", "4", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(fs::exists(before / "done.json"));
  EXPECT_NE(outcome.json()["stages"][0]["key"], before.filename().string());
}

// Photos of 84 pixels: no smaller than what is asked for, so no upscaler is missed; or smaller, and then it is.
TEST_F(PipelineOptions, LargePhotosNeedNoUpscaler) {
  const fs::path models = world_ / "models-without";
  fs::copy(world_ / "models", models);
  Json list = ParseJson(ReadFile(models / "models.json"), "models.json", ExitCode::kCorrupt).root;
  list["roles"].erase("upscaler");
  std::ofstream(models / "models.json") << list.dump();
  const Arguments original = row_;
  for (size_t i = 0; i + 1 < row_.size(); ++i) {
    if (row_[i] == "--models") row_[i + 1] = models;
  }
  const Outcome large = Run("super-resolve", "large", {"--super-resolution", "auto", "--post-size", "64"});
  const Outcome small = Run("super-resolve", "small", {"--super-resolution", "auto", "--post-size", "96"});
  row_ = original;
  EXPECT_EQ(large.code, 0) << large.err;
  EXPECT_EQ(small.code, 66) << small.err;
  EXPECT_THAT(small.err, HasSubstr("upscaler"));
}

}  // namespace
}  // namespace tint::testing
