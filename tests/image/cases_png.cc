// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <array>

#include "cases.h"
#include "encoders.h"

namespace tint::testing {
namespace {

using namespace std::string_literals;
using Sample = std::function<uint32_t(int64_t y, int64_t x, int64_t c)>;

// Every value of every depth comes up somewhere in 20 x 24 pixels.
uint32_t Value(int64_t y, int64_t x, int64_t c, int depth) {
  return static_cast<uint32_t>((y * 24 + x) * 40503 + c * 21001) & ((1u << depth) - 1);
}
Sample OfDepth(int depth) {
  return [=](int64_t y, int64_t x, int64_t c) { return Value(y, x, c, depth); };
}

PngFile File(int colour, int depth, bool interlaced = false, const std::string& chunks = "") {
  return {.depth = depth, .colour = colour, .interlaced = interlaced, .sample = OfDepth(depth), .chunks = chunks};
}

// What 20 x 24 pixels must become: `pixel` gives R, G, B.
at::Tensor Filled(const std::function<std::array<int, 3>(int64_t y, int64_t x)>& pixel) {
  at::Tensor out = at::empty({3, 20, 24}, at::kByte);
  for (int64_t y = 0; y < 20; ++y) {
    for (int64_t x = 0; x < 24; ++x) {
      const std::array<int, 3> rgb = pixel(y, x);
      for (int64_t c = 0; c < 3; ++c)
        out.mutable_data_ptr<uint8_t>()[(c * 20 + y) * 24 + x] = static_cast<uint8_t>(rgb[static_cast<size_t>(c)]);
    }
  }
  return out;
}

// PNG specification, 13.12: the nearest of 0...255 to v 255 / (2^depth - 1).
int ToEight(uint32_t value, int depth) {
  const uint32_t most = (1u << depth) - 1;
  return static_cast<int>((value * 510 + most) / (2 * most));
}

std::function<at::Tensor()> Rgb(int depth) {
  return [=] {
    return Filled([=](int64_t y, int64_t x) -> std::array<int, 3> {
      return {ToEight(Value(y, x, 0, depth), depth), ToEight(Value(y, x, 1, depth), depth),
              ToEight(Value(y, x, 2, depth), depth)};
    });
  };
}
std::function<at::Tensor()> Grey(int depth) {
  return [=] {
    return Filled([=](int64_t y, int64_t x) -> std::array<int, 3> {
      const int grey = ToEight(Value(y, x, 0, depth), depth);
      return {grey, grey, grey};
    });
  };
}

void AddSixteen(std::vector<ImageCase>* cases) {
  const auto add = [&](const std::string& file, const PngFile& png, const std::vector<std::string>& warnings,
                       const std::function<at::Tensor()>& pixels) {
    cases->push_back({"16-bit PNG", file, [=] { return MakePng(png); }, "", warnings, pixels});
  };
  add("rgb16.png", File(2, 16), {kSixteenWarning}, Rgb(16));
  add("rgb16 interlaced.png", File(2, 16, true), {kSixteenWarning}, Rgb(16));
  add("grey16.png", File(0, 16), {kSixteenWarning, kGreyWarning}, Grey(16));
  // 255 rounds to 1, 128 to 0 and 129 to 1: cutting the low byte off would give 0 each time.
  PngFile low = File(0, 16);
  low.sample = [](int64_t, int64_t x, int64_t) {
    return std::array<uint32_t, 3>{255, 128, 129}[static_cast<size_t>(x % 3)];
  };
  add("low values.png", low, {kSixteenWarning, kGreyWarning}, [] {
    return Filled([](int64_t, int64_t x) -> std::array<int, 3> {
      const int grey = x % 3 == 1 ? 0 : 1;
      return {grey, grey, grey};
    });
  });
  // The transparent colour is one 16-bit value, not all that share its high byte.
  PngFile key = low;
  key.chunks = Chunk("tRNS", BigEndian(255, 2));
  add("colour key16.png", key, {kSixteenWarning, kGreyWarning, kTransparentWarning}, [] {
    return Filled([](int64_t, int64_t x) -> std::array<int, 3> {
      const int grey = std::array<int, 3>{255, 0, 1}[static_cast<size_t>(x % 3)];
      return {grey, grey, grey};
    });
  });
}

// RGBA whose first `count` pixels in reading order have this alpha, on the colour (10, 100, 200).
PngFile WithAlpha(int64_t count, uint32_t alpha, uint32_t height = 20) {
  PngFile file = File(6, 8);
  file.height = height;
  file.sample = [=](int64_t y, int64_t x, int64_t c) -> uint32_t {
    if (c == 3) return y * 24 + x < count ? alpha : 255;
    return std::array<uint32_t, 3>{10, 100, 200}[static_cast<size_t>(c)];
  };
  return file;
}

void AddAlpha(std::vector<ImageCase>* cases) {
  const auto refuse = [&](const std::string& file, const PngFile& png) {
    cases->push_back({"alpha", file, [=] { return MakePng(png); }, "a fully transparent image"});
  };
  const auto accept = [&](const std::string& file, int64_t count, uint32_t alpha, std::array<int, 3> there,
                          bool warns) {
    const std::vector<std::string> warnings =
        warns ? std::vector<std::string>{kTransparentWarning} : std::vector<std::string>{};
    cases->push_back({"alpha", file, [=] { return MakePng(WithAlpha(count, alpha)); }, "", warnings,
                      [=] {
                        return Filled([=](int64_t y, int64_t x) {
                          return y * 24 + x < count ? there : std::array<int, 3>{10, 100, 200};
                        });
                      }});
  };
  accept("opaque.png", 0, 0, {}, false);
  accept("half clear.png", 240, 0, {255, 255, 255}, true);
  // alpha 51 is 1/5: 0.2 * 10 + 0.8 * 255 = 206, 0.2 * 100 + 204 = 224, 0.2 * 200 + 204 = 244
  accept("fifth.png", 480, 51, {206, 224, 244}, true);
  accept("one clear pixel.png", 1, 0, {255, 255, 255}, false);
  accept("under one percent.png", 4, 0, {255, 255, 255}, false);
  accept("over one percent.png", 5, 0, {255, 255, 255}, true);
  accept("nearly clear.png", 480, 1, {254, 254, 255}, true);
  refuse("clear.png", WithAlpha(480, 0));
  PngFile grey = File(4, 8);
  grey.sample = [](int64_t y, int64_t x, int64_t c) { return c == 1 ? 0 : Value(y, x, c, 8); };
  refuse("clear grey.png", grey);
  PngFile deep = File(6, 16, true);
  deep.sample = [](int64_t y, int64_t x, int64_t c) { return c == 3 ? 100 : Value(y, x, c, 16); };  // rounds to 0
  refuse("clear16.png", deep);
  refuse("clear palette.png", File(3, 1, false, Chunk("PLTE", "abcdef") + Chunk("tRNS", "\0\0"s)));
  PngFile key = File(2, 8, false, Chunk("tRNS", BigEndian(7, 2) + BigEndian(8, 2) + BigEndian(9, 2)));
  key.sample = [](int64_t, int64_t, int64_t c) { return static_cast<uint32_t>(7 + c); };
  refuse("all of the colour key.png", key);
}

void AddPalettes(std::vector<ImageCase>* cases) {
  const std::string row = "palette, 1-bit, interlaced PNG";
  std::string palette;
  for (int i = 0; i < 256; ++i) palette += BigEndian(static_cast<uint32_t>(i * 70001) & 0xffffff, 3);
  for (const int depth : {1, 2, 4, 8}) {
    const auto expected = [=] {
      return Filled([=](int64_t y, int64_t x) -> std::array<int, 3> {
        const auto at = [&](size_t c) {
          return static_cast<int>(static_cast<unsigned char>(palette[Value(y, x, 0, depth) * 3 + c]));
        };
        return {at(0), at(1), at(2)};
      });
    };
    for (const bool interlaced : {false, true})
      cases->push_back(
          {row,
           "palette" + std::to_string(depth) + (interlaced ? " interlaced.png" : ".png"),
           [=] { return MakePng(File(3, depth, interlaced, Chunk("PLTE", palette.substr(0, size_t{3} << depth)))); },
           "",
           {},
           expected});
    cases->push_back({"greyscale",
                      "grey" + std::to_string(depth) + ".png",
                      [=] { return MakePng(File(0, depth, depth == 2)); },
                      "",
                      {kGreyWarning},
                      Grey(depth)});
  }
  cases->push_back({row, "interlaced.png", [] { return MakePng(File(2, 8, true)); }, "", {}, Rgb(8)});
  PngFile opaque_grey = File(4, 8);
  opaque_grey.sample = [](int64_t y, int64_t x, int64_t c) { return c == 1 ? 255 : Value(y, x, c, 8); };
  cases->push_back(
      {"greyscale", "grey with alpha.png", [=] { return MakePng(opaque_grey); }, "", {kGreyWarning}, Grey(8)});
  cases->push_back({row, "no palette.png", [] { return MakePng(File(3, 8)); }, "a damaged PNG"});
  // An error in the file, which the PNG specification (11.2.2) leaves to the decoder: black here, as most show it.
  const std::string three = palette.substr(3, 9);
  cases->push_back({row,
                    "index outside.png",
                    [=] { return MakePng(File(3, 4, false, Chunk("PLTE", three))); },
                    "",
                    {},
                    [=] {
                      return Filled([=](int64_t y, int64_t x) -> std::array<int, 3> {
                        const uint32_t index = Value(y, x, 0, 4);
                        const auto at = [&](size_t c) {
                          return index < 3 ? static_cast<unsigned char>(three[index * 3 + c]) : 0;
                        };
                        return {at(0), at(1), at(2)};
                      });
                    }});
}

// EXIF 2.32, tag 274, says where row 0 and column 0 of what is stored lie in what is shown: pixel (r, c) as shown.
at::Tensor Stored(int orientation, const at::Tensor& shown) {
  const int64_t height = shown.size(1), width = shown.size(2);
  const bool sideways = orientation >= 5;
  at::Tensor stored = at::empty({3, sideways ? width : height, sideways ? height : width}, at::kByte);
  const bool row_0_far = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool column_0_far = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  for (int64_t r = 0; r < stored.size(1); ++r) {
    for (int64_t c = 0; c < stored.size(2); ++c) {
      const int64_t along_rows = row_0_far ? stored.size(1) - 1 - r : r;
      const int64_t along_columns = column_0_far ? stored.size(2) - 1 - c : c;
      const int64_t y = sideways ? along_columns : along_rows, x = sideways ? along_rows : along_columns;
      stored.select(1, r).select(1, c).copy_(shown.select(1, y).select(1, x));
    }
  }
  return stored;
}

void AddExifAndProfiles(std::vector<ImageCase>* cases) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const auto bytes = [=] {
      const at::Tensor stored = Stored(orientation, Rgb(8)());
      PngFile file = File(2, 8, false, Chunk("eXIf", Exif(orientation, orientation % 2 == 0)));
      file.height = static_cast<uint32_t>(stored.size(1));
      file.width = static_cast<uint32_t>(stored.size(2));
      file.sample = [=](int64_t y, int64_t x, int64_t c) {
        return stored.const_data_ptr<uint8_t>()[(c * stored.size(1) + y) * stored.size(2) + x];
      };
      return MakePng(file);
    };
    std::vector<std::string> warnings;
    if (orientation > 1) warnings.push_back("rotated by its EXIF orientation " + std::to_string(orientation));
    cases->push_back(
        {"EXIF orientation", "orientation" + std::to_string(orientation) + ".png", bytes, "", warnings, Rgb(8)});
  }
  const auto profile = [&](const std::string& file, const std::string& icc, const std::vector<std::string>& warnings) {
    const std::string chunk = Chunk("iCCP", "name\0\0"s + Compress(icc));
    cases->push_back({"colour profile", file, [=] { return MakePng(File(2, 8, false, chunk)); }, "", warnings, Rgb(8)});
  };
  profile("srgb.png", IccProfile("sRGB IEC61966-2.1"), {});
  profile("display p3.png", IccProfile("Display P3"), {kProfileWarning});
  profile("damaged profile.png", std::string(200, 'x'), {"its colour profile is damaged and is ignored"});
}

}  // namespace

std::vector<ImageCase> PngCases() {
  std::vector<ImageCase> cases;
  AddSixteen(&cases);
  AddAlpha(&cases);
  AddPalettes(&cases);
  AddExifAndProfiles(&cases);
  return cases;
}

}  // namespace tint::testing
