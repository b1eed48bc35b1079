// SPDX-License-Identifier: Apache-2.0
// Single-byte changes over a real run: each is found by verify and by whoever reads the file next; none crashes.

#include <random>

#include "prelude.h"
#include "program.h"
#include "tint/artifacts/verify.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;

class Damaged : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = fs::temp_directory_path() / ("tint-damaged-" + std::to_string(getpid()));
    fs::remove_all(world_);
    row_ = SmallWorld(world_);
    row_.insert(row_.begin(), {"specialize", "--run", world_ / "run", "--progress", "none"});
    const Outcome outcome = RunProgram(row_);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    for (const auto& entry : fs::recursive_directory_iterator(world_ / "run"))
      if (entry.is_regular_file()) files_.push_back(entry.path());
    std::sort(files_.begin(), files_.end());
    ASSERT_GT(files_.size(), 40u);
  }
  static void TearDownTestSuite() { fs::remove_all(world_); }

  static std::string WithOtherByte(std::string bytes, std::mt19937_64& random) {
    const size_t place = random() % bytes.size();
    bytes[place] = static_cast<char>(bytes[place] ^ static_cast<char>(1 + random() % 255));
    return bytes;
  }

  // "done.json", "run.json", or what the file's name ends in.
  static std::string KindOf(const fs::path& file) {
    return file.extension() == ".json" ? file.filename() : file.extension();
  }

  static fs::path world_;
  static std::vector<std::string> row_;
  static std::vector<fs::path> files_;
};
fs::path Damaged::world_;
std::vector<std::string> Damaged::row_;
std::vector<fs::path> Damaged::files_;

TEST_F(Damaged, TwoThousandChangesAreAllFoundByVerify) {
  const RunFolder run = RunFolder::Open(world_ / "run");
  ASSERT_THAT(VerifyRun(run).problems, IsEmpty());
  EXPECT_EQ(RunProgram({"verify", world_ / "run"}).code, 0);
  std::mt19937_64 random(20261123);
  std::set<std::string> kinds;
  for (int i = 0; i < 2000; ++i) {
    const fs::path& file = files_[static_cast<size_t>(i) % files_.size()];
    const std::string whole = ReadAll(file);
    WriteAll(file, WithOtherByte(whole, random));
    const VerifyReport report = VerifyRun(run);
    EXPECT_EQ(report.problems.size(), 1u) << file;
    if (!report.problems.empty()) {
      EXPECT_THAT(report.problems[0], HasSubstr(file.filename().native()));
    }
    WriteAll(file, whole);
    kinds.insert(KindOf(file));
  }
  EXPECT_THAT(VerifyRun(run).problems, IsEmpty());
  for (const char* kind : {"run.json", "done.json", "index.json", "result.json", "student.json", ".safetensors", ".pt",
                           ".png", ".zip", ".jsonl"})
    EXPECT_EQ(kinds.count(kind), 1u) << kind;
}

TEST_F(Damaged, FiftyChangesAreFoundThroughTheProgram) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 50; ++i) {
    // Spread over the folder: file 0, then every (files / 50)th.
    const fs::path& file = files_[static_cast<size_t>(i) * files_.size() / 50];
    const std::string whole = ReadAll(file);
    WriteAll(file, WithOtherByte(whole, random));
    const Outcome verified = RunProgram({"verify", world_ / "run"});
    EXPECT_EQ(verified.code, 76) << file << "\n" << verified.err;
    EXPECT_THAT(verified.err, HasSubstr(file.filename().native()));
    // The same command reads every stage's files again before it believes them; what episodes share it reads only
    // where a stage has work to do.
    if (file.native().starts_with((world_ / "run" / "shared").native())) {
      WriteAll(file, whole);
      continue;
    }
    const Outcome again = RunProgram(row_);
    EXPECT_EQ(again.code, 76) << file << "\n" << again.err;
    EXPECT_THAT(again.err, HasSubstr(file.filename().native()));
    WriteAll(file, whole);
  }
  EXPECT_EQ(RunProgram({"verify", world_ / "run"}).code, 0);
  EXPECT_EQ(RunProgram(row_).code, 0);
}

// Found, then mended: the message names the folder to remove, and the same command rebuilds that stage to the byte.
TEST_F(Damaged, ARemovedStageIsRebuiltToTheByte) {
  const auto reference = ResultTree(world_ / "run");
  for (const char* stage : {"super-resolve", "textual-inversion", "null-text-inversion", "generate", "distill"}) {
    fs::remove_all(world_ / "run/episodes/support" / stage);
    ASSERT_EQ(RunProgram(row_).code, 0) << stage;
    EXPECT_EQ(ResultTree(world_ / "run"), reference) << stage;
  }
}

}  // namespace
}  // namespace tint::testing
