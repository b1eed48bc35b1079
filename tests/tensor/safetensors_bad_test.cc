// SPDX-License-Identifier: Apache-2.0
// Every file that the format forbids is refused, naming the file, the tensor and the field.
#include <ATen/core/Tensor.h>

#include <cstring>

#include "prelude.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

std::string WithLength(uint64_t length, const std::string& rest) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + rest;
}

std::string File(const std::string& header, size_t data_bytes) {
  return WithLength(header.size(), header + std::string(data_bytes, '\0'));
}

std::string Entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

// A file of one tensor "x" whose data take `data_bytes`.
std::string One(const std::string& dtype, const std::string& shape, const std::string& offsets, size_t data_bytes) {
  return File("{" + Entry("x", dtype, shape, offsets) + "}", data_bytes);
}

std::string Two(const std::string& offsets_a, const std::string& offsets_b, size_t data_bytes) {
  return File("{" + Entry("a", "U8", "[4]", offsets_a) + "," + Entry("b", "U8", "[4]", offsets_b) + "}", data_bytes);
}

std::string ManyTensors(int count) {
  std::string header = "{";
  for (int i = 0; i < count; ++i) header += (i ? "," : "") + Entry("t" + std::to_string(i), "U8", "[0]", "[0,0]");
  return File(header + "}", 0);
}

struct BadFile {
  std::string bytes;
  std::string detail;
};

std::vector<BadFile> BadFrames() {
  return {
      {"", "header: the file has 0 bytes"},
      {"1234567", "header: the file has 7 bytes"},
      {WithLength(0, ""), "header: has the length 0"},
      {WithLength(0, "{}"), "header: has the length 0"},
      {WithLength(3, "{}"), "header: has the length 3; expected at most the 2 bytes"},
      {WithLength(~uint64_t{0}, "{}"), "header: has the length 18446744073709551615"},
      {WithLength(uint64_t{1} << 63, "{}"), "header: has the length 9223372036854775808"},
      {WithLength((1 << 20) + 1, std::string((1 << 20) + 1, ' ')), "expected at most 1048576 bytes"},
      {File("[]", 0), "header: begins with ["},
      {File(" {}", 0), "header: begins with ' '"},
      {File("{", 0), "unexpected end of input"},
      {File("{} x", 0), "invalid literal"},
      {File(std::string("{}\0", 3), 0), "NUL"},
      {File("{\"\xff\":1}", 0), "ill-formed UTF-8"},
      {File("{\"x\":" + std::string(100'000, '['), 0), "nested more than 3 deep"},
      {File("{}", 1), "data: 1 bytes after the last tensor"},
      {ManyTensors(100'000), "header: has the length"},
  };
}

std::vector<BadFile> BadEntries() {
  const std::string good = Entry("x", "U8", "[4]", "[0,4]");
  return {
      {File("{" + good + "," + good + "}", 4), "duplicate key x"},
      {File(R"({"x":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}})", 0), "duplicate key dtype"},
      {File("{\"x\":1}", 0), "x: is 1; expected an object"},
      {File("{\"x\":{}}", 0), "x.dtype: is missing"},
      {File(R"({"x":{"dtype":"U8","shape":[0]}})", 0), "x.data_offsets: is missing"},
      {File(R"({"x":{"dtype":"U8","data_offsets":[0,0]}})", 0), "x.shape: is missing"},
      {File(R"({"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"stride":1}})", 0), "x.stride: is an unknown key"},
      {File(R"({"x":{"dtype":8,"shape":[0],"data_offsets":[0,0]}})", 0), "x.dtype: is 8"},
      {One("F31", "[0]", "[0,0]", 0), "x.dtype: is F31"},
      {One("f32", "[0]", "[0,0]", 0), "x.dtype: is f32"},
      {One("F4", "[0]", "[0,0]", 0), "x.dtype: is F4"},
      {One("U8", "4", "[0,4]", 4), "x.shape: is 4"},
      {One("U8", "[-4]", "[0,4]", 4), "x.shape[0]: is -4"},
      {One("U8", "[4.0]", "[0,4]", 4), "x.shape[0]: is 4.0"},
      {One("U8", "[18446744073709551615]", "[0,4]", 4), "x.shape[0]: is 18446744073709551615"},
      {One("U8", "[4294967296,4294967296]", "[0,0]", 0), "x.shape: is larger than any file"},
      {One("F64", "[2305843009213693952]", "[0,0]", 0), "x.shape: is larger than any file"},
      {One("F32", "[0,4294967296,4294967296]", "[0,0]", 0), "x.shape: is larger than any file"},
      {One(
           "U8",
           "[" + std::string("1") +
               [] {
                 std::string s;
                 for (int i = 0; i < 64; ++i) s += ",1";
                 return s;
               }() +
               "]",
           "[0,1]", 1),
       "x.shape: has 65 dimensions"},
      {One("U8", "[4]", "[0]", 4), "x.data_offsets: has 1 numbers"},
      {One("U8", "[4]", "[0,2,4]", 4), "x.data_offsets: has 3 numbers"},
      {One("U8", "[4]", "{}", 4), "x.data_offsets: is an object"},
      {One("U8", "[4]", "[-4,0]", 4), "x.data_offsets[0]: is -4"},
      {One("U8", "[4]", "[4,0]", 4), "x.data_offsets[1]: is 0"},
      {One("U8", "[4]", "[0,5]", 4), "x.data_offsets[1]: is 5"},
      {One("U8", "[4]", "[0,9223372036854775807]", 4), "x.data_offsets[1]: is 9223372036854775807"},
      {One("U8", "[4]", "[0.0,4]", 4), "x.data_offsets[0]: is 0.0"},
      {One("U8", "[4]", "[0,3]", 4), "x.data_offsets: spans 3 bytes; expected 4"},
      {One("F32", "[]", "[0,0]", 0), "x.data_offsets: spans 0 bytes; expected 4"},
      {One("F32", "[0]", "[0,4]", 4), "x.data_offsets: spans 4 bytes; expected 0"},
      {One("U8", "[4]", "[1,5]", 5), "x.data_offsets: begins at 1; expected 0"},
      {One("U8", "[4]", "[0,4]", 5), "data: 1 bytes after the last tensor"},
      {Two("[0,4]", "[2,6]", 6), "b.data_offsets: begins at 2; expected 4, as tensors may not overlap"},
      {Two("[0,4]", "[0,4]", 4), "data_offsets: begins at 0; expected 4"},
      {Two("[5,9]", "[0,4]", 9), "a.data_offsets: begins at 5; expected 4, as no byte may be left out"},
      {WithLength(One("BOOL", "[1]", "[0,1]", 0).size() - 8, One("BOOL", "[1]", "[0,1]", 0).substr(8) + "\x02"),
       "x: contains a BOOL"},
      {File(R"({"__metadata__":[]})", 0), "__metadata__: is a list"},
      {File(R"({"__metadata__":{"k":1}})", 0), "__metadata__.k: is not a string"},
      {File(R"({"__metadata__":{"k":{"a":"b"}}})", 0), "__metadata__.k: is not a string"},
  };
}

void ExpectRefused(const std::vector<BadFile>& files) {
  for (const BadFile& bad : files) {
    EXPECT_THAT(CatchError([&] { ParseSafetensors(bad.bytes, "bad.safetensors"); }),
                FailsWith(ExitCode::kCorrupt, AllOf(StartsWith("bad.safetensors:"), HasSubstr(bad.detail))))
        << bad.detail;
  }
}

TEST(BadSafetensors, FramesAreRefused) { ExpectRefused(BadFrames()); }

TEST(BadSafetensors, EntriesAreRefused) { ExpectRefused(BadEntries()); }

// With the limit that models get, the number of tensors is what stops it.
TEST(BadSafetensors, TooManyTensorsAreRefusedEarly) {
  EXPECT_THAT(
      CatchError([] { ParseSafetensors(ManyTensors(100'000), "bad.safetensors", {.max_header_bytes = 100'000'000}); }),
      FailsWith(ExitCode::kCorrupt, HasSubstr("more than 164096 values")));
  EXPECT_THAT(CatchError([] { ParseSafetensors(ManyTensors(11), "bad.safetensors", {.max_tensors = 10}); }),
              FailsWith(ExitCode::kCorrupt, HasSubstr("t10: exceeds the number of tensors")));
  EXPECT_EQ(ParseSafetensors(ManyTensors(10), "good.safetensors", {.max_tensors = 10}).size(), 10u);
}

}  // namespace
}  // namespace tint
