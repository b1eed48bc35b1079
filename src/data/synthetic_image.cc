// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "synthetic_outline.h"
#include "tint/base/error.h"
#include "tint/data/synthetic_dataset.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

using Colour = cv::Vec3f;  // RGB, 0...255

constexpr int kCanvas = 128;  // side of the canvas in pixels; images are reduced from it

// What makes the data set difficult. Tuned on the classes of val, never on those of test (docs/results.md), then
// frozen.
constexpr double kColourJitter = 22, kNoise = 5;
constexpr int kMaxClutter = 3;
constexpr std::array<double, 2> kSize = {0.2, 0.4}, kGain = {0.6, 1.2}, kPeriod = {24, 34};

// Main and second colour of each row of SyntheticPalettes().
constexpr std::array<std::array<std::array<float, 3>, 2>, 8> kPalettes = {{{{{205, 60, 55}, {245, 205, 100}}},
                                                                           {{{55, 90, 200}, {160, 215, 245}}},
                                                                           {{{60, 145, 70}, {215, 235, 150}}},
                                                                           {{{135, 65, 165}, {235, 180, 225}}},
                                                                           {{{230, 140, 45}, {85, 55, 35}}},
                                                                           {{{45, 155, 155}, {245, 240, 215}}},
                                                                           {{{125, 125, 130}, {230, 95, 140}}},
                                                                           {{{110, 75, 50}, {90, 190, 220}}}}};

double Between(RandomStream& stream, double low, double high) { return low + (high - low) * stream.Uniform(); }

double Between(RandomStream& stream, const std::array<double, 2>& range) { return Between(stream, range[0], range[1]); }

Colour RandomColour(RandomStream& stream, double low, double high) {
  Colour colour;
  for (int k = 0; k < 3; ++k) colour[k] = static_cast<float>(Between(stream, low, high));
  return colour;
}

Colour JitterColour(RandomStream& stream, const std::array<float, 3>& of) {
  Colour colour;
  for (int k = 0; k < 3; ++k)
    colour[k] =
        static_cast<float>(std::clamp(of[static_cast<size_t>(k)] + kColourJitter * stream.Normal(), 0.0, 255.0));
  return colour;
}

double Fraction(double x) { return x - std::floor(x); }

// An element of SyntheticPatterns() as the share of the second colour, 0...1, at each point.
class Surface {
 public:
  Surface(RandomStream& stream, int pattern, const cv::Point2d& centre, double reach)
      : pattern_(pattern), centre_(centre), reach_(reach) {
    const double angle = Between(stream, 0, M_PI);
    cos_ = std::cos(angle);
    sin_ = std::sin(angle);
    period_ = Between(stream, kPeriod);
    phase_ = stream.Uniform();
  }
  double At(int x, int y) const {
    const double dx = x - centre_.x, dy = y - centre_.y;
    const double u = (dx * cos_ + dy * sin_) / period_ + phase_, v = (-dx * sin_ + dy * cos_) / period_ + phase_;
    switch (pattern_) {
      case 0:  // plain
        return 0;
      case 1:  // striped
        return Fraction(u) < 0.5 ? 1 : 0;
      case 2:  // checked
        return (Fraction(u) < 0.5) != (Fraction(v) < 0.5) ? 1 : 0;
      case 3:  // dotted
        return std::hypot(Fraction(u) - 0.5, Fraction(v) - 0.5) < 0.33 ? 1 : 0;
      case 4:  // shaded
        return std::clamp(0.5 + 0.5 * (dx * cos_ + dy * sin_) / reach_, 0.0, 1.0);
      case 5:  // ringed
        return Fraction(std::hypot(dx, dy) / period_ + phase_) < 0.5 ? 1 : 0;
      default:  // wavy
        return Fraction(u + 0.3 * std::sin(2 * M_PI * v)) < 0.5 ? 1 : 0;
    }
  }

 private:
  int pattern_;
  cv::Point2d centre_;
  double reach_, cos_ = 1, sin_ = 0, period_ = 1, phase_ = 0;
};

// Paints `surface` in two colours wherever `mask` is set; everywhere if it is empty.
void Paint(cv::Mat& canvas, const cv::Mat& mask, const Surface& surface, const Colour& first, const Colour& second) {
  for (int y = 0; y < kCanvas; ++y) {
    Colour* row = canvas.ptr<Colour>(y);
    for (int x = 0; x < kCanvas; ++x) {
      if (!mask.empty() && mask.at<uint8_t>(y, x) == 0) continue;
      const auto share = static_cast<float>(surface.At(x, y));
      row[x] = first * (1 - share) + second * share;
    }
  }
}

void PaintShape(RandomStream& stream, cv::Mat& canvas, int shape, const cv::Point2d& centre, double radius, int pattern,
                const Colour& first, const Colour& second) {
  const auto placed =
      internal::PlaceOutlines(internal::UnitOutlines(shape), centre, radius, Between(stream, 0, 2 * M_PI));
  cv::Mat mask = cv::Mat::zeros(kCanvas, kCanvas, CV_8UC1);
  cv::fillPoly(mask, placed, cv::Scalar(255), cv::LINE_8, internal::kOutlineShift);
  Paint(canvas, mask, Surface(stream, pattern, centre, radius), first, second);
}

int RandomElement(RandomStream& stream, const std::vector<std::string>& table) {
  return static_cast<int>(stream.Integer(0, static_cast<int64_t>(table.size()) - 1));
}

void PaintBackground(RandomStream& stream, cv::Mat& canvas) {
  const Colour first = RandomColour(stream, 30, 225), other = RandomColour(stream, 30, 225);
  const int pattern = stream.Uniform() < 0.5 ? 0 : RandomElement(stream, SyntheticPatterns());
  const Surface surface(stream, pattern, {kCanvas / 2.0, kCanvas / 2.0}, kCanvas / 2.0);
  Paint(canvas, {}, surface, first, first * 0.6F + other * 0.4F);
}

void PaintClutter(RandomStream& stream, cv::Mat& canvas) {
  const int64_t count = stream.Integer(0, kMaxClutter);
  for (int64_t k = 0; k < count; ++k) {
    const cv::Point2d centre(Between(stream, 0, kCanvas), Between(stream, 0, kCanvas));
    const double radius = Between(stream, 0.07, 0.13) * kCanvas;
    const int shape = RandomElement(stream, SyntheticShapes()), pattern = RandomElement(stream, SyntheticPatterns());
    const Colour first = RandomColour(stream, 20, 235), second = RandomColour(stream, 20, 235);
    PaintShape(stream, canvas, shape, centre, radius, pattern, first, second);
  }
}

// Brightness that falls off to one side, in slightly coloured light.
void ApplyLight(RandomStream& stream, cv::Mat& canvas) {
  const double gain = Between(stream, kGain), fall = Between(stream, 0, 0.5), angle = Between(stream, 0, 2 * M_PI);
  const Colour tint = RandomColour(stream, 0.88, 1.12);
  for (int y = 0; y < kCanvas; ++y) {
    Colour* row = canvas.ptr<Colour>(y);
    for (int x = 0; x < kCanvas; ++x) {
      const double along =
          (x * std::cos(angle) + y * std::sin(angle)) / kCanvas - 0.5 * (std::cos(angle) + std::sin(angle));
      row[x] = row[x].mul(tint) * static_cast<float>(gain * (1 + fall * along));
    }
  }
}

}  // namespace

at::Tensor RenderSyntheticImage(const std::string& split, int64_t class_idx, int64_t index, uint64_t seed,
                                int64_t side) {
  TINT_CHECK(side > 0 && kCanvas % side == 0) << "an image of side " << side;
  const SyntheticClass& drawn = SyntheticClasses(split).at(static_cast<size_t>(class_idx));
  RandomStream stream({seed, "demo/" + split, 0, static_cast<uint64_t>(class_idx), static_cast<uint64_t>(index)});
  cv::Mat canvas(kCanvas, kCanvas, CV_32FC3);
  PaintBackground(stream, canvas);
  PaintClutter(stream, canvas);
  const cv::Point2d centre(Between(stream, 0.36, 0.64) * kCanvas, Between(stream, 0.36, 0.64) * kCanvas);
  const double radius = Between(stream, kSize) * kCanvas;
  const auto& palette = kPalettes.at(static_cast<size_t>(drawn.palette));
  const Colour first = JitterColour(stream, palette[0]), second = JitterColour(stream, palette[1]);
  PaintShape(stream, canvas, drawn.shape, centre, radius, drawn.pattern, first, second);
  ApplyLight(stream, canvas);
  cv::Mat image;
  cv::resize(canvas, image, cv::Size(static_cast<int>(side), static_cast<int>(side)), 0, 0, cv::INTER_AREA);
  at::Tensor pixels = at::from_blob(image.data, {side, side, 3}, at::kFloat);
  pixels = pixels + kNoise * stream.Normal({side, side, 3});
  return at::floor(pixels + 0.5).clamp(0, 255).to(at::kByte).permute({2, 0, 1}).contiguous();
}

}  // namespace tint
