// SPDX-License-Identifier: Apache-2.0
#include "tint/data/synthetic_dataset.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>

#include "../data/redrawn_episodes.h"
#include "prelude.h"
#include "tensor_matchers.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"
#include "tint/image/decode.h"

namespace tint {
namespace {

namespace fs = std::filesystem;
using testing::TensorEquals;

TEST(SyntheticClasses, SplitsAreDisjointAndThePoolContainsAll) {
  std::set<std::string> names;
  size_t count = 0;
  for (const auto& [split, classes] : std::map<std::string, size_t>{{"train", 64}, {"val", 16}, {"test", 20}}) {
    EXPECT_EQ(SyntheticClasses(split).size(), classes);
    count += classes;
    for (const SyntheticClass& one : SyntheticClasses(split)) names.insert(one.Name());
  }
  EXPECT_EQ(names.size(), count);
  std::set<std::string> pool;
  for (const SyntheticClass& one : SyntheticClasses("pool")) pool.insert(one.Name());
  EXPECT_EQ(pool, names);
}

// A novel class is a new combination of known words, so a model of the base classes knows its parts.
TEST(SyntheticClasses, BaseClassesContainEveryWord) {
  std::set<int> shapes, patterns, palettes;
  for (const SyntheticClass& one : SyntheticClasses("train")) {
    shapes.insert(one.shape);
    patterns.insert(one.pattern);
    palettes.insert(one.palette);
  }
  EXPECT_EQ(shapes.size(), SyntheticShapes().size());
  EXPECT_EQ(patterns.size(), SyntheticPatterns().size());
  EXPECT_EQ(palettes.size(), SyntheticPalettes().size());
}

// The bundled episodes name these folders: they must never change.
TEST(SyntheticClasses, ArePinned) {
  EXPECT_EQ(SyntheticClasses("train").front().Name(), "orange-dotted-triangle");
  EXPECT_EQ(SyntheticClasses("val").front().Name(), "red-ringed-square");
  EXPECT_EQ(SyntheticClasses("test").front().Name(), "blue-ringed-crescent");
  std::string all;
  for (const SyntheticClass& one : SyntheticClasses("pool")) all += one.Name() + "\n";
  EXPECT_EQ(Sha256Hex(all), "263cb1c952330cd8fba164e779815c0be2f0448907f8aff6b539cc1bf762fdec");
}

TEST(RenderSyntheticImage, DependsOnSeedSplitClassAndIndex) {
  const at::Tensor image = RenderSyntheticImage("test", 3, 7, 1, 32);
  EXPECT_EQ(image.sizes(), at::IntArrayRef({3, 32, 32}));
  EXPECT_EQ(image.scalar_type(), at::kByte);
  EXPECT_THAT(RenderSyntheticImage("test", 3, 7, 1, 32), TensorEquals(image));
  for (const at::Tensor& other : {RenderSyntheticImage("pool", 83, 7, 1, 32), RenderSyntheticImage("test", 3, 8, 1, 32),
                                  RenderSyntheticImage("test", 3, 7, 2, 32), RenderSyntheticImage("test", 4, 7, 1, 32)})
    EXPECT_FALSE(at::equal(other, image));
}

// The bundled episodes contain a hash of all images: every processor and library must render the same bytes.
TEST(RenderSyntheticImage, IsPinned) {
  std::string all;
  for (int64_t k = 0; k < 100; ++k) {
    const at::Tensor image = RenderSyntheticImage("test", k / 5, k % 5, 0, 32);
    all.append(reinterpret_cast<const char*>(image.const_data_ptr<uint8_t>()), static_cast<size_t>(image.numel()));
  }
  EXPECT_EQ(Sha256Hex(all), "0dedb74c881a1883394ff4bbf27d924cf6da29c0c1bedabf1e62606f55017685");
}

TEST(RenderSyntheticImage, ShowsTheSameImageAtEveryResolution) {
  for (int64_t k = 0; k < 4; ++k) {
    const at::Tensor large = RenderSyntheticImage("val", k, k, 0, 64).to(at::kFloat);
    const at::Tensor small = RenderSyntheticImage("val", k, k, 0, 32).to(at::kFloat);
    const at::Tensor halved = large.reshape({3, 32, 2, 32, 2}).mean(at::IntArrayRef{2, 4});
    // Noise is independent: 5 grey levels, and 2.5 where four pixels are averaged.
    EXPECT_LT((halved - small).abs().mean().item<double>(), 6.0);
    EXPECT_GT(small.std().item<double>(), 15.0);
  }
}

// Position, rotation and size are random, but the colours are those of the class.
TEST(RenderSyntheticImage, KeepsTheColoursOfAClass) {
  const auto share_of_blue = [](int64_t class_idx) {
    at::Tensor sum = at::zeros({3});
    for (int64_t k = 0; k < 40; ++k) {
      const at::Tensor image = RenderSyntheticImage("train", class_idx, k, 0, 32).to(at::kFloat);
      sum += image.narrow(1, 12, 8).narrow(2, 12, 8).mean(at::IntArrayRef{1, 2});
    }
    return (sum[2] / sum.sum()).item<double>();
  };
  const std::vector<SyntheticClass>& classes = SyntheticClasses("train");
  const auto first_of = [&](int palette) {
    const auto found =
        std::find_if(classes.begin(), classes.end(), [&](const SyntheticClass& one) { return one.palette == palette; });
    return static_cast<int64_t>(found - classes.begin());
  };
  EXPECT_GT(share_of_blue(first_of(1)), share_of_blue(first_of(0)) + 0.08);  // blue, red
}

TEST(WriteSyntheticDataset, WritesWholeSplitsAndReusesThem) {
  const TestFolder folder;
  SyntheticDatasetOptions options{.splits = {"val", "test"}, .per_class = 2, .side = 32, .seed = 5};
  int64_t steps = 0;
  const std::vector<SyntheticSplit> written = WriteSyntheticDataset(folder.path(), options, [&] { ++steps; });
  EXPECT_EQ(steps, 2 * 36);
  ASSERT_EQ(written.size(), 2u);
  EXPECT_FALSE(written[0].reused);
  EXPECT_EQ(written[1].images, 40);
  const std::string name = SyntheticClasses("test")[4].Name();
  const fs::path file = folder / ("test/" + name + "/" + name + "_00001.png");
  EXPECT_THAT(ReadImage(file).pixels, TensorEquals(RenderSyntheticImage("test", 4, 1, 5, 32)));
  options.splits = {"test", "train"};
  const std::vector<SyntheticSplit> more = WriteSyntheticDataset(folder.path(), options);
  EXPECT_TRUE(more[0].reused);
  EXPECT_FALSE(more[1].reused);
}

TEST(WriteSyntheticDataset, KeepsExistingFolders) {
  const TestFolder folder;
  SyntheticDatasetOptions options{.splits = {"val"}, .per_class = 1, .side = 16, .seed = 5};
  WriteSyntheticDataset(folder.path(), options);
  options.side = 32;
  EXPECT_THAT(CatchError([&] { WriteSyntheticDataset(folder.path(), options); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("\"side\":16")));
  fs::create_directory(folder / "test");
  WriteAll(folder / "test/mine", "mine");
  options.splits = {"test"};
  EXPECT_THAT(CatchError([&] { WriteSyntheticDataset(folder.path(), options); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("not written by tint")));
  EXPECT_EQ(ReadAll(folder / "test/mine"), "mine");
}

TEST(WriteSyntheticDataset, WritesAStoppedSplitAgain) {
  const TestFolder folder;
  const SyntheticDatasetOptions options{.splits = {"val"}, .per_class = 2, .side = 16, .seed = 5};
  int64_t steps = 0;
  EXPECT_THAT(CatchError([&] {
                WriteSyntheticDataset(folder.path(), options, [&] {
                  if (++steps == 9) Fail(ExitCode::kStopped, {.found = "stopped"});
                });
              }),
              FailsWith(ExitCode::kStopped, HasSubstr("stopped")));
  EXPECT_FALSE(fs::exists(folder / "val"));
  EXPECT_FALSE(WriteSyntheticDataset(folder.path(), options)[0].reused);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "val"), fs::directory_iterator()), 16);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 2);
}

// The bundled episodes were drawn from the data set that `tint dataset synthesize` writes by default.
TEST(WriteSyntheticDataset, ReproducesTheBundledEpisodes) {
  const TestFolder folder;
  WriteSyntheticDataset(folder / "demo", {.splits = {"val", "test"}});
  for (const std::string name : {"demo-val-5way-5shot-40.json", "demo-test-5way-5shot.json"}) {
    const EpisodeFile file = ReadEpisodeFile(fs::path(TINT_EPISODES) / name);
    EXPECT_EQ(testing::Sha256OfRedrawnEpisodes(file, *OpenSplit(folder.path(), "demo", file.split)), file.sha256)
        << name;
  }
}

}  // namespace
}  // namespace tint
