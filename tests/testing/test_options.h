// SPDX-License-Identifier: Apache-2.0
// TEST_OPTIONS(NullTextOptions, R"({"steps":50,...})"): every member of the struct is declared as an option with a help
// text, and the options that belong to a result's key have these names and default values, in this order.
#pragma once

#include <gtest/gtest.h>

#include "member_count.h"
#include "tint/options/option.h"

namespace tint::testing {

template <class Options>
void CheckOptions(const char* key_values) {
  Options options;
  OptionList list;
  options.Declare(list);
  EXPECT_EQ(list.options().size(), kMemberCount<Options>);
  EXPECT_EQ(list.KeyValues().dump(), key_values);
  for (const Option& option : list.options()) EXPECT_FALSE(option.help().empty()) << option.name();
}

}  // namespace tint::testing

#define TEST_OPTIONS(Options, key_values) \
  TEST(Options, DeclaresEveryMemberWithItsDefault) { ::tint::testing::CheckOptions<Options>(key_values); }
