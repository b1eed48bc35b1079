// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/completed_stage.h"

#include "fake_pipeline.h"
#include "prelude.h"
#include "tint/artifacts/run_folder.h"
#include "tint/artifacts/stage_writer.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"

namespace tint {
namespace {

namespace fs = std::filesystem;
using testing::FakeKey;
using testing::FolderOf;

CompletedStage MakeTwoFileStage(const fs::path& parent, const std::string& contents = "abc") {
  StageWriter writer(FolderOf(parent, FakeKey("generate")), FakeKey("generate"));
  writer.Put("000-000.zip", contents);
  writer.Put("index.json", "{}");
  return writer.Finish({{"images", 3}}, {.seconds = 2, .device_seconds = 1, .peak_host_bytes = 5});
}

TEST(CompletedStage, IsAbsentWithoutARecord) {
  TestFolder folder;
  EXPECT_FALSE(CompletedStage::Open(folder / "0123456789ab"));
  fs::create_directories(folder / "0123456789ab");
  EXPECT_FALSE(CompletedStage::Open(folder / "0123456789ab"));
}

// A record whose seal is true, so that only the checks behind the seal can find what is wrong.
struct Forgery {
  const char* name;
  Json patch;
  ExitCode code;
  const char* message;
};

TEST(CompletedStage, RefusesSealedRecordsThatAreNotTrue) {
  TestFolder folder;
  const CompletedStage stage = MakeTwoFileStage(folder.path());
  const Json record = Json::parse(ReadAll(stage.folder() / "done.json"));
  const std::string zeros(64, '0');
  const std::vector<Forgery> forgeries = {
      {"newer",
       {{"schema", 2}, {"tint", "3.1"}},
       ExitCode::kBadConfiguration,
       "is 2, as tint 3.1 writes it; expected 1, as this tint 0.1.0"},
      {"older", {{"schema", 0}}, ExitCode::kCorrupt, "schema"},
      {"other key", {{"key_sha256", zeros}}, ExitCode::kCorrupt, "key_sha256"},
      {"other folder", {{"key", "000000000000"}}, ExitCode::kCorrupt, "key"},
      {"other components", {{"components", {{"seed", 8}}}}, ExitCode::kCorrupt, "key_sha256"},
      {"other stage", {{"stage", "distill"}}, ExitCode::kCorrupt, "stage"},
      {"other metrics", {{"metrics", {{"images", 4}}}}, ExitCode::kCorrupt, "content_sha256"},
      {"no metrics", {{"metrics", nullptr}}, ExitCode::kCorrupt, "metrics"},
      {"path", {{"files", {{"../x", {{"size", 1}, {"sha256", zeros}}}}}}, ExitCode::kCorrupt, "../x"},
      {"absolute", {{"files", {{"/etc/passwd", {{"size", 1}, {"sha256", zeros}}}}}}, ExitCode::kCorrupt, "/etc/passwd"},
      {"negative size", {{"files", {{"x", {{"size", -1}, {"sha256", zeros}}}}}}, ExitCode::kCorrupt, "size"},
      {"short hash", {{"files", {{"x", {{"size", 1}, {"sha256", "00"}}}}}}, ExitCode::kCorrupt, "sha256"},
      {"cost", {{"cost", {{"seconds", -1.0}}}}, ExitCode::kCorrupt, "seconds"},
  };
  for (const Forgery& forgery : forgeries) {
    Json forged = record;
    forged.merge_patch(forgery.patch);
    WriteAll(stage.folder() / "done.json", SealJson(forged));
    EXPECT_THAT(CatchError([&] { CompletedStage::Open(stage.folder()); }),
                FailsWith(forgery.code, AllOf(HasSubstr("done.json"), HasSubstr(forgery.message))))
        << forgery.name;
  }
}

TEST(CompletedStage, RefusesAnotherLayoutOfTheSameRecord) {
  TestFolder folder;
  const CompletedStage stage = MakeTwoFileStage(folder.path());
  const fs::path file = stage.folder() / "done.json";
  const std::string text = ReadAll(file);
  const Json record = Json::parse(text);
  for (const std::string& other : {record.dump(), record.dump(3) + "\n", record.dump(2), " " + text, text + "\n"}) {
    WriteAll(file, other);
    EXPECT_EQ(CatchError([&] { CompletedStage::Open(stage.folder()); }).code(), ExitCode::kCorrupt) << other;
  }
  WriteAll(file, text);
  EXPECT_TRUE(CompletedStage::Open(stage.folder()));
}

TEST(CompletedStage, SaysWhatIsWrongAndHowToRebuild) {
  TestFolder folder;
  RunFolder run = RunFolder::Create(folder / "run");
  const StageKey key = FakeKey("generate");
  const fs::path place = run.StagePath(7, key);
  StageWriter writer(place, key);
  writer.Put("a.bin", "abc");
  const CompletedStage stage = writer.Finish(Json::object(), {});
  WriteAll(place / "a.bin", "abd");
  EXPECT_THAT(CatchError([&] { stage.Read("a.bin"); }),
              FailsWith(ExitCode::kCorrupt,
                        AllOf(HasSubstr("a.bin"), HasSubstr("has SHA-256 " + Sha256Hex("abd")),
                              HasSubstr("expected SHA-256 " + Sha256Hex("abc")), HasSubstr("delete the folder"),
                              HasSubstr("tint generate --run " + (folder / "run").native() + " --episode 7"))));
  WriteAll(place / "a.bin", "abcd");
  EXPECT_THAT(CatchError([&] { stage.Verify(); }), FailsWith(ExitCode::kCorrupt, HasSubstr("has 4 bytes")));
  fs::remove(place / "a.bin");
  EXPECT_THAT(CatchError([&] { stage.Read("a.bin"); }), FailsWith(ExitCode::kCorrupt, HasSubstr("does not exist")));
}

TEST(CompletedStage, FindsLinksAndUnlistedFiles) {
  TestFolder folder;
  const CompletedStage stage = MakeTwoFileStage(folder.path());
  WriteAll(folder / "outside", "abc");
  fs::remove(stage.folder() / "000-000.zip");
  fs::create_symlink(folder / "outside", stage.folder() / "000-000.zip");
  EXPECT_THAT(stage.Problems(), ElementsAre(AllOf(HasSubstr("000-000.zip"), HasSubstr("is a link"))));
  EXPECT_EQ(CatchError([&] { stage.Read("000-000.zip"); }).code(), ExitCode::kCorrupt);
  fs::remove(stage.folder() / "000-000.zip");
  WriteAll(stage.folder() / "000-000.zip", "abc");
  WriteAll(stage.folder() / "run.log", "a log may lie there");
  EXPECT_THAT(stage.Problems(), IsEmpty());
  WriteAll(stage.folder() / "more.bin", "x");
  fs::create_directories(stage.folder() / "folder");
  EXPECT_THAT(stage.Problems(), ElementsAre(HasSubstr("folder"), HasSubstr("more.bin")));
  const std::string record = ReadAll(stage.folder() / "done.json");
  fs::rename(stage.folder() / "done.json", folder / "done.json");
  fs::create_symlink(folder / "done.json", stage.folder() / "done.json");
  EXPECT_EQ(CatchError([&] { CompletedStage::Open(stage.folder()); }).code(), ExitCode::kCorrupt);
}

TEST(CompletedStage, TellsWhichFilesItHasAndWhenItWasFinished) {
  TestFolder folder;
  const CompletedStage stage = MakeTwoFileStage(folder.path());
  EXPECT_TRUE(stage.Has("index.json"));
  EXPECT_FALSE(stage.Has("done.json")) << "not a file of the result";
  EXPECT_EQ(stage.finished_at(), fs::last_write_time(stage.folder() / "done.json"));
}

}  // namespace
}  // namespace tint
