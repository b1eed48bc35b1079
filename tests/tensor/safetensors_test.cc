// SPDX-License-Identifier: Apache-2.0
#include "tint/tensor/safetensors.h"

#include <ATen/ATen.h>

#include <cstring>
#include <random>

#include "prelude.h"
#include "tensor_matchers.h"
#include "tint/base/json.h"

namespace tint {
namespace {

using testing::TensorEquals;

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

// Written by Python's safetensors 0.8.0 with torch 2.11.0: safetensors.torch.save(x, metadata={"format": "pt"}) of
// x = {"w": float32 [[1, -2.5], [3.25, 0]], "i": int64 [7, -9], "h": float16 [0.5], "s": float32 2.0 of shape [],
//      "e": float32 of shape [0, 3], "b": bool [True, False, True]}.
std::string PythonFile() {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"i":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},)"
      R"("e":{"dtype":"F32","shape":[0,3],"data_offsets":[16,16]},"s":{"dtype":"F32","shape":[],"data_offsets":[16,20]},)"
      R"("w":{"dtype":"F32","shape":[2,2],"data_offsets":[20,36]},"h":{"dtype":"F16","shape":[1],"data_offsets":[36,38]},)"
      R"("b":{"dtype":"BOOL","shape":[3],"data_offsets":[38,41]}}   )";
  return FromHex("7001000000000000") + header +
         FromHex("0700000000000000f7ffffffffffffff000000400000803f000020c000005040000000000038010001");
}

NamedTensors PythonTensors() {
  return {{"w", at::tensor({1.0f, -2.5f, 3.25f, 0.0f}).reshape({2, 2})},
          {"i", at::tensor({7, -9}, at::kLong)},
          {"h", at::full({1}, 0.5, at::kHalf)},
          {"s", at::full({}, 2.0f)},
          {"e", at::zeros({0, 3})},
          {"b", at::tensor({1, 0, 1}, at::kLong).to(at::kBool)}};
}

void ExpectSame(const NamedTensors& actual, const NamedTensors& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    ASSERT_TRUE(actual.count(name)) << name;
    auto plain = [](const at::Tensor& t) { return t.is_complex() ? at::view_as_real(t.resolve_conj()) : t; };
    EXPECT_THAT(plain(actual.at(name)), TensorEquals(plain(tensor))) << name;
  }
}

TEST(Safetensors, ReadsWhatPythonWrote) { ExpectSame(ParseSafetensors(PythonFile(), "p"), PythonTensors()); }

TEST(Safetensors, WritesWhatPythonWrites) { EXPECT_EQ(SerializeSafetensors(PythonTensors()), PythonFile()); }

TEST(Safetensors, ReadingInvertsWriting) {
  NamedTensors tensors;
  for (const at::ScalarType dtype : {at::kBool, at::kByte, at::kChar, at::kShort, at::kInt, at::kLong, at::kHalf,
                                     at::kBFloat16, at::kFloat, at::kDouble, at::kComplexFloat}) {
    tensors[c10::toString(dtype)] = at::randint(0, 2, {3, 2}).to(dtype);
  }
  tensors["quoted \"name\"/with~slash"] = at::randn({1});
  tensors[""] = at::randn({2});
  tensors["ä"] = at::randn({2, 0, 4});
  ExpectSame(ParseSafetensors(SerializeSafetensors(tensors), "f"), tensors);
}

TEST(Safetensors, KeepsEveryBitPattern) {
  const at::Tensor bits = at::tensor({0x7FC00001, int(0xFF800000), int(0x80000000), 1, 0x7F7FFFFF}, at::kInt);
  const NamedTensors read = ParseSafetensors(SerializeSafetensors({{"x", bits.view(at::kFloat)}}), "f");
  EXPECT_THAT(read.at("x").view(at::kInt), TensorEquals(bits));
  for (const at::ScalarType dtype : {at::kUInt16, at::kFloat8_e5m2, at::kFloat8_e4m3fn, at::kUInt32, at::kUInt64}) {
    const at::Tensor raw = at::arange(16, at::kByte).view(dtype);
    const at::Tensor again = ParseSafetensors(SerializeSafetensors({{"x", raw}}), "f").at("x");
    EXPECT_EQ(again.scalar_type(), dtype);
    EXPECT_THAT(again.view(at::kByte), TensorEquals(raw.view(at::kByte))) << c10::toString(dtype);
  }
}

TEST(Safetensors, MakesViewsContiguous) {
  const at::Tensor base = at::arange(24, at::kFloat).reshape({4, 6});
  const at::Tensor conjugate = at::complex(base, base + 1).conj();
  const NamedTensors tensors = {
      {"t", base.t()}, {"s", base.slice(1, 0, 6, 2)}, {"x", base.select(0, 1).expand({3, 6})}, {"c", conjugate}};
  ExpectSame(ParseSafetensors(SerializeSafetensors(tensors), "f"), tensors);
}

TEST(Safetensors, WritingIsDeterministicAndAligned) {
  const NamedTensors tensors = {
      {"b", at::ones({3}, at::kByte)}, {"a", at::ones({2}, at::kByte)}, {"z", at::ones({1}, at::kDouble)}};
  const std::string bytes = SerializeSafetensors(tensors, {{"k", "v"}, {"a", "b"}});
  EXPECT_EQ(bytes, SerializeSafetensors(tensors, {{"a", "b"}, {"k", "v"}}));
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0u);
  EXPECT_THAT(bytes.substr(8), StartsWith(R"({"__metadata__":{"a":"b","k":"v"},"z":{"dtype":"F64")"));
  EXPECT_LT(bytes.find("\"a\":{\"dtype\""), bytes.find("\"b\":{\"dtype\""));
  EXPECT_TRUE(ParseSafetensors(SerializeSafetensors({}), "empty").empty());
  EXPECT_THAT(SerializeSafetensors({{"a", at::ones({1})}}, {}), Not(HasSubstr("__metadata__")));
}

TEST(Safetensors, RefusesToWriteInvalidTensors) {
  EXPECT_EQ(CatchError([] { SerializeSafetensors({{"x", at::Tensor()}}); }).code(), ExitCode::kInternal);
  EXPECT_EQ(CatchError([] { SerializeSafetensors({{"__metadata__", at::ones({1})}}); }).code(), ExitCode::kInternal);
  EXPECT_EQ(CatchError([] {
              SerializeSafetensors({{"x", at::ones({1}, at::kComplexDouble)}});
            }).code(),
            ExitCode::kInternal);
}

TEST(RequireTensor, ChecksNameShapeDtypeAndFiniteValues) {
  NamedTensors tensors = {{"v", at::ones({2, 8})}};
  EXPECT_THAT(RequireTensor(tensors, "v", {-1, 8}, at::kFloat, "e.safetensors"), TensorEquals(at::ones({2, 8})));
  auto require = [&](const char* name, c10::IntArrayRef shape, at::ScalarType dtype) {
    return CatchError([&] { RequireTensor(tensors, name, shape, dtype, "e.safetensors"); });
  };
  EXPECT_THAT(require("w", {2, 8}, at::kFloat),
              FailsWith(ExitCode::kCorrupt, HasSubstr("e.safetensors: w: is missing")));
  EXPECT_THAT(require("v", {2, 7}, at::kFloat),
              FailsWith(ExitCode::kCorrupt, HasSubstr("e.safetensors: v: is float32 [2, 8]")));
  EXPECT_THAT(require("v", {2, 8}, at::kHalf), FailsWith(ExitCode::kCorrupt, HasSubstr("expected float16")));
  tensors["v"][1][3] = HUGE_VAL;
  EXPECT_THAT(require("v", {2, 8}, at::kFloat),
              FailsWith(ExitCode::kCorrupt, HasSubstr("e.safetensors: v: 1 of 16 values")));
}

// Ten thousand tensors are the most an artifact may hold; reading them must not cost their square.
TEST(Safetensors, ManyTensorsAreReadQuickly) {
  NamedTensors tensors;
  for (int i = 0; i < 10'000; ++i) tensors["t" + std::to_string(i)] = at::ones({1});
  const std::string bytes = SerializeSafetensors(tensors);
  EXPECT_EQ(ParseSafetensors(bytes, "f").size(), 10'000u);
  tensors["one more"] = at::ones({1});
  EXPECT_THAT(CatchError([&] { ParseSafetensors(SerializeSafetensors(tensors), "f"); }),
              FailsWith(ExitCode::kCorrupt, HasSubstr("exceeds the number of tensors")));
}

// Whatever one byte says: the file is read or refused, never worse. Run with sanitizers, this also finds reads outside.
TEST(Safetensors, MutationsAreReadOrRefused) {
  const std::string good = PythonFile();
  std::mt19937 random(1);
  int refused = 0;
  auto attempt = [&](const std::string& bytes) {
    try {
      const NamedTensors tensors = ParseSafetensors(bytes, "f");
      for (const auto& [name, tensor] : tensors)
        ASSERT_EQ(tensor.numel() * tensor.element_size(), static_cast<int64_t>(tensor.nbytes()));
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ExitCode::kCorrupt) << error.what();
      ++refused;
    }
  };
  for (size_t length = 0; length < good.size(); ++length) attempt(good.substr(0, length));
  EXPECT_EQ(refused, static_cast<int>(good.size())) << "every truncation is found";
  for (int i = 0; i < 6000; ++i) {
    std::string bytes = good;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    attempt(bytes);
  }
  for (int i = 0; i < 2000; ++i) {  // digits, brackets and quotes reach deeper than random bytes
    std::string bytes = good;
    bytes[8 + random() % (bytes.size() - 8)] = "0123456789-[]{},:\"eE."[random() % 21];
    attempt(bytes);
  }
  EXPECT_GT(refused, static_cast<int>(good.size()) + 4000);
}

}  // namespace
}  // namespace tint
