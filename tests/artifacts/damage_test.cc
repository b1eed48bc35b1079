// SPDX-License-Identifier: Apache-2.0
// Single-byte changes over a finished run: each is found, none crashes.

#include <algorithm>
#include <random>

#include "fake_pipeline.h"
#include "prelude.h"
#include "tint/artifacts/completed_stage.h"
#include "tint/artifacts/verify.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> FilesBelow(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// What the next stage, or the next command, does with a file: opens the run, the result, and reads the file.
void ReadAsNextStage(const fs::path& run_folder, const fs::path& file) {
  const RunFolder run = RunFolder::Open(run_folder);
  if (file.filename() == "run.json") return;
  const auto stage = CompletedStage::Open(file.parent_path());
  ASSERT_TRUE(stage) << file;
  if (file.filename() != "done.json") stage->Read(file.filename());
}

TEST(Damage, EverySingleByteIsFound) {
  TestFolder folder;
  const fs::path run_folder = folder / "run";
  testing::RunFakePipeline(run_folder);
  const RunFolder run = RunFolder::Open(run_folder);
  ASSERT_THAT(VerifyRun(run).problems, IsEmpty());
  const std::vector<fs::path> files = FilesBelow(run_folder);
  ASSERT_EQ(files.size(), 13u) << "run.json, and in three stages done.json and three files";
  std::mt19937_64 random(20240229);
  for (int i = 0; i < 2000; ++i) {
    const fs::path& file = files[static_cast<size_t>(i) % files.size()];
    const std::string whole = ReadAll(file);
    std::string damaged = whole;
    const size_t place = random() % whole.size();
    damaged[place] = static_cast<char>(damaged[place] ^ static_cast<char>(1 + random() % 255));
    WriteAll(file, damaged);
    const VerifyReport report = VerifyRun(run);
    ASSERT_EQ(report.problems.size(), 1u) << file << " byte " << place;
    EXPECT_THAT(report.problems[0], HasSubstr(file.filename().native()));
    EXPECT_THAT(CatchError([&] { ReadAsNextStage(run_folder, file); }),
                FailsWith(ExitCode::kCorrupt, HasSubstr(file.filename().native())))
        << "byte " << place;
    WriteAll(file, whole);
  }
  EXPECT_THAT(VerifyRun(run).problems, IsEmpty());
}

// Blanks are where equal JSON hides: every byte of a record, not a sample.
TEST(Damage, EveryBlankOfARecordIsFound) {
  TestFolder folder;
  testing::RunFakePipeline(folder / "run");
  const RunFolder run = RunFolder::Open(folder / "run");
  const fs::path file = run.Entries().front().folder / "done.json";
  const std::string whole = ReadAll(file);
  for (size_t i = 0; i < whole.size(); ++i) {
    if (whole[i] != ' ' && whole[i] != '\n') continue;
    std::string damaged = whole;
    damaged[i] = '\t';
    WriteAll(file, damaged);
    EXPECT_EQ(CatchError([&] { CompletedStage::Open(file.parent_path()); }).code(), ExitCode::kCorrupt) << i;
  }
}

TEST(Damage, EmptiedTruncatedZeroedAndSwappedFilesAreFound) {
  TestFolder folder;
  testing::RunFakePipeline(folder / "run");
  const RunFolder run = RunFolder::Open(folder / "run");
  const std::vector<fs::path> files = FilesBelow(folder / "run");
  for (const fs::path& file : files) {
    const std::string whole = ReadAll(file);
    std::string zeroed = whole;
    std::fill(zeroed.begin() + 8, zeroed.begin() + 16, '\0');
    const std::string other = ReadAll(files[file == files[2] ? 3 : 2]);
    for (const std::string& damaged : {std::string(), whole.substr(0, whole.size() - 1), zeroed, other, whole + "x"}) {
      WriteAll(file, damaged);
      EXPECT_THAT(VerifyRun(run).problems, ::testing::Not(IsEmpty())) << file << " " << damaged.size();
      EXPECT_EQ(CatchError([&] { ReadAsNextStage(folder / "run", file); }).code(), ExitCode::kCorrupt) << file;
    }
    WriteAll(file, whole);
  }
}

}  // namespace
}  // namespace tint
