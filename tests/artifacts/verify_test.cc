// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/verify.h"

#include "fake_pipeline.h"
#include "prelude.h"
#include "tint/artifacts/report_folder.h"
#include "tint/artifacts/stage_writer.h"

namespace tint {
namespace {

namespace fs = std::filesystem;
using testing::FakeKey;
using testing::ResultTree;

void FinishAnyStage(const RunFolder& run, uint64_t episode_idx, StageKey key) {
  key.episode_idx = episode_idx;
  StageWriter writer(run.StagePath(episode_idx, key), key);
  writer.Put("a.bin", "abc");
  writer.Finish(Json::object(), {});
}

TEST(VerifyRun, CountsAndNamesWhatDoesNotBelong) {
  TestFolder folder;
  RunFolder run = RunFolder::Create(folder.path());
  run.UpdateManifest({{"seed", 1}});
  FinishAnyStage(run, 0, FakeKey("generate"));
  FinishAnyStage(run, 1, FakeKey("generate"));
  const StageKey half = FakeKey("distill");
  StageWriter(run.StagePath(0, half), half).Put("a.bin", "x");
  VerifyReport report = VerifyRun(run);
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_EQ(report.complete_stages, 2);
  EXPECT_EQ(report.incomplete_stages, 1);
  EXPECT_EQ(report.checked_files, 5) << "run.json, two records, two files";
  WriteAll(folder / "worker.log", "fine");
  EXPECT_THAT(VerifyRun(run).problems, IsEmpty());
  for (const char* stray : {"stray", "episodes/7/x", "episodes/0000/stray", "episodes/0000/generate/stray"}) {
    WriteAll(folder / stray, "x");
    const fs::path first = std::string(stray) == "episodes/7/x" ? folder / "episodes/7" : folder / stray;
    EXPECT_THAT(VerifyRun(run).problems, ElementsAre(HasSubstr(first))) << stray;
    fs::remove_all(first);
  }
}

// A report can be written again from the results: it may be there, changed or not.
TEST(VerifyRun, IgnoresAReport) {
  TestFolder folder;
  RunFolder run = RunFolder::Create(folder.path());
  run.UpdateManifest({{"seed", 1}});
  EXPECT_EQ(ReportFolder(run), folder / "report");
  WriteAll(ReportFolder(run) / "tensorboard/episode-7/events.out.tfevents.tint", "x");
  EXPECT_THAT(VerifyRun(run).problems, IsEmpty());
  fs::remove_all(ReportFolder(run));
  WriteAll(ReportFolder(run), "x");
  EXPECT_THAT(VerifyRun(run).problems, ElementsAre(HasSubstr("report: does not belong")));
  fs::remove(ReportFolder(run));
  fs::create_directory_symlink("/tmp", folder / "report");
  EXPECT_THAT(CatchError([&] { ReportFolder(run); }), FailsWith(ExitCode::kCannotCreate, HasSubstr("is a link")));
}

// A whole result, carried to another episode's place: every hash is true, only the place is wrong.
TEST(VerifyRun, FindsAResultInAnotherEpisodesPlace) {
  TestFolder folder;
  RunFolder run = RunFolder::Create(folder.path());
  run.UpdateManifest({{"seed", 1}});
  FinishAnyStage(run, 0, FakeKey("generate"));
  fs::rename(folder / "episodes/0000", folder / "episodes/0001");
  EXPECT_THAT(VerifyRun(run).problems, ElementsAre(AllOf(HasSubstr("components.episode"), HasSubstr("expected 1"))));
  fs::rename(folder / "episodes/0001/generate", folder / "episodes/0001/distill");
  EXPECT_THAT(VerifyRun(run).problems, ElementsAre(HasSubstr("components.stage"), HasSubstr("components.episode")));
}

}  // namespace
}  // namespace tint
