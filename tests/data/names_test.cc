// SPDX-License-Identifier: Apache-2.0
#include "tint/data/names.h"

#include "hostile_names.h"
#include "prelude.h"

namespace tint {
namespace {

using ::testing::Pair;

TEST(NameError, RefusesHostileNames) {
  const auto cases = testing::HostileNames();
  EXPECT_GE(cases.size(), 40u);
  for (const auto& [name, why] : cases) EXPECT_THAT(NameError(name), HasSubstr(why)) << ::testing::PrintToString(name);
}

TEST(NameError, AcceptsPlainNames) {
  for (const std::string name :
       {"n01930112", "a", "n0193011200000001.jpg", "IMG 0001 (1).JPG", "it's.png", "a\"b.jpg", "a..b", "caf\u00e9",
        "\u732b", "\U0001F408\u200D\u2B1B", "a:b", "con", "~", "100%", "$HOME", "a;b|c", "*?", "a-b_c.d"}) {
    EXPECT_THAT(NameError(name), IsEmpty()) << name;
  }
  EXPECT_THAT(NameError(std::string(255, 'x')), IsEmpty());
}

TEST(FindNormalizationCollision, FindsTextInTwoNormalizationForms) {
  EXPECT_THAT(FindNormalizationCollision({"a", "caf\u00e9", "b", "cafe\u0301"}), Pair("caf\u00e9", "cafe\u0301"));
  EXPECT_THAT(FindNormalizationCollision({"K", "\u212a"}), Pair("K", "\u212a"));  // the sign of kelvin
  EXPECT_THAT(FindNormalizationCollision({"\uac00", "\u1100\u1161"}), Pair("\uac00", "\u1100\u1161"));
}

TEST(FindNormalizationCollision, IgnoresDifferentTexts) {
  EXPECT_THAT(FindNormalizationCollision({}), Pair("", ""));
  EXPECT_THAT(FindNormalizationCollision({"a", "A", "b", "a"}), Pair("", ""));  // an equal name is another fault
  EXPECT_THAT(FindNormalizationCollision({"caf\u00e9", "cafe", "caf\u00e8"}), Pair("", ""));
  EXPECT_THAT(FindNormalizationCollision({"\ufb01", "fi"}),
              Pair("", ""));  // equal only under compatibility normalization
  EXPECT_THAT(FindNormalizationCollision({"\xff\xfe", "caf\u00e9"}), Pair("", ""));
}

}  // namespace
}  // namespace tint
