// SPDX-License-Identifier: Apache-2.0
// A small world as the data set "shapes", three episodes of one of its splits, and rows of them.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "program.h"

namespace tint::testing {

class SmallEpisodes : public ::testing::Test {
 protected:
  // A suite's SetUpTestSuite calls it; `split` is "val" or "test".
  static void DrawEpisodes(const std::string& split);
  static void TearDownTestSuite();

  static Outcome Tint(const std::vector<std::string>& arguments);
  // `specialize --json` of one episode into world_ / run.
  static Outcome Specialize(int episode, const std::string& run, const std::vector<std::string>& more = {});

  // Holds data, episodes.json, models and small.json.
  static std::filesystem::path world_;
};

}  // namespace tint::testing
