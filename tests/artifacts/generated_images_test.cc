// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/generated_images.h"

#include "stage_results.h"

namespace tint {
namespace {

using GeneratedImagesTest = testing::StageResultTest;

GeneratedShard TwoImages() {
  return {.images = {{"00000.png", "a"}, {"00001.png", "bc"}},
          .originals = {},
          .records = {{.file = "00000.png", .support_idx = 1, .alpha = 0.5, .attempt = 0},
                      {.file = "00001.png", .support_idx = 0, .alpha = 1, .attempt = 2}}};
}

void ExpectSame(const GeneratedShard& a, const GeneratedShard& b) {
  const auto entries = [](const std::vector<ShardEntry>& all) {
    std::string text;
    for (const ShardEntry& one : all) text += one.name + "=" + one.bytes + "\n";
    return text;
  };
  EXPECT_EQ(entries(a.images), entries(b.images));
  EXPECT_EQ(entries(a.originals), entries(b.originals));
  ASSERT_EQ(a.records.size(), b.records.size());
  for (size_t k = 0; k < a.records.size(); ++k) {
    EXPECT_EQ(a.records[k].file, b.records[k].file);
    EXPECT_EQ(a.records[k].support_idx, b.records[k].support_idx);
    EXPECT_EQ(a.records[k].alpha, b.records[k].alpha);
    EXPECT_EQ(a.records[k].attempt, b.records[k].attempt);
  }
}

TEST(GeneratedFile, NamesAreNumberedFromZero) {
  EXPECT_EQ(GeneratedImageFile(17), "00017.png");
  EXPECT_EQ(GeneratedImageFile(1234567), "1234567.png");
  EXPECT_EQ(GeneratedShardFile("cat", 0), "cat-000.zip");
  EXPECT_EQ(GeneratedShardFile("cat", 1), "cat-001.zip");
  EXPECT_EQ(GeneratedShardFile("class-003", 5678), "class-003-5678.zip");
}

// The bytes written out by hand: other programs read them.
TEST_F(GeneratedImagesTest, WritesTheDocumentedBytes) {
  const CompletedStage stage = Finish([](StageWriter& writer) {
    WriteGeneratedShard(TwoImages(), "cat-000.zip", writer);
    GeneratedImages{.image_size = 84, .classes = {{"Cat", {"cat-000.zip"}, TwoImages().records}}}.Write(writer);
  });
  const std::string records = R"([{"alpha":0.5,"attempt":0,"file":"00000.png","support":1},)"
                              R"({"alpha":1.0,"attempt":2,"file":"00001.png","support":0}])";
  EXPECT_EQ(stage.Read("cat-000.zip.json"), records + "\n");
  EXPECT_EQ(stage.Read("index.json"), R"({"classes":[{"class":"Cat","images":)" + records +
                                          R"(,"shards":["cat-000.zip"]}],"image_size":84})" + "\n");
  EXPECT_EQ(stage.Read("cat-000.zip"), WriteShard(TwoImages().images));
  EXPECT_THAT(stage.Files(), ElementsAre("cat-000.zip", "cat-000.zip.json", "index.json"));
}

TEST_F(GeneratedImagesTest, ReadsWhatWasWritten) {
  GeneratedShard shard = TwoImages();
  shard.originals = {{"00000.png", "A"}, {"00001.png", "BC"}};
  const CompletedStage stage = Finish([&](StageWriter& writer) {
    EXPECT_FALSE(ReadGeneratedRecords(writer, "cat-000.zip"));
    WriteGeneratedShard(shard, "cat-000.zip", writer);
    ExpectSame(
        {ReadGeneratedShard(writer, "cat-000.zip"), shard.originals, *ReadGeneratedRecords(writer, "cat-000.zip")},
        shard);
    GeneratedImages{.image_size = 84, .classes = {{"Cat", {"cat-000.zip"}, shard.records}}}.Write(writer);
  });
  EXPECT_EQ(stage.Read("cat-000-original.zip"), WriteShard(shard.originals));
  const GeneratedImages read = GeneratedImages::Read(stage);
  EXPECT_EQ(read.image_size, 84);
  ASSERT_EQ(read.classes.size(), 1u);
  EXPECT_EQ(read.classes[0].name, "Cat");
  EXPECT_THAT(read.classes[0].shards, ElementsAre("cat-000.zip"));
  ExpectSame({ReadGeneratedShard(stage, "cat-000.zip"), shard.originals, read.classes[0].images}, shard);
}

TEST(UnfinishedShard, IsReadAsItWasWritten) {
  for (const bool originals : {false, true}) {
    GeneratedShard shard = TwoImages();
    if (originals) shard.originals = {{"00000.png", "A"}, {"00001.png", "BC\n"}};
    const std::string bytes = SerializeUnfinishedShard(shard);
    EXPECT_THAT(bytes, ::testing::StartsWith("{\"bytes\":"));
    ExpectSame(ParseUnfinishedShard(bytes, "cat-000.zip"), shard);
  }
}

TEST_F(GeneratedImagesTest, RefusesAnIndexOfAnotherForm) {
  for (const char* text : {"{}", R"({"image_size":84})", R"({"classes":[{}],"image_size":84})",
                           R"({"classes":[{"class":"a","images":[{"file":"x"}],"shards":[]}],"image_size":84})",
                           R"({"classes":[{"class":"a","images":[],"shards":[1]}],"image_size":84})"}) {
    const StageKey key = testing::FakeKey("generate", 2.0 + static_cast<double>(std::string(text).size()));
    StageWriter writer(testing::FolderOf(folder_.path(), key), key);
    writer.Put("index.json", text);
    const CompletedStage stage = writer.Finish(Json::object(), {});
    EXPECT_THAT(CatchError([&] { GeneratedImages::Read(stage); }),
                FailsWith(ExitCode::kCorrupt, HasSubstr("index.json")))
        << text;
  }
}

}  // namespace
}  // namespace tint
