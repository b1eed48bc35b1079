// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/run_folder.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_pipeline.h"
#include "prelude.h"
#include "tint/artifacts/stage_writer.h"
#include "tint/artifacts/verify.h"
#include "tint/base/json.h"

namespace tint {
namespace {

namespace fs = std::filesystem;
using testing::FakeKey;
using testing::ResultTree;

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
  WriteAll(folder / "run.json", SealJson({{"schema", 3}, {"tint", "3.1"}}));
  EXPECT_THAT(CatchError([&] { RunFolder::Open(folder.path()); }),
              FailsWith(ExitCode::kBadConfiguration,
                        HasSubstr("schema: is 3, as tint 3.1 writes it; expected 2, as this tint 0.1.0 writes it. ")));
}

TEST(RunFolder, MergesTheManifestAndWritesOnlyChanges) {
  TestFolder folder;
  RunFolder run = RunFolder::Create(folder.path());
  run.UpdateManifest({{"options", {{"generate", {{"alpha", 1.0}}}}}, {"models", {"a", "b"}}});
  run.UpdateManifest({{"options", {{"distill", {{"steps", 20}}}}}, {"models", {"c"}}});
  const Json expected = {
      {"schema", 2}, {"options", {{"generate", {{"alpha", 1.0}}}, {"distill", {{"steps", 20}}}}}, {"models", {"c"}}};
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

// Options have had other names: the keys of such a run's results would be found by no command.
TEST(RunFolder, RefusesARunOfAnotherSchemaInOneSentence) {
  TestFolder folder;
  const std::string text = SealJson({{"schema", 1}, {"tint", "0.1.0"}, {"options", Json::object()}});
  WriteAll(folder / "run.json", text);
  const std::string message =
      (folder / "run.json").native() +
      ":2:13: schema: is 1, as another version of tint writes it; expected 2, as this tint 0.1.0 "
      "writes it. Use a new run folder, or the version of tint that wrote this one.";
  for (const auto& open : {&RunFolder::Open, &RunFolder::Create, &RunFolder::ForPlanning, &RunFolder::OpenToVerify}) {
    EXPECT_THAT(CatchError([&] { open(folder.path()); }), FailsWith(ExitCode::kBadConfiguration, message));
  }
  EXPECT_EQ(ReadAll(folder / "run.json"), text);
}

TEST(RunFolder, IsOpenedToVerifyWithoutAManifest) {
  TestFolder folder;
  EXPECT_EQ(CatchError([&] { RunFolder::OpenToVerify(folder.path()); }).code(), ExitCode::kMissingInput);
  fs::create_directories(folder / "episodes");
  EXPECT_EQ(RunFolder::OpenToVerify(folder.path()).path(), folder.path());
  EXPECT_THAT(VerifyRun(RunFolder::OpenToVerify(folder.path())).problems, ElementsAre(HasSubstr("run.json")));
}

TEST(WhyNotWritable, LeavesNothingAndNamesTheReason) {
  TestFolder folder;
  EXPECT_EQ(WhyNotWritable(folder.path()), "");
  EXPECT_TRUE(fs::is_empty(folder.path()));
  EXPECT_NE(WhyNotWritable("/proc/self"), "");
}

}  // namespace
}  // namespace tint
