// SPDX-License-Identifier: Apache-2.0
#include "tint/base/error.h"

#include "prelude.h"

namespace tint {
namespace {

using ::testing::EndsWith;

TEST(ErrorDetail, SaysEverythingInOneLine) {
  EXPECT_EQ(ToString({.file = "a.json",
                      .field = "generate.alpha",
                      .found = "is 2",
                      .expected = "a number in [0, 1]",
                      .remedy = "See tint help generate.",
                      .line = 3,
                      .column = 14}),
            "a.json:3:14: generate.alpha: is 2; expected a number in [0, 1]. See tint help generate.");
}

TEST(ErrorDetail, LeavesEmptyPartsOut) {
  EXPECT_EQ(ToString({.file = "a.json", .found = "is empty"}), "a.json: is empty");
  EXPECT_EQ(ToString({.field = "--shots", .found = "is 0", .expected = "1 or more"}),
            "--shots: is 0; expected 1 or more");
  EXPECT_EQ(ToString({.file = "a", .expected = "a folder"}), "a: expected a folder");
  EXPECT_EQ(ToString({.file = "a", .found = "odd", .line = 7}), "a:7: odd");
  EXPECT_EQ(ToString({.found = "odd", .remedy = "Fix it."}), "odd. Fix it.");
}

TEST(ErrorDetail, QuotesOddFileNames) {
  EXPECT_EQ(ToString({.file = "a\nb", .found = "odd"}), "'a\\nb': odd");
  EXPECT_EQ(ToString({.file = "\x1b[31mred", .found = "odd"}), "'\\x1b[31mred': odd");
  const std::string deep(1000, 'd');
  EXPECT_EQ(ToString({.file = deep, .found = "odd"}), deep + ": odd") << "a path is never cut";
}

TEST(Error, CarriesItsExitCode) {
  EXPECT_THAT(CatchError([] { Fail(ExitCode::kLeased, "taken"); }), FailsWith(ExitCode::kLeased, "taken"));
  EXPECT_THAT(CatchError([] { Fail(ExitCode::kUntrusted, {.file = "m.pt", .found = "is in no list"}); }),
              FailsWith(ExitCode::kUntrusted, "m.pt: is in no list"));
  EXPECT_EQ(static_cast<int>(ExitCode::kStopped), 75);
}

TEST(Check, ThrowsWithPlaceValuesAndReason) {
  const int steps = 3;
  EXPECT_THAT(
      CatchError([&] { TINT_CHECK_EQ(steps, 4) << "after the loop"; }),
      FailsWith(ExitCode::kInternal, AllOf(HasSubstr("error_test.cc:"), HasSubstr("check failed: steps == 4 (3 vs. 4)"),
                                           EndsWith("after the loop"))));
  EXPECT_THAT(CatchError([&] { TINT_CHECK(steps < 0); }),
              FailsWith(ExitCode::kInternal, HasSubstr("check failed: steps < 0")));
}

TEST(Check, LetsTruthPassWithoutEvaluatingTheReason) {
  int evaluated = 0;
  TINT_CHECK(true) << ++evaluated;
  TINT_CHECK_LE(1, 1) << ++evaluated;
  EXPECT_EQ(evaluated, 0);
}

}  // namespace
}  // namespace tint
