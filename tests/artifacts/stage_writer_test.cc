// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/stage_writer.h"

#include <sys/resource.h>

#include <csignal>
#include <cstdlib>

#include "fake_pipeline.h"
#include "prelude.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"

namespace tint {
namespace {

namespace fs = std::filesystem;
using testing::FakeKey;
using testing::FolderOf;
using testing::ResultTree;

CompletedStage MakeStage(const fs::path& parent, const std::string& contents = "abc") {
  StageWriter writer(FolderOf(parent, FakeKey("generate")), FakeKey("generate"));
  writer.Put("000-000.zip", contents);
  writer.Put("index.json", "{}");
  return writer.Finish({{"images", 3}}, {.seconds = 2, .device_seconds = 1, .peak_host_bytes = 5});
}

// Sets a variable for the life of a test.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~ScopedVariable() { unsetenv(name_); }

 private:
  const char* name_;
};

TEST(StageWriter, LeavesTheFilesAndTheRecordAlone) {
  TestFolder folder;
  const CompletedStage stage = MakeStage(folder.path());
  EXPECT_THAT(stage.Files(), ElementsAre("000-000.zip", "index.json"));
  EXPECT_EQ(stage.Read("000-000.zip"), "abc");
  EXPECT_EQ(stage.metrics(), Json({{"images", 3}}));
  EXPECT_EQ(stage.components(), FakeKey("generate").Components());
  EXPECT_EQ(stage.key(), FakeKey("generate").Folder());
  EXPECT_EQ(stage.cost().seconds, 2);
  EXPECT_THAT(stage.Problems(), IsEmpty());
  EXPECT_THAT(ResultTree(stage.folder()), SizeIs(3)) << "three files, no folder";
}

// What later stages take as this input's hash; the hash of "abc" is FIPS 180-4's first example.
TEST(StageWriter, RecordsEveryMemberThatTheContractNames) {
  TestFolder folder;
  const CompletedStage stage = MakeStage(folder.path());
  const Json record = Json::parse(ReadAll(stage.folder() / "done.json"));
  std::vector<std::string> members;
  for (const auto& member : record.items()) members.push_back(member.key());
  EXPECT_THAT(members, ElementsAre("schema", "stage", "key", "key_sha256", "components", "files", "metrics",
                                   "content_sha256", "cost", "tint", "self_sha256"));
  const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(record["files"]["000-000.zip"], Json({{"size", 3}, {"sha256", abc}}));
  EXPECT_EQ(record["content_sha256"], Sha256Hex(R"({"files":{"000-000.zip":")" + abc + R"(","index.json":")" +
                                                Sha256Hex("{}") + R"("},"metrics":{"images":3}})"));
  EXPECT_EQ(record["key_sha256"], FakeKey("generate").Hash());
}

TEST(StageWriter, TakesUpFilesCheckpointsAndCostOfAnInterruptedRun) {
  TestFolder folder;
  const StageKey key = FakeKey("generate");
  {
    StageWriter writer(FolderOf(folder.path(), key), key);
    EXPECT_FALSE(writer.Has("a.bin"));
    EXPECT_FALSE(writer.LoadCheckpoint("state"));
    writer.Put("a.bin", "first");
    writer.MeasureCostBy([] {
      return StageCost{.seconds = 2, .device_seconds = 3, .peak_host_bytes = 2 << 20, .peak_device_bytes = 77};
    });
    writer.SaveCheckpoint("state", std::string("step\0 1", 7));
    EXPECT_EQ(writer.EarlierCost().seconds, 0);
  }
  EXPECT_FALSE(CompletedStage::Open(FolderOf(folder.path(), key)));
  StageWriter writer(FolderOf(folder.path(), key), key);
  EXPECT_TRUE(writer.Has("a.bin"));
  EXPECT_EQ(writer.Read("a.bin"), "first");
  EXPECT_EQ(writer.LoadCheckpoint("state"), std::string("step\0 1", 7));
  EXPECT_EQ(writer.EarlierCost().seconds, 2);
  writer.DropCheckpoint("state");
  EXPECT_FALSE(writer.LoadCheckpoint("state"));
  const CompletedStage stage = writer.Finish(Json::object(), {.seconds = 10, .device_seconds = 1});
  EXPECT_EQ(stage.cost().seconds, 12);
  EXPECT_EQ(stage.cost().device_seconds, 4);
  EXPECT_EQ(stage.cost().peak_device_bytes, 77u);
  EXPECT_EQ(stage.cost().peak_host_bytes, 2u << 20);
}

TEST(StageWriter, ForgetsADamagedLedgerAndDamagedFiles) {
  TestFolder folder;
  const StageKey key = FakeKey("generate");
  const fs::path place = FolderOf(folder.path(), key);
  StageWriter(place, key).Put("a.bin", "first");
  WriteAll(place / "a.bin", "fIrst");
  {
    StageWriter writer(place, key);
    EXPECT_FALSE(writer.Has("a.bin"));
    writer.Put("a.bin", "first");
  }
  WriteAll(place / ".partial/ledger.json", "{");
  StageWriter writer(place, key);
  EXPECT_FALSE(writer.Has("a.bin"));
  writer.Put("a.bin", "first");
  EXPECT_THAT(writer.Finish(Json::object(), {}).Problems(), IsEmpty());
}

TEST(StageWriter, ForgetsADamagedOrMisplacedCheckpoint) {
  TestFolder folder;
  const StageKey key = FakeKey("generate");
  const fs::path place = FolderOf(folder.path(), key);
  StageWriter writer(place, key);
  writer.SaveCheckpoint("state", "12345");
  fs::copy_file(place / ".partial/state", place / ".partial/other");
  EXPECT_FALSE(writer.LoadCheckpoint("other"));
  const std::string whole = ReadAll(place / ".partial/state");
  for (size_t i = 0; i < whole.size(); i += 4) {
    std::string damaged = whole;
    damaged[i] ^= 1;
    WriteAll(place / ".partial/state", damaged);
    EXPECT_FALSE(writer.LoadCheckpoint("state")) << i;
  }
  WriteAll(place / ".partial/state", "");
  EXPECT_FALSE(writer.LoadCheckpoint("state"));
  WriteAll(place / ".partial/state", whole);
  EXPECT_EQ(writer.LoadCheckpoint("state"), "12345");
}

TEST(StageWriter, RefusesTwoDifferentResultsOfOneKey) {
  TestFolder folder;
  const StageKey key = FakeKey("generate");
  StageWriter first(FolderOf(folder.path(), key), key), second(FolderOf(folder.path(), key), key);
  first.Put("a.bin", "one");
  EXPECT_THAT(CatchError([&] { second.Put("a.bin", "two"); }),
              FailsWith(ExitCode::kInternal, AllOf(HasSubstr("two runs of the same key differ"), HasSubstr("a.bin"))));
  second.Put("a.bin", "one");
  first.Finish({{"loss", 1.0}}, {});
  EXPECT_THAT(CatchError([&] {
                second.Finish({{"loss", 2.0}}, {});
              }),
              FailsWith(ExitCode::kInternal, HasSubstr("two runs of the same key differ")));
  const CompletedStage same = second.Finish({{"loss", 1.0}}, {.seconds = 99});
  EXPECT_LT(same.cost().seconds, 99) << "the first record stays";
  EXPECT_FALSE(fs::exists(same.folder() / ".partial"));
}

TEST(StageWriter, TakesNoNameThatIsNotOurs) {
  TestFolder folder;
  const StageKey key = FakeKey("generate");
  StageWriter writer(FolderOf(folder.path(), key), key);
  for (const char* name : {"", "..", "../x", "a/b", ".hidden", "-rf", "done.json", "a b", "n\xC3\xA4me"}) {
    EXPECT_EQ(CatchError([&] { writer.Put(name, "x"); }).code(), ExitCode::kInternal) << name;
  }
}

TEST(StageWriter, SavesAsOftenAsTheVariableSays) {
  TestFolder folder;
  const StageKey key = FakeKey("generate");
  const fs::path place = FolderOf(folder.path(), key);
  {
    const ScopedVariable always("TINT_CHECKPOINT_SECONDS", "0");
    const StageWriter writer(place, key);
    EXPECT_TRUE(writer.CheckpointDue());
    EXPECT_TRUE(writer.CheckpointDue());
  }
  EXPECT_FALSE(StageWriter(place, key).CheckpointDue()) << "20 s have not passed";
  for (const char* wrong : {"-1", "soon", "5s", "nan", "inf"}) {
    const ScopedVariable variable("TINT_CHECKPOINT_SECONDS", wrong);
    EXPECT_THAT(CatchError([&] { StageWriter(place, key); }),
                FailsWith(ExitCode::kBadConfiguration, AllOf(HasSubstr("TINT_CHECKPOINT_SECONDS"), HasSubstr(wrong))));
  }
}

// A real limit of the file's size: the same path as a full disk.
TEST(StageWriter, FailsWithoutTracesWhenAFileDoesNotFit) {
  TestFolder folder;
  const StageKey key = FakeKey("generate");
  StageWriter writer(FolderOf(folder.path(), key), key);
  writer.Put("a.bin", "small");
  struct rlimit before {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small { .rlim_cur = 4096, .rlim_max = before.rlim_max };
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Error error = CatchError([&] { writer.Put("b.bin", std::string(10000, 'x')); });
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(error, FailsWith(ExitCode::kInputOutput, AllOf(HasSubstr("b.bin"), HasSubstr("EFBIG"))));
  EXPECT_THAT(ResultTree(writer.folder()), SizeIs(3)) << "a.bin, .partial/ and the ledger";
  writer.Put("b.bin", std::string(10000, 'x'));
  EXPECT_THAT(writer.Finish(Json::object(), {}).Problems(), IsEmpty());
}

}  // namespace
}  // namespace tint
