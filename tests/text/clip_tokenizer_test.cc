// SPDX-License-Identifier: Apache-2.0
#include "tint/text/clip_tokenizer.h"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "prelude.h"

namespace tint {
namespace {

const std::string& ModelBytes() {
  static const std::string bytes = testing::ReadAll(TINT_CLIP_MODEL);
  return bytes;
}

class ClipTokenizerTest : public ::testing::Test {
 protected:
  ClipTokenizer tokenizer_{ModelBytes(), "clip.model"};
};

TEST_F(ClipTokenizerTest, EqualsTransformersOnTheFixture) {
  const char* other = std::getenv("TINT_TEXT_FIXTURE");  // a large one, by hand: scripts/make_text_fixture.py --large
  const auto fixture = nlohmann::json::parse(testing::ReadAll(other ? other : TINT_CLIP_IDS));
  for (const auto& name : fixture.at("placeholders")) tokenizer_.AddPlaceholder(name.get<std::string>());
  const auto& lines = fixture.at("lines");
  ASSERT_GE(lines.size(), 290u);
  size_t differences = 0;
  for (const auto& line : lines) {
    const std::string text = line.at(0).get<std::string>();
    const auto ids = tokenizer_.Pieces(text);
    const auto expected = line.at(1).get<std::vector<int64_t>>();
    if (ids == expected) continue;
    if (++differences <= 20) ADD_FAILURE() << line.dump() << "\n  found " << nlohmann::json(ids).dump();
  }
  EXPECT_EQ(differences, 0u) << "of " << lines.size() << " lines";
}

TEST_F(ClipTokenizerTest, EncodeFramesCutsAndPads) {
  const auto ids = tokenizer_.Encode("A photo of an object");
  ASSERT_EQ(ids.size(), 77u);
  EXPECT_THAT(std::vector<int64_t>(ids.begin(), ids.begin() + 6), ElementsAre(49406, 320, 1125, 539, 550, 14115));
  EXPECT_EQ(std::set<int64_t>(ids.begin() + 6, ids.end()), std::set<int64_t>{ClipTokenizer::kEnd});
  EXPECT_THAT(tokenizer_.Encode("", 3), ElementsAre(49406, 49407, 49407));
  EXPECT_THAT(tokenizer_.Encode("a photo of an object", 5), ElementsAre(49406, 320, 1125, 539, 49407));
  EXPECT_THAT(tokenizer_.Encode("a photo of", 5), ElementsAre(49406, 320, 1125, 539, 49407));
}

TEST_F(ClipTokenizerTest, PlaceholdersGetConsecutiveIds) {
  EXPECT_EQ(tokenizer_.AddPlaceholder("#object"), 49408);
  EXPECT_EQ(tokenizer_.AddPlaceholder("#cat", 3), 49409);
  EXPECT_EQ(tokenizer_.AddPlaceholder("#catfish"), 49412);
  EXPECT_THAT(tokenizer_.Pieces("a #object"), ElementsAre(320, 49408));
  EXPECT_THAT(tokenizer_.Pieces("#cat"), ElementsAre(49409, 49410, 49411));
  EXPECT_THAT(tokenizer_.Pieces("#catfish"), ElementsAre(49412)) << "the longest name that begins there";
  EXPECT_THAT(tokenizer_.Pieces("#object#cat"), ElementsAre(49408, 49409, 49410, 49411));
  EXPECT_EQ(tokenizer_.Piece(49408), "#object");
  EXPECT_EQ(tokenizer_.Piece(49411), "#cat_2");
}

TEST_F(ClipTokenizerTest, EveryPieceHasItsOwnName) {
  std::set<std::string> names;
  for (int64_t id = 0; id < ClipTokenizer::kVocabularySize; ++id) names.insert(tokenizer_.Piece(id));
  EXPECT_EQ(names.size(), static_cast<size_t>(ClipTokenizer::kVocabularySize));
  EXPECT_EQ(tokenizer_.Piece(14115), "object</w>");
  EXPECT_EQ(tokenizer_.Piece(0), "!");
  EXPECT_EQ(tokenizer_.Piece(256), "!</w>");
  EXPECT_EQ(tokenizer_.Piece(49405), "jekyll</w>");
  EXPECT_EQ(tokenizer_.Piece(49406), "<|startoftext|>");
  EXPECT_EQ(tokenizer_.Piece(49407), "<|endoftext|>");
}

TEST_F(ClipTokenizerTest, SingleTokenOrTheTokensInTheMessage) {
  EXPECT_EQ(tokenizer_.SingleToken("object"), 14115);
  EXPECT_EQ(tokenizer_.SingleToken(" Object "), 14115);
  EXPECT_THAT(CatchError([&] { tokenizer_.SingleToken("close-up"); }),
              FailsWith(ExitCode::kBadConfiguration,
                        AllOf(HasSubstr("close-up"), HasSubstr("close</w>"), HasSubstr("-</w>"), HasSubstr("up</w>"))));
  EXPECT_THAT(CatchError([&] { tokenizer_.SingleToken(" "); }),
              FailsWith(ExitCode::kBadConfiguration, HasSubstr("no token")));
  tokenizer_.AddPlaceholder("#object");
  EXPECT_THAT(CatchError([&] { tokenizer_.SingleToken("#object"); }),
              FailsWith(ExitCode::kBadConfiguration, HasSubstr("49408 #object")))
      << "a placeholder is not an initial word";
  EXPECT_THAT(CatchError([&] { tokenizer_.SingleToken("<|endoftext|>"); }),
              FailsWith(ExitCode::kBadConfiguration, HasSubstr("49407")));
}

TEST_F(ClipTokenizerTest, RefusesBadPlaceholders) {
  tokenizer_.AddPlaceholder("#object");
  const auto refusal = [&](const std::string& name) { return CatchError([&] { tokenizer_.AddPlaceholder(name); }); };
  EXPECT_THAT(refusal("#object"), FailsWith(ExitCode::kBadConfiguration, HasSubstr("already")));
  EXPECT_THAT(refusal("object"), FailsWith(ExitCode::kBadConfiguration, HasSubstr("'#'")));
  EXPECT_THAT(refusal("#"), FailsWith(ExitCode::kBadConfiguration, HasSubstr("'#'")));
  EXPECT_THAT(refusal("#my object"), FailsWith(ExitCode::kBadConfiguration, HasSubstr("blank")));
  EXPECT_THAT(refusal("#object "), FailsWith(ExitCode::kBadConfiguration, HasSubstr("blank")));
  EXPECT_THAT(refusal("#my\xc2\xa0object"), FailsWith(ExitCode::kBadConfiguration, HasSubstr("blank")));
  EXPECT_THAT(refusal("#\xff"), FailsWith(ExitCode::kBadConfiguration, HasSubstr("UTF-8")));
}

TEST_F(ClipTokenizerTest, RefusesTextThatIsNotUtf8) {
  EXPECT_THAT(CatchError([&] { tokenizer_.Pieces("a \xc3("); }),
              FailsWith(ExitCode::kBadConfiguration, HasSubstr("UTF-8")));
}

TEST_F(ClipTokenizerTest, AcceptsLongText) {
  EXPECT_THAT(tokenizer_.Pieces(std::string(100000, '\n')), IsEmpty());
  const auto ids = tokenizer_.Pieces(std::string(100000, 'a'));
  std::string text;
  for (const int64_t id : ids) text += tokenizer_.Piece(id);
  EXPECT_EQ(text, std::string(100000, 'a') + "</w>");
}

TEST(ClipTokenizerModelTest, RefusesOtherModels) {
  const auto refusal = [](const std::string& bytes) { return CatchError([&] { ClipTokenizer(bytes, "some.model"); }); };
  const auto bad = FailsWith(ExitCode::kBadInput, HasSubstr("some.model"));
  EXPECT_THAT(refusal(""), bad);
  EXPECT_THAT(refusal("not a model"), bad);
  EXPECT_THAT(refusal(ModelBytes().substr(0, ModelBytes().size() / 2)), bad);
  // A model in which two merges have changed places is whole and gives other ids.
  std::string changed = ModelBytes();
  const size_t found = changed.find("object\u2581");
  ASSERT_NE(found, std::string::npos);
  changed.replace(found, 6, "tcejbo");
  EXPECT_THAT(refusal(changed), bad);
}

}  // namespace
}  // namespace tint
