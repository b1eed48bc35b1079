// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include "cases.h"
#include "encoders.h"

namespace tint::testing {
namespace {

using namespace std::string_literals;

at::Tensor Pixels() { return Gradient(20, 24); }

// 20 x 24 pixels, by default those of Pixels().
PngFile File(int colour = 2, int depth = 8, const std::string& chunks = "") {
  const at::Tensor pixels = Pixels();
  return {.depth = depth,
          .colour = colour,
          .sample =
              [=](int64_t y, int64_t x, int64_t c) {
                const uint8_t value = pixels.const_data_ptr<uint8_t>()[(c * 20 + y) * 24 + x];
                return value & ((1u << depth) - 1);
              },
          .chunks = chunks};
}

std::string Plain() { return MakePng(File()); }
std::string Cut(const std::string& bytes, size_t percent) { return bytes.substr(0, bytes.size() * percent / 100); }
std::string Flipped(std::string bytes, size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ 4);
  return bytes;
}
size_t Data(const std::string& bytes, const std::string& type) { return bytes.find(type) + 4; }

void AddDamaged(std::vector<ImageCase>* cases) {
  const auto add = [&](const std::string& file, const std::function<std::string()>& bytes, const std::string& reason) {
    cases->push_back({"truncated or flipped PNG", file, bytes, "a damaged PNG (" + reason});
  };
  for (const size_t percent : {20, 50, 90, 99})
    add(
        "cut" + std::to_string(percent) + ".png", [=] { return Cut(Plain(), percent); }, "truncated");
  add(
      "no end.png", [] { return Plain().substr(0, Plain().size() - 12); }, "truncated");
  add(
      "cut header.png", [] { return Plain().substr(0, 20); }, "no header");
  add(
      "flipped data.png", [] { return Flipped(Plain(), Data(Plain(), "IDAT") + 300); }, "");
  add(
      "flipped check of data.png", [] { return Flipped(Plain(), Plain().size() - 14); }, "IDAT: CRC error");
  add(
      "flipped width.png", [] { return Flipped(Plain(), 19); }, "IHDR: CRC error");
  add(
      "flipped palette.png",
      [] {
        const std::string bytes = MakePng(File(3, 2, Chunk("PLTE", std::string(12, 'p'))));
        return Flipped(bytes, Data(bytes, "PLTE"));
      },
      "PLTE: CRC error");
  add(
      "flipped comment.png",
      [] {
        const std::string bytes = MakePng(File(2, 8, Chunk("tEXt", "Comment\0words"s)));
        return Flipped(bytes, Data(bytes, "tEXt") + 9);
      },
      "tEXt: CRC error");
  const auto with_data = [](const std::string& data) {
    return kPngSignature + Header(24, 20, 8, 2) + Chunk("IDAT", data) + Chunk("IEND", "");
  };
  const std::string rows = RawRows(File());
  add(
      "too little data.png", [=] { return with_data(Compress(rows.substr(0, rows.size() - 1))); },
      "Not enough image data");
  add(
      "too much data.png", [=] { return with_data(Compress(rows + "more")); }, "IDAT: Too much image data");
  add(
      "wrong zlib check.png",
      [=] {
        const std::string data = Compress(rows);
        return with_data(Flipped(data, data.size() - 1));
      },
      "IDAT: incorrect data check");
  add(
      "filter 9.png", [=] { return with_data(Compress("\x09" + rows.substr(1))); }, "bad adaptive filter value");
  add(
      "no data.png", [] { return kPngSignature + Header(24, 20, 8, 2) + Chunk("IEND", ""); }, "");
  add(
      "signature as text.png", [] { return "\x89PNG\n\x1a\n" + Plain().substr(8); }, "its signature was changed");
}

void AddBombs(std::vector<ImageCase>* cases) {
  const auto add = [&](const std::string& file, uint32_t width, uint32_t height, const std::string& reason) {
    cases->push_back({"bomb", file,
                      [=] {
                        return kPngSignature + Header(width, height, 8, 2) +
                               Chunk("IDAT", Compress(std::string(100'000, '\0'))) + Chunk("IEND", "");
                      },
                      reason});
  };
  add("30k.png", 30'000, 30'000, "30000 x 30000 pixels; expected at most 64000000 pixels in total");
  add("40k.png", 40'000, 40'000, "40000 x 40000 pixels");
  add("two to the 31.png", 0x80000000, 0x80000000, "2147483648 x 2147483648 pixels");
  add("two to the 31, less one.png", 0x7fffffff, 0x7fffffff, "2147483647 x 2147483647 pixels");
  add("two to the 32, less one.png", 0xffffffff, 0xffffffff, "4294967295 x 4294967295 pixels");
  add("one row.png", 64'000'001, 1, "64000001 x 1 pixels; expected at most");
  add("no width.png", 0, 20, "0 x 20 pixels");
  ImageCase limited{"bomb", "own limit.png", Plain, "at most 479 pixels in total"};
  limited.rules.max_pixels = 479;
  cases->push_back(limited);
  ImageCase fits{"bomb", "at the limit.png", Plain, "", {}, Pixels};
  fits.rules.max_pixels = 480;
  cases->push_back(fits);
  cases->push_back({"bomb", "65500.jpg",
                    [] {
                      const std::string bytes = MakeJpeg({.samples = Gradient()});
                      return std::string(bytes).replace(FindSegment(bytes, 0xC0) + 5, 4, "\xff\xdc\xff\xdc");
                    },
                    "65500 x 65500 pixels"});
}

}  // namespace

std::vector<ImageCase> DamagedPngCases() {
  std::vector<ImageCase> cases;
  AddDamaged(&cases);
  AddBombs(&cases);
  return cases;
}

}  // namespace tint::testing
