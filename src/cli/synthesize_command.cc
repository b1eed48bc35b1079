// dataset synthesize.
#include <algorithm>

#include "tint/base/progress.h"
#include "tint/base/text.h"
#include "tint/cli/command.h"
#include "tint/data/dataset.h"
#include "tint/data/synthetic_dataset.h"

namespace tint {
namespace {

struct DemoDrawOptions {
  std::string out, splits = "train,val,test";
  int64_t per_class = 600, side = 32, seed = 0;

  void Declare(OptionList& list) {
    list.Add("out", &out, "Folder to draw into; empty: demo below $TINT_DATA, so that --dataset demo names it.")
        .Is(TextKind::kFolder)
        .NotInKey();
    list.Add("splits", &splits,
             "Which of train (64 classes), val (16), test (20) and pool (other images of all of them, to train a "
             "diffusion model on), with commas between.");
    list.Add("images-per-class", &per_class, "Images of a class.").Range(1, 99999);
    list.Add("side", &side, "Their side: 16, 32, 64 or 128; the same images at each.").Range(16, 128).Unit("pixels");
    list.Add("seed", &seed, "Seed of the images; the classes are the same for all.").Range(0, 9007199254740991.0);
  }
  SyntheticDatasetOptions World() const {
    SyntheticDatasetOptions world{
        .splits = Split(splits, ','), .per_class = per_class, .side = side, .seed = static_cast<uint64_t>(seed)};
    const std::vector<std::string> known = {"train", "val", "test", "pool"};
    for (const std::string& split : world.splits) {
      if (std::count(known.begin(), known.end(), split) == 0)
        Fail(ExitCode::kUsage,
             {.field = "--splits", .found = Quote(split), .expected = "some of " + Join(known, ", ")});
    }
    if (128 % side != 0)
      Fail(ExitCode::kUsage, {.field = "--side", .found = std::to_string(side), .expected = "16, 32, 64 or 128"});
    return world;
  }
};

}  // namespace

int RunDatasetSynthesize(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  DemoDrawOptions options;
  ShellOptions shell;
  options.Declare(grammar.Group(""));
  shell.Declare(grammar.Group(""));
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  const SyntheticDatasetOptions world = options.World();
  const std::filesystem::path folder = options.out.empty() ? DataRoot() / "demo" : std::filesystem::path(options.out);
  Json json = {{"folder", folder.string()}, {"dry_run", shell.dry_run}, {"splits", Json::array()}};
  int64_t images = 0;
  for (const std::string& split : world.splits)
    images += static_cast<int64_t>(SyntheticClasses(split).size()) * world.per_class;
  std::string text;
  if (shell.dry_run) {
    text = "would draw " + std::to_string(images) + " images into " + folder.string() + "\n";
  } else {
    Progress progress("demo", "images drawn", images);
    for (const SyntheticSplit& one : DrawWorld(folder, world, [&] { progress.Advance(); })) {
      json["splits"].push_back(
          {{"split", one.split}, {"classes", one.classes}, {"images", one.images}, {"reused", one.reused}});
      text += (folder / one.split).string() + ": " + std::to_string(one.classes) + " classes, " +
              std::to_string(one.images) + " images" + (one.reused ? ", as they were\n" : "\n");
    }
  }
  json["images"] = images;
  PrintResult(shell, json, text);
  return 0;
}

}  // namespace tint
