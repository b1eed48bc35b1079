// SPDX-License-Identifier: Apache-2.0
#include "im2col.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

#include <cstring>

#include "winograd_tiles.h"

namespace tint {

Images::Images(const at::Tensor& input)
    : data(input.const_data_ptr<float>()),
      count(input.size(0)),
      height(input.size(2)),
      width(input.size(3)),
      channels(input.size(1)) {}

int64_t Images::stride() const { return (depth() + kPanel - 1) / kPanel * kPanel; }

at::Tensor Images::Windows(int64_t rows) const { return at::zeros({rows * width, stride()}, at::kFloat); }

namespace {

// A row of every window: zeros, then three pixels each, of which the first and the last window have only two. With
// kChannels known each copy is a few moves; 0: `any_channels`.
template <int64_t kChannels>
void PackRow(const float* from, int64_t width, int64_t stride, int64_t any_channels, float* to) {
  const int64_t channels = kChannels > 0 ? kChannels : any_channels;
  const auto bytes = static_cast<size_t>(channels) * sizeof(float);
  std::memset(to, 0, bytes);
  std::memcpy(to + channels, from, width > 1 ? 2 * bytes : bytes);
  for (int64_t x = 1; x + 1 < width; ++x) std::memcpy(to + x * stride, from + (x - 1) * channels, 3 * bytes);
  float* last = to + (width - 1) * stride;
  if (width > 1) std::memcpy(last, from + (width - 2) * channels, 2 * bytes);
  std::memset(last + 2 * channels, 0, bytes);
}

}  // namespace

void Images::Im2Col(int64_t row, float* to) const {
  const int64_t line = width * channels, y = row % height;
  for (int64_t u = 0; u < 3; ++u) {
    float* first = to + u * 3 * channels;
    if (y + u < 1 || y + u > height) {
      for (int64_t x = 0; x < width; ++x)
        std::memset(first + x * stride(), 0, static_cast<size_t>(3 * channels) * sizeof(float));
      continue;
    }
    const auto pack = channels == 3 ? PackRow<3> : channels == 1 ? PackRow<1> : PackRow<0>;
    pack(data + (row + u - 1) * line, width, stride(), channels, first);
  }
  for (int64_t x = 0; x < width; ++x) to[x * stride() + depth() - 1] = 1;
}

at::Tensor PackFilters(const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  const int64_t filters = weight.size(0);
  const at::Tensor bias_column = bias ? *bias : at::zeros({filters}, weight.options());
  return at::cat({weight.permute({0, 2, 3, 1}).reshape({filters, -1}), bias_column.unsqueeze(1)}, 1);
}

std::tuple<at::Tensor, at::Tensor> UnpackFilters(const at::Tensor& flat_filters) {
  return {flat_filters.slice(1, 0, -1).reshape({flat_filters.size(0), 3, 3, -1}).permute({0, 3, 1, 2}).contiguous(),
          flat_filters.select(1, -1).clone()};
}

at::Tensor Panels(const at::Tensor& flat_filters) {
  return flat_filters.reshape({flat_filters.size(0) / kPanel, kPanel, -1}).transpose(1, 2).contiguous();
}

}  // namespace tint
