// SPDX-License-Identifier: Apache-2.0
#include "tint/image/augment.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "tint/base/error.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

// One image as planes of bytes.
struct View {
  uint8_t* data;
  int64_t height, width;
  int64_t area() const { return height * width; }
};

// PIL's Image.blend(degenerate, image, factor): degenerate + factor (value - degenerate) in float32, truncated to a
// byte, clipped when it is out of range.
uint8_t Blend(int degenerate, int value, float factor) {
  const float mixed = static_cast<float>(degenerate) + factor * static_cast<float>(value - degenerate);
  if (mixed <= 0) return 0;
  if (mixed >= 255) return 255;
  return static_cast<uint8_t>(mixed);
}

// Blends all bytes with one grey level, by a table of the 256 possible results.
void BlendAll(View view, int grey, float factor) {
  std::array<uint8_t, 256> table{};
  for (int value = 0; value < 256; ++value) table[static_cast<size_t>(value)] = Blend(grey, value, factor);
  for (int64_t i = 0; i < 3 * view.area(); ++i) view.data[i] = table[view.data[i]];
}

// ITU-R 601-2, as PIL's convert("L") computes it.
uint8_t Luma(uint8_t r, uint8_t g, uint8_t b) {
  return static_cast<uint8_t>((19595u * r + 38470u * g + 7471u * b + 0x8000u) >> 16);
}

void Brighten(View view, float factor) { BlendAll(view, 0, factor); }

void Contrast(View view, float factor) {
  uint64_t sum = 0;
  const int64_t area = view.area();
  for (int64_t i = 0; i < area; ++i) sum += Luma(view.data[i], view.data[area + i], view.data[2 * area + i]);
  BlendAll(view, static_cast<int>(static_cast<double>(sum) / static_cast<double>(area) + 0.5), factor);
}

void Saturate(View view, float factor) {
  const int64_t area = view.area();
  for (int64_t i = 0; i < area; ++i) {
    const uint8_t grey = Luma(view.data[i], view.data[area + i], view.data[2 * area + i]);
    for (int64_t c = 0; c < 3; ++c) view.data[c * area + i] = Blend(grey, view.data[c * area + i], factor);
  }
}

void Jitter(View view, double strength, RandomStream& stream) {
  const std::vector<int64_t> order = stream.Permutation(3);
  std::array<float, 3> factors{};
  const double low = std::max(0.0, 1 - strength), high = 1 + strength;
  for (float& factor : factors) factor = static_cast<float>(low + (high - low) * stream.Uniform());
  for (const int64_t operation : order) {
    const float factor = factors[static_cast<size_t>(operation)];
    if (operation == 0) Brighten(view, factor);
    if (operation == 1) Contrast(view, factor);
    if (operation == 2) Saturate(view, factor);
  }
}

// The window of the zero-padded image whose top left corner is (top, left), both in [0, 2 padding].
void Crop(const uint8_t* from, View to, int64_t padding, int64_t top, int64_t left) {
  const int64_t shift_y = top - padding, shift_x = left - padding;
  const int64_t first_x = std::max<int64_t>(0, -shift_x), last_x = std::min(to.width, to.width - shift_x);
  for (int64_t c = 0; c < 3; ++c) {
    for (int64_t y = 0; y < to.height; ++y) {
      const int64_t source_y = y + shift_y;
      if (source_y < 0 || source_y >= to.height || first_x >= last_x) continue;
      std::memcpy(to.data + (c * to.height + y) * to.width + first_x,
                  from + (c * to.height + source_y) * to.width + first_x + shift_x,
                  static_cast<size_t>(last_x - first_x));
    }
  }
}

void Flip(View view) {
  for (int64_t row = 0; row < 3 * view.height; ++row)
    std::reverse(view.data + row * view.width, view.data + (row + 1) * view.width);
}

template <class Operation>
at::Tensor OnCopy(const at::Tensor& image, Operation operation) {
  CheckDtype(image, at::kByte, "image");
  CheckShape(image, {3, -1, -1}, "image");
  at::Tensor copy = image.clone(at::MemoryFormat::Contiguous);
  operation(View{copy.mutable_data_ptr<uint8_t>(), copy.size(1), copy.size(2)});
  return copy;
}

}  // namespace

at::Tensor Augment(const at::Tensor& images, const AugmentOptions& options, std::vector<RandomStream>& streams) {
  CheckDtype(images, at::kByte, "images");
  CheckShape(images, {static_cast<int64_t>(streams.size()), 3, -1, -1}, "images");
  const at::Tensor source = images.contiguous();
  at::Tensor result = options.crop_padding > 0 ? at::zeros_like(source) : source.clone(at::MemoryFormat::Contiguous);
  const int64_t stride = source.numel() / std::max<int64_t>(1, source.size(0));
  for (size_t b = 0; b < streams.size(); ++b) {
    RandomStream& stream = streams[b];
    const int64_t offset = static_cast<int64_t>(b) * stride;
    const View view{result.mutable_data_ptr<uint8_t>() + offset, source.size(2), source.size(3)};
    if (options.crop_padding > 0) {
      const int64_t top = stream.Integer(0, 2 * options.crop_padding),
                    left = stream.Integer(0, 2 * options.crop_padding);
      Crop(source.const_data_ptr<uint8_t>() + offset, view, options.crop_padding, top, left);
    }
    if (options.color_jitter > 0) Jitter(view, options.color_jitter, stream);
    if (stream.Uniform() < options.flip_probability) Flip(view);
  }
  return result;
}

at::Tensor AdjustBrightness(const at::Tensor& image, double factor) {
  return OnCopy(image, [&](View view) { Brighten(view, static_cast<float>(factor)); });
}

at::Tensor AdjustContrast(const at::Tensor& image, double factor) {
  return OnCopy(image, [&](View view) { Contrast(view, static_cast<float>(factor)); });
}

at::Tensor AdjustSaturation(const at::Tensor& image, double factor) {
  return OnCopy(image, [&](View view) { Saturate(view, static_cast<float>(factor)); });
}

at::Tensor Normalize(const at::Tensor& images, const std::vector<double>& mean, const std::vector<double>& std) {
  CheckDtype(images, at::kByte, "images");
  CheckShape(images, {-1, 3, -1, -1}, "images");
  TINT_CHECK_EQ(mean.size(), 3u);
  TINT_CHECK_EQ(std.size(), 3u);
  const auto row = [&](const std::vector<double>& values) {
    return at::tensor(values, at::kFloat).reshape({1, 3, 1, 1}).to(images.device());
  };
  return (images.to(at::kFloat) / 255.0 - row(mean)) / row(std);
}

}  // namespace tint
