// SPDX-License-Identifier: Apache-2.0
// dataset synthesize.
#include <algorithm>

#include "commands.h"
#include "tint/base/json.h"
#include "tint/base/progress.h"
#include "tint/base/text.h"
#include "tint/data/dataset.h"
#include "tint/data/synthetic_dataset.h"
#include "tint/options/shared_options.h"

namespace tint {
namespace {

class DatasetSynthesizeCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    OptionList& list = options.Group("");
    list.Add("out", &out_, "Folder to write; empty: demo in $TINT_DATA, so that --dataset demo finds it.")
        .Is(TextKind::kFolder)
        .NotInKey();
    list.Add("splits", &splits_,
             "Splits to generate, separated by commas: train (64 classes), val (16), test (20) and pool (other images "
             "of all classes, for training a diffusion model).");
    list.Add("images-per-class", &per_class_, "Number of images per class.").Range(1, 99999);
    list.Add("side", &side_, "Image size: 16, 32, 64 or 128; the same images at each size.")
        .Range(16, 128)
        .Unit("pixels");
    DeclareSeed(list, &seed_, "Random seed of the images; the classes do not depend on it.");
  }

  void Run(const CommandOptions& /*options*/) override {
    const SyntheticDatasetOptions dataset = Dataset();
    const std::filesystem::path folder = out_.empty() ? DataRoot() / "demo" : std::filesystem::path(out_);
    Json json = {{"folder", folder.string()}, {"dry_run", shell.dry_run}, {"splits", Json::array()}};
    int64_t images = 0;
    for (const std::string& split : dataset.splits)
      images += static_cast<int64_t>(SyntheticClasses(split).size()) * dataset.per_class;
    std::string text;
    if (shell.dry_run) {
      text = "would write " + std::to_string(images) + " images to " + folder.string() + "\n";
    } else {
      Progress progress("synthesize", "images", images);
      for (const SyntheticSplit& one : WriteSyntheticDataset(folder, dataset, [&] { progress.Advance(); })) {
        json["splits"].push_back(
            {{"split", one.split}, {"classes", one.classes}, {"images", one.images}, {"reused", one.reused}});
        text += (folder / one.split).string() + ": " + std::to_string(one.classes) + " classes, " +
                std::to_string(one.images) + " images" + (one.reused ? ", already complete\n" : "\n");
      }
    }
    json["images"] = images;
    PrintResult(shell, json, text);
  }

 private:
  SyntheticDatasetOptions Dataset() const {
    const std::vector<std::string> known = {"train", "val", "test", "pool"}, splits = Split(splits_, ',');
    for (const std::string& split : splits) {
      if (std::count(known.begin(), known.end(), split) == 0)
        Fail(ExitCode::kUsage, {.field = "--splits",
                                .found = "unknown split " + Quote(split),
                                .expected = "some of " + Join(known, ", ")});
    }
    if (128 % side_ != 0)
      Fail(ExitCode::kUsage,
           {.field = "--side", .found = "is " + std::to_string(side_), .expected = "16, 32, 64 or 128"});
    return {.splits = splits, .per_class = per_class_, .side = side_, .seed = static_cast<uint64_t>(seed_)};
  }

  std::string out_, splits_ = "train,val,test";
  int64_t per_class_ = 600, side_ = 32, seed_ = 0;
};

}  // namespace

HandlerPtr MakeDatasetSynthesizeCommand(const std::string& /*name*/) {
  return std::make_unique<DatasetSynthesizeCommand>();
}

}  // namespace tint
