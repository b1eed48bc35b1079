#include "tint/artifacts/run_folder.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_pipeline.h"
#include "files.h"
#include "tint/artifacts/report_folder.h"

namespace tint {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using testing::CatchError;
using ::testing::ElementsAre;
using testing::FailsWith;
using testing::FakeKey;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ReadAll;
using testing::ResultTree;
using testing::TestFolder;
using testing::WriteAll;

void FinishStage(const RunFolder& run, uint64_t episode_idx, StageKey key) {
  key.episode_idx = episode_idx;
  StageWriter writer(run.StagePath(episode_idx, key), key);
  writer.Put("a.bin", "abc");
  writer.Finish(Json::object(), {});
}

TEST(RunFolder, CreatesAFolderThatHoldsNothing) {
  TestFolder folder;
  const RunFolder run = RunFolder::Create(folder / "a/b");
  EXPECT_THAT(ResultTree(folder / "a/b"), IsEmpty());
  EXPECT_EQ(run.Manifest(), Json::object());
  EXPECT_EQ(run.EpisodeFolder(7), folder / "a/b/episodes/0007");
  EXPECT_EQ(run.EpisodeFolder(12345), folder / "a/b/episodes/12345");
  EXPECT_EQ(run.EpisodeFolder(kSupportEpisode), folder / "a/b/episodes/support");
  const StageKey key = FakeKey("generate");
  EXPECT_EQ(run.StagePath(0, key), folder / "a/b/episodes/0000/generate" / key.Folder());
}

TEST(RunFolder, RefusesPlacesThatCannotHoldResults) {
  TestFolder folder;
  WriteAll(folder / "file", "x");
  EXPECT_THAT(CatchError([&] { RunFolder::Create(folder / "file"); }),
              FailsWith(ExitCode::kCannotCreate, HasSubstr("file")));
  EXPECT_THAT(CatchError([&] { RunFolder::Create(folder / "file/run"); }),
              FailsWith(ExitCode::kCannotCreate, HasSubstr("file")));
  // proc(5) takes no files from anybody, root included.
  EXPECT_THAT(CatchError([&] { RunFolder::Create("/proc/self"); }),
              FailsWith(ExitCode::kCannotCreate, HasSubstr("/proc/self")));
}

TEST(RunFolder, OpensRunsAlone) {
  TestFolder folder;
  EXPECT_THAT(CatchError([&] { RunFolder::Open(folder / "absent"); }),
              FailsWith(ExitCode::kMissingInput, HasSubstr("absent")));
  EXPECT_THAT(CatchError([&] { RunFolder::Open(folder.path()); }),
              FailsWith(ExitCode::kMissingInput, HasSubstr("run.json")));
  WriteAll(folder / "run.json", "{}");
  EXPECT_THAT(CatchError([&] { RunFolder::Open(folder.path()); }),
              FailsWith(ExitCode::kCorrupt, HasSubstr("run.json")));
  WriteAll(folder / "run.json", SealJson({{"schema", 2}, {"tint", "3.1"}}));
  EXPECT_THAT(CatchError([&] { RunFolder::Open(folder.path()); }),
              FailsWith(ExitCode::kBadConfiguration, AllOf(HasSubstr("made by tint 3.1"), HasSubstr("this is 0.1.0"))));
}

TEST(RunFolder, MergesTheManifestAndWritesOnlyChanges) {
  TestFolder folder;
  RunFolder run = RunFolder::Create(folder.path());
  run.UpdateManifest({{"options", {{"generate", {{"alpha", 1.0}}}}}, {"models", {"a", "b"}}});
  run.UpdateManifest({{"options", {{"distill", {{"steps", 20}}}}}, {"models", {"c"}}});
  const Json expected = {
      {"schema", 1}, {"options", {{"generate", {{"alpha", 1.0}}}, {"distill", {{"steps", 20}}}}}, {"models", {"c"}}};
  EXPECT_EQ(run.Manifest(), expected);
  EXPECT_EQ(RunFolder::Open(folder.path()).Manifest(), expected);
  struct stat before {
  }, after{};
  ASSERT_EQ(stat((folder / "run.json").c_str(), &before), 0);
  run.UpdateManifest({{"options", {{"generate", {{"alpha", 1.0}}}}}, {"models", {"c"}}});
  ASSERT_EQ(stat((folder / "run.json").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino) << "an equal manifest is not written again";
}

// Workers on several episodes share run.json.
TEST(RunFolder, LosesNoUpdateOfParallelWorkers) {
  TestFolder folder;
  RunFolder run = RunFolder::Create(folder.path());
  std::vector<pid_t> workers;
  for (int w = 0; w < 4; ++w) {
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      try {
        for (int i = 0; i < 10; ++i)
          run.UpdateManifest({{"parts", {{std::to_string(w) + "." + std::to_string(i), 1}}}});
      } catch (...) {
        _exit(1);
      }
      _exit(0);
    }
    workers.push_back(pid);
  }
  for (const pid_t pid : workers) {
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(run.Manifest()["parts"].size(), 40u);
}

TEST(RunFolder, ListsStagesInByteOrder) {
  TestFolder folder;
  RunFolder run = RunFolder::Create(folder.path());
  FinishStage(run, kSupportEpisode, FakeKey("generate"));
  FinishStage(run, 7, FakeKey("textual-inversion"));
  FinishStage(run, 7, FakeKey("generate"));
  const StageKey half = FakeKey("distill");
  StageWriter(run.StagePath(0, half), half).Put("a.bin", "x");
  for (const char* stray : {"episodes/7/generate/0123456789ab", "episodes/0000/distill/KEY", "episodes/x"}) {
    fs::create_directories(folder / stray);
  }
  std::vector<std::string> found;
  for (const RunFolder::Entry& entry : run.Entries()) {
    found.push_back(std::to_string(entry.episode_idx) + " " + entry.stage + (entry.complete ? " done" : " begun"));
  }
  EXPECT_THAT(found, ElementsAre("0 distill begun", "7 generate done", "7 textual-inversion done",
                                 std::to_string(kSupportEpisode) + " generate done"));
}

TEST(RunFolder, RemovesWhatAKilledFinishLeft) {
  TestFolder folder;
  RunFolder run = RunFolder::Create(folder.path());
  FinishStage(run, 0, FakeKey("generate"));
  const auto clean = ResultTree(folder.path());
  WriteAll(run.Entries().front().folder / ".partial/ledger.json", "{}");
  RunFolder::Create(folder.path());
  EXPECT_EQ(ResultTree(folder.path()), clean);
}

TEST(VerifyRun, CountsAndNamesWhatDoesNotBelong) {
  TestFolder folder;
  RunFolder run = RunFolder::Create(folder.path());
  run.UpdateManifest({{"seed", 1}});
  FinishStage(run, 0, FakeKey("generate"));
  FinishStage(run, 1, FakeKey("generate"));
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

// A report is made anew from the rest: it may lie there, changed or not.
TEST(VerifyRun, LetsAReportLie) {
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

TEST(RunFolder, RefusesLinksInPlaceOfItsFolders) {
  const StageKey key = FakeKey("generate");
  for (const std::string& part :
       {std::string("episodes"), std::string("episodes/0000"), std::string("episodes/0000/generate"),
        "episodes/0000/generate/" + key.Folder(), "episodes/0000/generate/" + key.Folder() + "/.partial"}) {
    TestFolder folder;
    const RunFolder run = RunFolder::Create(folder / "run");
    fs::create_directories((folder / "run" / part).parent_path());
    fs::create_directory(folder / "elsewhere");
    fs::create_directory_symlink(folder / "elsewhere", folder / "run" / part);
    EXPECT_THAT(CatchError([&] { StageWriter(run.StagePath(0, key), key).Put("a.bin", "x"); }),
                FailsWith(ExitCode::kCannotCreate, HasSubstr("run/" + part + ": is a link")));
    EXPECT_TRUE(fs::is_empty(folder / "elsewhere")) << part;
  }
}

// A whole result, carried to another episode's place: every hash is true, only the place is wrong.
TEST(VerifyRun, FindsAResultInAnotherEpisodesPlace) {
  TestFolder folder;
  RunFolder run = RunFolder::Create(folder.path());
  run.UpdateManifest({{"seed", 1}});
  FinishStage(run, 0, FakeKey("generate"));
  fs::rename(folder / "episodes/0000", folder / "episodes/0001");
  EXPECT_THAT(VerifyRun(run).problems, ElementsAre(AllOf(HasSubstr("components.episode"), HasSubstr("expected 1"))));
  fs::rename(folder / "episodes/0001/generate", folder / "episodes/0001/distill");
  EXPECT_THAT(VerifyRun(run).problems, ElementsAre(HasSubstr("components.stage"), HasSubstr("components.episode")));
}

}  // namespace
}  // namespace tint
