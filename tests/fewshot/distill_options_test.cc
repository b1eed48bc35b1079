// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "member_count.h"
#include "tint/fewshot/distill.h"

namespace tint {
namespace {

DistillOptions WithPreset(const std::string& preset) {
  DistillOptions options;
  OptionList list;
  options.Declare(list);
  for (Option& option : list.options()) {
    const auto value = option.presets().find(preset);
    if (value != option.presets().end()) {
      EXPECT_EQ(option.SetFromJson(value->second), "") << option.name();
    }
  }
  return options;
}

// Paper section 3.3.
TEST(DistillOptions, DefaultsAreThePapers) {
  const DistillOptions options = WithPreset("paper");
  EXPECT_EQ(options.steps, 10'000);
  EXPECT_EQ(options.batch_size, 150);
  EXPECT_EQ(options.learning_rate, 0.02);
  EXPECT_EQ(options.momentum, 0.9);
  EXPECT_EQ(options.weight_decay, 5e-4);
  EXPECT_EQ(options.temperature, 4);
}

// LabelHalluc's released code. 38,400 base images, 125 a step beside 125 supports, are 307 steps.
TEST(DistillOptions, UpstreamIsLabelHallucs) {
  const DistillOptions options = WithPreset("upstream");
  EXPECT_EQ(options.steps, 307);
  EXPECT_EQ(options.batch_size, 250);
  EXPECT_EQ(options.learning_rate, 0.025);
  EXPECT_EQ(options.classifier_learning_rate, 0.05);
  EXPECT_TRUE(options.freeze_first_conv);
  EXPECT_EQ(options.student.conv4_head, Conv4Head::kGap);
  EXPECT_EQ(options.student.resnet12_widths, "64-160-320-640");
  EXPECT_EQ(options.student.activation, ResNet12Activation::kLeakyRelu);
  EXPECT_EQ(DistillLearningRate(options, options.steps - 1), 0.025);
}

// LabelHalluc's released code: padding 8, and 4 for CIFAR's 32 x 32.
TEST(DistillOptions, CropPaddingDependsOnTheImageSizeUnlessGiven) {
  DistillOptions options;
  EXPECT_EQ(options.augmentation.CropPadding(84), 8);
  EXPECT_EQ(options.augmentation.CropPadding(32), 4);
  options.augmentation.crop_padding = 0;
  EXPECT_EQ(options.augmentation.CropPadding(84), 0);
}

// Minimum sizes of the preset smoke.
TEST(DistillOptions, SmokeIsSmallButNotEmpty) {
  const DistillOptions options = WithPreset("smoke");
  EXPECT_GE(options.steps, 20);
  EXPECT_LE(options.steps, 100);
  EXPECT_GE(options.batch_size, 30);
  EXPECT_GE(options.base_images, 500);
}

TEST(DistillOptions, EveryNumberHasARangeAndEveryOptionHelp) {
  DistillOptions options;
  OptionList list;
  options.Declare(list);
  EXPECT_EQ(list.options().size(), testing::kMemberCount<DistillOptions> - 2 +
                                       testing::kMemberCount<AugmentationOptions> +
                                       testing::kMemberCount<StudentOptions>);
  for (const Option& option : list.options()) {
    EXPECT_FALSE(option.help().empty()) << option.name();
    EXPECT_TRUE(option.has_range() || !option.default_value().is_number()) << option.name();
  }
}

}  // namespace
}  // namespace tint
