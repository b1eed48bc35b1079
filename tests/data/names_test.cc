#include "tint/data/names.h"

#include <gmock/gmock.h>

#include "hostile_names.h"

namespace tint {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(NameError, RefusesHostileNames) {
  const auto cases = testing::HostileNames();
  EXPECT_GE(cases.size(), 40u);
  for (const auto& [name, why] : cases) EXPECT_THAT(NameError(name), HasSubstr(why)) << ::testing::PrintToString(name);
}

TEST(NameError, TakesPlainNames) {
  for (const std::string name :
       {"n01930112", "a", "n0193011200000001.jpg", "IMG 0001 (1).JPG", "it's.png", "a\"b.jpg", "a..b", "caf\u00e9",
        "\u732b", "\U0001F408\u200D\u2B1B", "a:b", "con", "~", "100%", "$HOME", "a;b|c", "*?", "a-b_c.d"}) {
    EXPECT_THAT(NameError(name), IsEmpty()) << name;
  }
  EXPECT_THAT(NameError(std::string(255, 'x')), IsEmpty());
}

TEST(FindNormalizationCollision, FindsTheSameTextInTwoSpellings) {
  EXPECT_THAT(FindNormalizationCollision({"a", "caf\u00e9", "b", "cafe\u0301"}), Pair("caf\u00e9", "cafe\u0301"));
  EXPECT_THAT(FindNormalizationCollision({"K", "\u212a"}), Pair("K", "\u212a"));  // the sign of kelvin
  EXPECT_THAT(FindNormalizationCollision({"\uac00", "\u1100\u1161"}), Pair("\uac00", "\u1100\u1161"));
}

TEST(FindNormalizationCollision, LeavesDifferentTextsAlone) {
  EXPECT_THAT(FindNormalizationCollision({}), Pair("", ""));
  EXPECT_THAT(FindNormalizationCollision({"a", "A", "b", "a"}), Pair("", ""));  // an equal name is another fault
  EXPECT_THAT(FindNormalizationCollision({"caf\u00e9", "cafe", "caf\u00e8"}), Pair("", ""));
  EXPECT_THAT(FindNormalizationCollision({"\ufb01", "fi"}), Pair("", ""));  // alike only under compatibility forms
  EXPECT_THAT(FindNormalizationCollision({"\xff\xfe", "caf\u00e9"}), Pair("", ""));
}

}  // namespace
}  // namespace tint
