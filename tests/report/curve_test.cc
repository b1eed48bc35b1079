// SPDX-License-Identifier: Apache-2.0
#include "tint/report/curve.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tint/base/json.h"
#include "tint/base/text.h"

namespace tint {
namespace {

using ::testing::ElementsAre;

Curve Losses() {
  return {.result = "runs/mini",
          .episode = "7",
          .stage = "textual-inversion",
          .class_name = "a \"b\" <c>",
          .name = "loss",
          .steps = {1, 2, 3},
          .values = {0.1, 1.0 / 3, NAN}};
}

TEST(CurvesJsonl, HasOneLinePerValueWithAllDigits) {
  Curve accuracy{.result = "runs/mini", .episode = "support", .stage = "distill", .name = "accuracy", .steps = {20}};
  accuracy.values = {0.75};
  const std::vector<std::string> lines = Split(CurvesJsonl({Losses(), accuracy}), '\n');
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[4], "");
  const Json second = Json::parse(lines[1]);
  EXPECT_EQ(second, Json({{"result", "runs/mini"},
                          {"episode", 7},
                          {"stage", "textual-inversion"},
                          {"class", "a \"b\" <c>"},
                          {"step", 2},
                          {"name", "loss"},
                          {"value", 1.0 / 3}}));
  EXPECT_TRUE(Json::parse(lines[2])["value"].is_null());
  const Json last = Json::parse(lines[3]);
  EXPECT_EQ(last["episode"], "support");
  EXPECT_TRUE(last["class"].is_null());
  EXPECT_EQ(last["value"], 0.75);
}

TEST(CurvesJsonl, IsUtf8WhateverThePathIs) {
  Curve curve = Losses();
  curve.result = "a\xff";
  EXPECT_EQ(Json::parse(Split(CurvesJsonl({curve}), '\n')[0])["result"], "a\uFFFD");
}

TEST(InBins, KeepsShortCurvesAndMeansOfLongOnes) {
  EXPECT_EQ(InBins(Losses(), 3).steps, Losses().steps);
  Curve curve;
  for (int k = 1; k <= 10; ++k) {
    curve.steps.push_back(k);
    curve.values.push_back(k);
  }
  const Curve binned = InBins(curve, 4);  // 2, 3, 2, 3 steps
  EXPECT_THAT(binned.steps, ElementsAre(2, 5, 7, 10));
  EXPECT_THAT(binned.values, ElementsAre(1.5, 4, 6.5, 9));
}

}  // namespace
}  // namespace tint
