// SPDX-License-Identifier: Apache-2.0
#include "tint/base/shell.h"

#include <gtest/gtest.h>

namespace tint {
namespace {

TEST(ShellQuoted, QuotesOnlyWhatAShellWouldRead) {
  EXPECT_EQ(ShellQuoted("runs/mini-conv4_1.json"), "runs/mini-conv4_1.json");
  EXPECT_EQ(ShellQuoted(""), "''");
  EXPECT_EQ(ShellQuoted("two words"), "'two words'");
  EXPECT_EQ(ShellQuoted("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(ShellQuoted("~/a"), "'~/a'");
  EXPECT_EQ(ShellQuoted("=a"), "'=a'");  // a path of a program, to zsh
}

}  // namespace
}  // namespace tint
