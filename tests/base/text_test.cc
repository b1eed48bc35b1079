// SPDX-License-Identifier: Apache-2.0
#include "tint/base/text.h"

#include <gmock/gmock.h>

#include "tint/base/unicode.h"

namespace tint {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;

TEST(Quote, LeavesPlainNamesAlone) {
  EXPECT_EQ(Quote("photo 1.jpg"), "photo 1.jpg");
  EXPECT_EQ(Quote("Größe-日本.png"), "Größe-日本.png");
  EXPECT_EQ(Quote("it's"), "it's");
}

TEST(Quote, ShowsWhatCannotBeSeen) {
  EXPECT_EQ(Quote(""), "''");
  EXPECT_EQ(Quote(" a"), "' a'");
  EXPECT_EQ(Quote("a "), "'a '");
  EXPECT_EQ(Quote("a\nb\tc"), "'a\\nb\\tc'");
  EXPECT_EQ(Quote(std::string_view("a\0b", 3)), "'a\\x00b'");
  EXPECT_EQ(Quote("\x7f"), "'\\x7f'");
  EXPECT_EQ(Quote("\xff"), "'\\xff'");
  EXPECT_EQ(Quote("\xc3"), "'\\xc3'") << "half a character";
  EXPECT_EQ(Quote("a\xe2\x80\xaegpj.exe"), "'a\\xe2\\x80\\xaegpj.exe'") << "right-to-left override";
  EXPECT_EQ(Quote("'"), "'\\''");
  EXPECT_EQ(Quote("\n\\"), "'\\n\\\\'");
}

TEST(Quote, IsBounded) {
  const std::string shown = Quote(std::string(10'000, 'x'));
  EXPECT_LE(shown.size(), 300u);
  EXPECT_THAT(shown, EndsWith("..."));
  EXPECT_LE(Quote(std::string(10'000, '\n')).size(), 300u);
  std::string umlauts;
  for (int i = 0; i < 1000; ++i) umlauts += "ä";
  EXPECT_TRUE(IsValidUtf8(Quote(umlauts))) << "never cut inside a character";
}

TEST(NearestName, FindsTypingErrors) {
  const std::vector<std::string> names = {"alpha", "guidance", "steps", "learning-rate", "queries", "k"};
  EXPECT_EQ(NearestName("alpha", names), "alpha");
  EXPECT_EQ(NearestName("alhpa", names), "alpha") << "a swap is one edit";
  EXPECT_EQ(NearestName("alpa", names), "alpha");
  EXPECT_EQ(NearestName("aalpha", names), "alpha");
  EXPECT_EQ(NearestName("guidence", names), "guidance");
  EXPECT_EQ(NearestName("learningrate", names), "learning-rate");
  EXPECT_EQ(NearestName("lerning_ratte", names), "learning-rate") << "three edits of thirteen letters";
  EXPECT_EQ(NearestName("query", names), "") << "three edits, two allowed";
  EXPECT_EQ(NearestName("temperature", names), "");
  EXPECT_EQ(NearestName("", names), "");
  EXPECT_EQ(NearestName("xy", names), "") << "sharing no letter is not near";
  EXPECT_EQ(NearestName(std::string(1'000'000, 'a'), names), "") << "at once";
  EXPECT_EQ(NearestName("alpha", {}), "");
}

TEST(DidYouMean, AsksOrIsEmpty) {
  EXPECT_EQ(DidYouMean("aplha", {"alpha"}), "Did you mean 'alpha'?");
  EXPECT_EQ(DidYouMean("zzzzz", {"alpha"}), "");
}

TEST(JoinAndSplit, AreInverse) {
  for (const char* text : {"", "a", "a,b", ",", ",,a,", "one,two,three"}) EXPECT_EQ(Join(Split(text, ','), ","), text);
  EXPECT_THAT(Split("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_THAT(Split("", ','), ElementsAre(""));
}

TEST(FormatBytes, UsesPowersOf1024) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(512), "512 B");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(1536), "1.5 KiB");
  EXPECT_EQ(FormatBytes(uint64_t{2} << 30), "2.0 GiB");
  EXPECT_EQ(FormatBytes((1 << 20) - 1), "1.0 MiB") << "not 1024.0 KiB";
  EXPECT_EQ(FormatBytes(~uint64_t{0}), "16.0 EiB");
}

TEST(FormatSeconds, GrowsWithTheTime) {
  EXPECT_EQ(FormatSeconds(0), "0.0 s");
  EXPECT_EQ(FormatSeconds(0.42), "0.4 s");
  EXPECT_EQ(FormatSeconds(12.3), "12 s");
  EXPECT_EQ(FormatSeconds(9.99), "10 s");
  EXPECT_EQ(FormatSeconds(59.7), "1 min 0 s");
  EXPECT_EQ(FormatSeconds(200), "3 min 20 s");
  EXPECT_EQ(FormatSeconds(5 * 3600 + 12 * 60 + 10), "5 h 12 min");
  EXPECT_EQ(FormatSeconds(7199.9), "2 h 0 min");
  EXPECT_EQ(FormatSeconds(-1), "unknown");
  EXPECT_EQ(FormatSeconds(0.0 / 0.0), "unknown");
}

}  // namespace
}  // namespace tint
