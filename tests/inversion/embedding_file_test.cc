// SPDX-License-Identifier: Apache-2.0
#include "tint/inversion/embedding_file.h"

#include <ATen/ATen.h>

#include <cstring>
#include <limits>

#include "prelude.h"
#include "tensor_matchers.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

using tint::testing::TensorEquals;

constexpr int64_t kWidth = 768;

at::Tensor Vectors(int64_t count, int64_t width = kWidth) {
  return at::arange(1, count * width + 1, at::kFloat).reshape({count, width}) / 1024;
}

LearnedEmbedding Read(const NamedTensors& tensors, const std::string& file = "folder/cat.v2.safetensors") {
  return ReadEmbedding(SerializeSafetensors(tensors), file, kWidth);
}

struct Layout {
  std::string key, layout, name;
};

TEST(ReadEmbedding, KnowsTheLayouts) {
  for (const Layout& expected :
       {Layout{"<cat-toy>", "diffusers", "<cat-toy>"}, Layout{"#object", "diffusers", "#object"},
        Layout{"*", "diffusers", "cat.v2"}, Layout{"emb_params", "a1111", "cat.v2"},
        Layout{"emp_params", "onetrainer", "cat.v2"}}) {
    const LearnedEmbedding embedding = Read({{expected.key, Vectors(2)}});
    EXPECT_EQ(embedding.layout, expected.layout) << expected.key;
    EXPECT_EQ(embedding.name, expected.name) << expected.key;
    EXPECT_EQ(embedding.dtype, "float32");
    EXPECT_THAT(embedding.vectors, TensorEquals(Vectors(2)));
  }
}

TEST(ReadEmbedding, OneVectorNeedsNoSecondDimension) {
  EXPECT_THAT(Read({{"<cat>", Vectors(1).flatten()}}).vectors, TensorEquals(Vectors(1)));
  EXPECT_THAT(Read({{"<cat>", Vectors(1)}}).vectors, TensorEquals(Vectors(1)));
}

TEST(ReadEmbedding, OtherPrecisionsBecomeFloat32) {
  const at::Tensor exact = Vectors(1).to(at::kBFloat16).to(at::kFloat);  // float16 holds these too
  const std::pair<at::ScalarType, const char*> dtypes[] = {
      {at::kHalf, "float16"}, {at::kBFloat16, "bfloat16"}, {at::kDouble, "float64"}};
  for (const auto& [dtype, name] : dtypes) {
    const LearnedEmbedding embedding = Read({{"emb_params", exact.to(dtype)}});
    EXPECT_EQ(embedding.dtype, name);
    EXPECT_THAT(embedding.vectors, TensorEquals(exact)) << name;
  }
}

TEST(ReadEmbedding, PassesOverScalars) {
  const LearnedEmbedding embedding =
      Read({{"emb_params", Vectors(3)}, {"step", at::full({}, 500, at::kLong)}, {"loss", at::full({}, 0.5)}});
  EXPECT_THAT(embedding.vectors, TensorEquals(Vectors(3)));
}

TEST(ReadEmbedding, AcceptsWhatFillsAPromptAndAnyWidthOnRequest) {
  EXPECT_EQ(Read({{"<long>", Vectors(75)}}).vectors.size(0), 75);
  const std::string wide = SerializeSafetensors({{"emb_params", Vectors(1, 1024)}});
  EXPECT_EQ(ReadEmbedding(wide, "w", kAnyEmbeddingWidth).vectors.size(1), 1024);
}

// kohya's trainer keeps its settings in the metadata, some of them long.
TEST(ReadEmbedding, MetadataMayBeLong) {
  const std::string bytes = SerializeSafetensors(
      {{"emb_params", Vectors(1)}}, {{"ss_tag_frequency", std::string(2 << 20, 'x')}, {"ss_steps", "1600"}});
  EXPECT_THAT(ReadEmbedding(bytes, "k", kWidth).vectors, TensorEquals(Vectors(1)));
}

struct Bad {
  NamedTensors tensors;
  std::string message;
};

at::Tensor With(double value) {
  at::Tensor vectors = Vectors(2).to(at::kDouble);
  vectors[1][7] = value;
  return vectors;
}

TEST(ReadEmbedding, RefusesWordsOfOtherModels) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Bad cases[] = {
      {{{"<a>", Vectors(1, 1024)}}, "<a>: has the width 1024 (made for Stable Diffusion 2.x?); expected 768"},
      {{{"<a>", Vectors(1, 1280)}}, "has the width 1280 (made for Stable Diffusion XL?); expected 768"},
      {{{"<a>", Vectors(2, 8)}}, "has the width 8; expected 768"},
      {{{"clip_l", Vectors(1)}, {"clip_g", Vectors(1, 1280)}}, "clip_g: is an embedding for Stable Diffusion XL"},
      {{{"emp_params_out", Vectors(1)}}, "emp_params_out: stands for the text encoder's output"},
      {{{"emp_params", Vectors(1)}, {"emp_params_out", Vectors(1)}}, "emp_params_out: stands for"},
      {{{"<a>", Vectors(1)}, {"<b>", Vectors(1)}}, "tensors: 2: <a>, <b>; expected one tensor [n, D]"},
      {{{"emb_params", Vectors(1)}, {"<b>", Vectors(1)}}, "tensors: 2: <b>, emb_params; expected one"},
      {{{"1", Vectors(1)},
        {"2", Vectors(1)},
        {"3", Vectors(1)},
        {"4", Vectors(1)},
        {"5", Vectors(1)},
        {"6", Vectors(1)}},
       "tensors: 6: 1, 2, 3, 4, 5, ...; expected one"},
      {{{"step", at::full({}, 5)}}, "tensors: none; expected one"},
      {{}, "tensors: none; expected one"},
      {{{"<a>", Vectors(1).unsqueeze(0)}}, "<a>: has the shape [1, 1, 768]; expected [n, D] or [D]"},
      {{{"<a>", at::zeros({0, kWidth})}}, "<a>: has the shape [0, 768]; expected [n, D] or [D], not empty"},
      {{{"<a>", at::zeros({3, 0})}}, "<a>: has the shape [3, 0]"},
      {{{"<a>", Vectors(76)}}, "<a>: has 76 vectors; expected at most 75"},
      {{{"<a>", Vectors(1).to(at::kLong)}}, "<a>: is int64; expected float32, float16, bfloat16"},
      {{{"<a>", With(infinity)}}, "<a>: 1 of 1536 values are not finite"},
      {{{"<a>", With(std::nan(""))}}, "<a>: 1 of 1536 values are not finite"},
      {{{"<a>", With(1e300)}}, "<a>: 1 of 1536 values are not finite; expected numbers that float32 can hold"},
      {{{"<a>", at::cat({Vectors(1), at::zeros({1, kWidth})})}}, "<a>: has a vector of zeros"},
  };
  for (const Bad& bad : cases) {
    const Error error = CatchError([&] { Read(bad.tensors, "odd.safetensors"); });
    EXPECT_THAT(error, FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("odd.safetensors: "), HasSubstr(bad.message))));
  }
}

TEST(ReadEmbedding, PicklesAreNeverOpened) {
  // The first bytes of torch.save: as a zip since PyTorch 1.6, and as bare pickles of protocol 2 before.
  const std::string pickles[] = {std::string("PK\x03\x04\x00\x00\x08\x08", 8) + std::string(600, 'x'),
                                 std::string("\x80\x02\x8a\x0al\xfc\x9c"
                                             "F\xf9",
                                             9) +
                                     std::string(600, '{'),
                                 "\x80\x04"};
  for (const std::string& bytes : pickles) {
    EXPECT_THAT(CatchError([&] { ReadEmbedding(bytes, "cat.pt", kWidth); }),
                FailsWith(ExitCode::kUntrusted,
                          AllOf(HasSubstr("cat.pt: is a pickle"), HasSubstr("scripts/convert_embedding.py"))));
  }
}

// The first byte of a pickle is also that of a header of 128 bytes, and its first two those of one of 640.
TEST(ReadEmbedding, AHeaderThatBeginsAsAPickleIsRead) {
  for (const uint64_t length : {128, 640}) {
    std::string bytes;
    uint64_t found = 0;
    for (size_t padding = 1; found < length; ++padding) {
      bytes = SerializeSafetensors({{"emb_params", Vectors(1)}}, {{"note", std::string(padding, 'n')}});
      std::memcpy(&found, bytes.data(), sizeof found);
    }
    ASSERT_EQ(found, length);
    EXPECT_EQ(bytes[0], '\x80');
    EXPECT_THAT(ReadEmbedding(bytes, "f", kWidth).vectors, TensorEquals(Vectors(1))) << length;
  }
}

TEST(ReadEmbedding, DamagedFilesAreBadInput) {
  const std::string whole = SerializeSafetensors({{"<a>", Vectors(1)}});
  const std::string damaged[] = {
      "", "x", "<!DOCTYPE html><html>", whole.substr(0, whole.size() - 1), whole + "x", whole.substr(0, 40)};
  for (const std::string& bytes : damaged) {
    EXPECT_THAT(CatchError([&] { ReadEmbedding(bytes, "torn.safetensors", kWidth); }),
                FailsWith(ExitCode::kBadInput, ::testing::StartsWith("torn.safetensors:")));
  }
}

TEST(WriteEmbedding, ReadingInvertsWriting) {
  for (const std::string& layout : EmbeddingLayouts()) {
    for (const int64_t count : {1, 3, 75}) {
      const std::string bytes = WriteEmbedding(Vectors(count), "<cat>", layout);
      const LearnedEmbedding embedding = ReadEmbedding(bytes, "dir/dog.safetensors", kWidth);
      EXPECT_THAT(embedding.vectors, TensorEquals(Vectors(count)));
      EXPECT_EQ(embedding.layout, layout);
      EXPECT_EQ(embedding.name, layout == "diffusers" ? "<cat>" : "dog");
      EXPECT_EQ(WriteEmbedding(embedding.vectors, "<cat>", layout), bytes);
    }
  }
}

TEST(WriteEmbedding, TheBytesDependOnTheValuesAlone) {
  const at::Tensor strided = Vectors(2).t().contiguous().t().requires_grad_();
  EXPECT_EQ(WriteEmbedding(strided, "<cat>", "diffusers"), WriteEmbedding(Vectors(2), "<cat>", "diffusers"));
  EXPECT_THAT(WriteEmbedding(Vectors(1, 2), "<cat>", "diffusers").substr(8),
              ::testing::StartsWith(R"({"__metadata__":{"format":"pt"},"<cat>":{"dtype":"F32","shape":[1,2],)"));
  EXPECT_THAT(WriteEmbedding(Vectors(1, 2), "", "a1111").substr(8),
              ::testing::StartsWith(R"({"__metadata__":{"format":"pt"},"emb_params":{"dtype":"F32","shape":[1,2],)"));
}

TEST(WriteEmbedding, NeedsAWordAndALayout) {
  for (const char* word : {"<cat>", "#object", "sks", "katze-äöü"}) EXPECT_THAT(PlaceholderProblem(word), IsEmpty());
  for (const char* word : {"", "two words", "tab\t", "\xff", "emb_params", "clip_g", "*", "__metadata__"})
    EXPECT_THAT(PlaceholderProblem(word), Not(IsEmpty())) << word;
  EXPECT_THAT(CatchError([] { WriteEmbedding(Vectors(1), "two words", "diffusers"); }),
              FailsWith(ExitCode::kInternal, HasSubstr("contains a space")));
  EXPECT_THAT(CatchError([] { WriteEmbedding(Vectors(1), "<cat>", "webp"); }),
              FailsWith(ExitCode::kInternal, HasSubstr("webp")));
}

}  // namespace
}  // namespace tint
