// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/run_episode.h"

#include <gmock/gmock.h>

#include "files.h"
#include "tint/artifacts/layout.h"
#include "tint/stages/run_settings.h"

namespace tint::testing {
namespace {

using ::testing::HasSubstr;

RunEpisode Episode(const std::string& dataset) {
  Task task;
  task.episode_idx = 17;
  task.dataset = dataset;
  task.classes = {{.name = "cat", .support = {"a", "b"}, .query = {}},
                  {.name = "un chat", .support = {"c"}, .query = {}}};
  return {task};
}

TEST(RunEpisode, OfAFileHasItsNumberInFoldersAndStreams) {
  const RunEpisode episode = Episode("miniimagenet");
  EXPECT_FALSE(episode.is_folder());
  EXPECT_EQ(episode.folder_index(), 17u);
  EXPECT_EQ(episode.stream_index(), 17u);
}

TEST(RunEpisode, OfACustomImageFolderHasStreamZero) {
  const RunEpisode episode = Episode("folder");
  EXPECT_TRUE(episode.is_folder());
  EXPECT_EQ(episode.folder_index(), kSupportEpisode);
  EXPECT_EQ(episode.stream_index(), 0u);
}

TEST(RunEpisode, CountsAndNamesItsClasses) {
  const RunEpisode episode = Episode("folder");
  EXPECT_EQ(episode.ways(), 2);
  EXPECT_EQ(episode.support_photos(), 3);
  EXPECT_EQ(episode.FileStem(0), "cat");
  EXPECT_EQ(episode.FileStem(1), "class-001");
  EXPECT_EQ(episode.OfClass(1).name, "un chat");
}

TEST(NewKey, HasWhatAllStagesShare) {
  const RunSettings settings{
      .device = c10::kCPU, .dtype = c10::ScalarType::BFloat16, .threads = 3, .seed = 5, .image_size = 84};
  const StageKey key = NewKey(settings, Episode("miniimagenet"), "generate", 2, {{"alpha", 0.5}});
  EXPECT_EQ(key.stage, "generate");
  EXPECT_EQ(key.version, 2);
  EXPECT_EQ(key.options.dump(), R"({"alpha":0.5})");
  EXPECT_EQ(key.seed, 5u);
  EXPECT_EQ(key.episode_idx, 17u);
  EXPECT_THAT(key.device, HasSubstr("cpu"));
  EXPECT_EQ(key.dtype, "bfloat16");
  EXPECT_EQ(key.threads, 3);
  EXPECT_EQ(NewKey(settings, Episode("folder"), "generate", 2, {}).episode_idx, 0u);
}

}  // namespace
}  // namespace tint::testing
