// SPDX-License-Identifier: Apache-2.0
#include "tint/base/log.h"

#include <cstdlib>

#include "prelude.h"

namespace tint {
namespace {

std::string Logged(const std::string& level, const std::string& color) {
  ::testing::internal::CaptureStderr();
  SetUpLogging(level, color);
  spdlog::info("a word");
  spdlog::warn("a warning");
  spdlog::error("a failure");
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, GoesToStderrFromItsLevelOn) {
  EXPECT_THAT(Logged("info", "never"),
              AllOf(HasSubstr("info: a word"), HasSubstr("warning: a warning"), Not(HasSubstr("\033"))));
  EXPECT_THAT(Logged("warning", "never"), AllOf(Not(HasSubstr("a word")), HasSubstr("a warning")));
  EXPECT_THAT(Logged("error", "never"), AllOf(Not(HasSubstr("a warning")), HasSubstr("a failure")));
  EXPECT_EQ(Logged("off", "never"), "");
}

TEST(Log, ColorFollowsOptionAndEnvironment) {
  EXPECT_THAT(Logged("info", "always"), HasSubstr("\033["));
  EXPECT_THAT(Logged("info", "auto"), Not(HasSubstr("\033["))) << "stderr is no terminal here";
  setenv("NO_COLOR", "1", 1);
  EXPECT_THAT(Logged("info", "always"), HasSubstr("\033[")) << "asked for on the command line";
  unsetenv("NO_COLOR");
}

TEST(Log, UnknownWordsAreRefused) {
  EXPECT_THAT(CatchError([] { SetUpLogging("warn", "auto"); }), FailsWith(ExitCode::kUsage, HasSubstr("--log-level")));
  EXPECT_THAT(CatchError([] { SetUpLogging("info", "allways"); }),
              FailsWith(ExitCode::kUsage, AllOf(HasSubstr("--color"), HasSubstr("Did you mean 'always'?"))));
}

}  // namespace
}  // namespace tint
