// SPDX-License-Identifier: Apache-2.0
// Every default and every preset's value that moves a result, pinned with its origin (docs/method.md).
#include "tint/stages/options.h"

#include <gtest/gtest.h>

#include "member_count.h"
#include "tint/base/json.h"

namespace tint {
namespace {

using testing::kMemberCount;

Json ValuesWith(const std::string& preset) {
  CommandOptions command("specialize", "");
  RunOptions options;
  options.Declare(command);
  command.Parse({"--preset", preset});
  Json values = command.ConfigWithOrigins();
  for (auto& [name, group] : values.items()) {
    if (!group.is_object() || group.contains("origin")) continue;
    for (auto& [option, entry] : group.items()) entry = entry["value"];
  }
  return values;
}

struct Pinned {
  const char *group, *option;
  Json paper, upstream, smoke;
};

const std::vector<Pinned> kPinned = {
    // docs/method.md, Super-resolution
    {"super-resolve", "pre-size", 96, 128, 96},
    {"super-resolve", "post-size", 0, 0, 0},
    {"super-resolve", "tile", 0, 0, 0},
    {"super-resolve", "tile-overlap", 32, 32, 32},
    {"super-resolve", "super-resolution", "auto", "auto", "auto"},
    {"super-resolve", "square", "crop", "crop", "crop"},
    {"super-resolve", "resize", "antialias", "bilinear", "antialias"},
    // docs/method.md, Textual inversion
    {"textual-inversion", "steps", 5000, 5000, 30},
    {"textual-inversion", "learning-rate", 1e-3, 1e-3, 0.01},
    {"textual-inversion", "optimizer", "adam", "adamw", "adam"},
    {"textual-inversion", "weight-decay", 0.0, 0.01, 0.0},
    {"textual-inversion", "min-timestep", 250, 250, 250},
    {"textual-inversion", "max-timestep", 999, 999, 999},
    {"textual-inversion", "prompt", "a photo of an #object", "a photo of an #object", "a photo of an #object"},
    {"textual-inversion", "init-word", "object", "object", "object"},
    {"textual-inversion", "vectors", 1, 1, 1},
    // None of it is in the paper's runs
    {"textual-inversion", "exact-timesteps", false, false, false},
    {"textual-inversion", "batch-size", 1, 1, 1},
    {"textual-inversion", "micro-batch-size", 0, 0, 0},
    {"textual-inversion", "latents", "mean", "mean", "mean"},
    {"textual-inversion", "augmentation", "none", "none", "none"},
    {"textual-inversion", "augmented-copies", 16, 16, 16},
    {"textual-inversion", "templates", "", "", ""},
    {"textual-inversion", "preview-every", 0, 0, 0},
    {"textual-inversion", "embedding", "", "", ""},
    {"textual-inversion", "class", "", "", ""},
    // docs/method.md, Null-text inversion
    {"null-text-inversion", "steps", 50, 50, 10},
    {"null-text-inversion", "inner-steps", 10, 10, 3},
    {"null-text-inversion", "inversion-guidance", 7.5, 7.5, 7.5},
    {"null-text-inversion", "scheme", "original", "fixed", "original"},
    {"null-text-inversion", "learning-rate", 0.01, 0.01, 0.01},
    {"null-text-inversion", "tolerance", -1.0, -1.0, -1.0},
    {"null-text-inversion", "spacing", "trailing", "trailing", "trailing"},
    {"null-text-inversion", "method", "null-text", "null-text", "null-text"},
    {"null-text-inversion", "batch-size", 0, 0, 0},
    {"null-text-inversion", "warn-psnr-loss", 6.0, 6.0, 6.0},
    {"null-text-inversion", "inverted", "", "", ""},
    // docs/method.md, Blending and generation
    {"generate", "images", 4000, 1000, 8},
    {"generate", "alpha", 1.0, 1.0, 1.0},
    {"generate", "guidance", 7.5, 7.5, 7.5},
    {"generate", "random-alpha", false, false, false},
    {"generate", "sampler", "ddim", "ddim", "ddim"},
    {"generate", "support-photo", -1, -1, -1},
    {"generate", "keep-originals", false, false, false},
    {"generate", "batch-size", 0, 0, 0},
};

TEST(Presets, HoldWhatTheMethodSays) {
  const Json paper = ValuesWith("paper"), upstream = ValuesWith("upstream"), smoke = ValuesWith("smoke");
  for (const Pinned& one : kPinned) {
    const std::string name = std::string(one.group) + "." + one.option;
    EXPECT_EQ(paper[one.group][one.option], one.paper) << name;
    EXPECT_EQ(upstream[one.group][one.option], one.upstream) << name;
    EXPECT_EQ(smoke[one.group][one.option], one.smoke) << name;
  }
  // Every option of these groups is pinned above; those of distill in tests/fewshot.
  for (const char* group : {"super-resolve", "textual-inversion", "null-text-inversion", "generate"}) {
    const auto pinned = std::count_if(kPinned.begin(), kPinned.end(),
                                      [&](const Pinned& one) { return one.group == std::string(group); });
    EXPECT_EQ(static_cast<size_t>(pinned), paper[group].size()) << group;
  }
}

TEST(Presets, DeclareForgetsNoMember) {
  const Json values = ValuesWith("paper");
  EXPECT_EQ(values["super-resolve"].size(), kMemberCount<SuperResolveOptions>);
  EXPECT_EQ(values["textual-inversion"].size(), kMemberCount<TextualInversionOptions>);
  EXPECT_EQ(values["null-text-inversion"].size(), kMemberCount<NullTextOptions>);
  EXPECT_EQ(values["generate"].size(), kMemberCount<GenerateOptions>);
  EXPECT_EQ(values["distill"].size(),
            kMemberCount<DistillOptions> - 2 + kMemberCount<AugmentationOptions> + kMemberCount<StudentOptions>);
  EXPECT_EQ(values["evaluate"].size(), kMemberCount<EvaluateOptions>);
  OptionList global;
  GlobalOptions global_options;
  global_options.Declare(global);
  EXPECT_EQ(global.options().size(), kMemberCount<GlobalOptions>);
}

// Minimum sizes.
TEST(Presets, SmokeIsSmallButNotEmpty) {
  const Json smoke = ValuesWith("smoke");
  EXPECT_GE(smoke["textual-inversion"]["steps"], 20);
  EXPECT_GE(smoke["null-text-inversion"]["steps"], 10);
  EXPECT_GE(smoke["null-text-inversion"]["inner-steps"], 3);
  EXPECT_GE(smoke["generate"]["images"], 8);
}

}  // namespace
}  // namespace tint
