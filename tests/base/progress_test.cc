// SPDX-License-Identifier: Apache-2.0
#include "tint/base/progress.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "prelude.h"
#include "tint/base/text.h"

namespace tint {
namespace {

using ::testing::EndsWith;
using ::testing::MatchesRegex;

std::string Shown(ProgressStyle style, int units, int total, const std::string& note = "", int pause_at = -1) {
  SetProgressStyle(style);
  ::testing::internal::CaptureStderr();
  {
    Progress progress("generate", "images", total);
    if (!note.empty()) progress.Note(note);
    for (int i = 0; i < units; ++i) {
      if (i == pause_at) usleep(1'050'000);
      progress.Advance();
    }
  }
  SetProgressStyle(ProgressStyle::kAuto);
  return ::testing::internal::GetCapturedStderr();
}

TEST(Progress, NoneIsSilent) { EXPECT_EQ(Shown(ProgressStyle::kNone, 50, 50, "loss 1"), ""); }

TEST(Progress, LinesAreFewAndTheLastGivesTheTime) {
  const std::string shown = Shown(ProgressStyle::kLines, 1000, 1000, "loss 0.0123");
  EXPECT_EQ(Split(shown, '\n').size(), 2u) << "a fast loop prints its end alone: " << shown;
  EXPECT_THAT(shown,
              AllOf(StartsWith("generate: 1000/1000 images, "), HasSubstr("/s, took 0."), EndsWith(", loss 0.0123\n")));
}

TEST(Progress, LinesComeOnceASecondWithRateAndRemainingTime) {
  const std::vector<std::string> lines = Split(Shown(ProgressStyle::kLines, 10, 10, "", 5), '\n');
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines[0], MatchesRegex("generate: 6/10 images, 5\\.[0-9]*/s, 0\\.[67] s left"))
      << "6 in 1.05 s or a little more";
  EXPECT_THAT(lines[1], StartsWith("generate: 10/10 images, "));
}

TEST(Progress, JsonLinesParse) {
  const std::vector<std::string> lines = Split(Shown(ProgressStyle::kJson, 8, 8), '\n');
  ASSERT_EQ(lines.size(), 2u);
  const auto last = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(last.at("stage"), "generate");
  EXPECT_EQ(last.at("done"), 8);
  EXPECT_EQ(last.at("total"), 8);
  EXPECT_GT(last.at("rate").get<double>(), 0);
  EXPECT_EQ(last.at("remaining_seconds"), 0);
}

// Nine tenths were done by an earlier process: the rate is this one's.
TEST(Progress, WhatWasDoneBeforeIsNotInTheRate) {
  SetProgressStyle(ProgressStyle::kJson);
  ::testing::internal::CaptureStderr();
  {
    Progress progress("distill", "steps", 1000);
    progress.StartFrom(900);
    for (int i = 0; i < 50; ++i) progress.Advance();
    usleep(1'050'000);
    progress.Advance(50);
  }
  SetProgressStyle(ProgressStyle::kAuto);
  const auto line = nlohmann::json::parse(::testing::internal::GetCapturedStderr());
  EXPECT_EQ(line.at("done"), 1000);
  EXPECT_LT(line.at("rate").get<double>(), 100);
  EXPECT_GT(line.at("rate").get<double>(), 10);
}

TEST(Progress, ABarEndsItsLine) {
  const std::string shown = Shown(ProgressStyle::kBar, 4, 4);
  EXPECT_THAT(shown, AllOf(StartsWith("\r"), HasSubstr("[########################] 4/4 images"), EndsWith("\n")));
  const std::string half = Shown(ProgressStyle::kBar, 0, 4);
  EXPECT_EQ(half, "") << "nothing done, nothing drawn";
}

TEST(Progress, ABarIsErasedForALine) {
  SetProgressStyle(ProgressStyle::kBar);
  ::testing::internal::CaptureStderr();
  {
    Progress progress("distill", "steps", 1);
    progress.Advance();
    EraseProgressBar();
    EraseProgressBar();
  }
  SetProgressStyle(ProgressStyle::kAuto);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), AllOf(EndsWith("\r\033[K"), Not(EndsWith("\r\033[K\r\033[K"))));
}

TEST(Progress, WithoutATerminalAutoMeansLines) {
  EXPECT_THAT(Shown(ProgressStyle::kAuto, 3, 3), AllOf(StartsWith("generate: 3/3"), Not(HasSubstr("\r"))));
}

TEST(Progress, NothingToDoIsNoError) { EXPECT_EQ(Shown(ProgressStyle::kLines, 0, 0), ""); }

}  // namespace
}  // namespace tint
