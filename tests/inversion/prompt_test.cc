// SPDX-License-Identifier: Apache-2.0
#include "tint/inversion/prompt.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "closed_form_world.h"
#include "prelude.h"
#include "tensor_matchers.h"

namespace tint {
namespace {

using tint::testing::kEmbeddingWidth;
using tint::testing::NonlinearTextEncoder;
using tint::testing::RealTokenizer;
using tint::testing::TensorEquals;
using tint::testing::TensorNear;

class Prompt : public ::testing::Test {
 protected:
  const TextEncoder text_encoder_ = NonlinearTextEncoder();

  PromptTemplate Make(const std::string& text, int64_t vectors = 1, const std::string& init_word = "object") const {
    return PromptTemplate(RealTokenizer(), text_encoder_, text, "#object", init_word, vectors);
  }
  at::Tensor Plain(const std::string& text) const {
    return text_encoder_.Context(text_encoder_.Embed(at::tensor(RealTokenizer().Encode(text, 8)).unsqueeze(0)));
  }
};

TEST_F(Prompt, HoldsThePlaceholdersOwnIds) {
  EXPECT_THAT(Make("a photo of an #object").ids(), ElementsAre(49406, 320, 1125, 539, 550, 49408, 49407, 49407));
  EXPECT_THAT(Make("A #object, seen", 2).ids(), ElementsAre(49406, 320, 49408, 49409, 267, 2041, 49407, 49407));
}

TEST_F(Prompt, StartsAsThePromptWithTheInitWord) {
  const PromptTemplate prompt = Make("a photo of an #object", 1, "dog");
  const at::Tensor context = prompt.Context(text_encoder_, prompt.InitialVectors().unsqueeze(0));
  EXPECT_THAT(context, TensorEquals(Plain("a photo of an dog")));
}

TEST_F(Prompt, SeveralVectorsAllBeginAtTheInitWord) {
  const at::Tensor initial = Make("a photo of an #object", 2).InitialVectors();
  ASSERT_EQ(initial.sizes(), (std::vector<int64_t>{2, kEmbeddingWidth}));
  EXPECT_THAT(initial[1], TensorEquals(initial[0]));
}

TEST_F(Prompt, LearnedVectorsReplaceThePlaceholder) {
  const PromptTemplate prompt = Make("a #object photo", 2);
  const at::Tensor learned = at::randn({3, 2, kEmbeddingWidth});
  at::Tensor rows = text_encoder_.Embed(at::tensor(RealTokenizer().Encode("a a a photo", 8)).unsqueeze(0));
  rows = rows.repeat({3, 1, 1});
  rows.narrow(1, 2, 2).copy_(learned);
  EXPECT_THAT(prompt.Context(text_encoder_, learned), TensorNear(text_encoder_.Context(rows), 1e-6));
}

TEST_F(Prompt, GradientReachesEachProblemsVectorsAlone) {
  const PromptTemplate prompt = Make("a photo of an #object");
  const at::Tensor learned = at::randn({2, 1, kEmbeddingWidth}, at::kDouble).requires_grad_(true);
  const at::Tensor context = prompt.Context(text_encoder_, learned);
  const at::Tensor gradient = torch::autograd::grad({context[0].sum()}, {learned})[0];
  EXPECT_GT(gradient[0].abs().min().item<double>(), 1e-9);
  EXPECT_THAT(gradient[1], TensorEquals(at::zeros({1, kEmbeddingWidth}, at::kDouble)));
}

TEST_F(Prompt, EmptyContextIsThatOfTheEmptyPrompt) {
  const at::Tensor empty = Make("a photo of an #object").EmptyContext(text_encoder_);
  EXPECT_THAT(empty, TensorEquals(Plain("")));
  EXPECT_FALSE(empty.requires_grad());
}

TEST_F(Prompt, RefusesWhatItCannotLearn) {
  const auto fails = [&](const std::string& text, int64_t vectors, const std::string& what) {
    EXPECT_THAT(CatchError([&] { Make(text, vectors); }), FailsWith(ExitCode::kBadConfiguration, HasSubstr(what)))
        << text;
  };
  fails("a photo of an object", 1, "0 times");
  fails("", 1, "0 times");
  fails("an #object by an #object", 1, "2 times");
  fails("an #object with #7", 1, "no '#' except that of the placeholder");
  fails("a photo of an #object", 4, "textual-inversion.vectors: 4");
  fails("one two three four five six #object", 1, "0 times");  // cut off: 8 tokens hold six words
  EXPECT_THAT(CatchError([&] { Make("a photo of an #object", 1, "polar bear"); }),
              FailsWith(ExitCode::kBadConfiguration, HasSubstr("polar")));
}

TEST_F(Prompt, RefusesATextEncoderOfAnotherVocabulary) {
  const TextEncoder small = NonlinearTextEncoder(1000);
  const auto make = [&] { PromptTemplate(RealTokenizer(), small, "a photo of an #object", "#object", "object", 1); };
  EXPECT_THAT(CatchError(make), FailsWith(ExitCode::kBadInput, HasSubstr("vocabulary_size: 1000")));
}

}  // namespace
}  // namespace tint
