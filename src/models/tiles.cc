// SPDX-License-Identifier: Apache-2.0
#include "tint/models/tiles.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "tint/base/error.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

// A tile along one axis: its part of the image, without and with the overlap.
struct Span {
  int64_t first, end, seen_first, seen_end;
};

Span SpanAt(int64_t first, int64_t tile, int64_t overlap, int64_t size) {
  const int64_t end = std::min(first + tile, size);
  // The last tile may be narrow: it then overlaps more with those before it, because a module that needs multiples of
  // 16 pads its input by reflection, for which it needs enough pixels.
  const int64_t seen_first = std::min(first, end - std::min(tile, end)) - overlap;
  return {first, end, std::max<int64_t>(seen_first, 0), std::min(end + overlap, size)};
}

}  // namespace

at::Tensor EnlargeInTiles(const Upscaler& upscaler, const at::Tensor& images, int64_t tile, int64_t overlap) {
  TINT_CHECK(tile > 0 && overlap >= 0) << tile << ", " << overlap;
  CheckShape(images, {-1, 3, -1, -1}, "images");
  const int64_t height = images.size(2), width = images.size(3), factor = upscaler.factor();
  const at::Tensor large = at::empty({images.size(0), 3, height * factor, width * factor}, images.options());
  for (int64_t y = 0; y < height; y += tile) {
    for (int64_t x = 0; x < width; x += tile) {
      const Span row = SpanAt(y, tile, overlap, height), column = SpanAt(x, tile, overlap, width);
      const at::Tensor seen = images.narrow(2, row.seen_first, row.seen_end - row.seen_first)
                                  .narrow(3, column.seen_first, column.seen_end - column.seen_first);
      const int64_t rows = (row.end - row.first) * factor, columns = (column.end - column.first) * factor;
      large.narrow(2, row.first * factor, rows)
          .narrow(3, column.first * factor, columns)
          .copy_(upscaler.Enlarge(seen)
                     .narrow(2, (row.first - row.seen_first) * factor, rows)
                     .narrow(3, (column.first - column.seen_first) * factor, columns));
    }
  }
  return large;
}

}  // namespace tint
