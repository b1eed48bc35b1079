// SPDX-License-Identifier: Apache-2.0
#include "shapes_world.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>

#include "tint/base/durable.h"
#include "tint/base/error.h"
#include "tint/image/encode.h"
#include "tint/tensor/random.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;

struct ShapeClass {
  const char* name;
  const char* shape;
  std::array<int, 3> rgb;
};

// Hues of the task's classes are 72 degrees apart; those of base classes are between them and elsewhere.
constexpr std::array<ShapeClass, kShapeClasses + kShapeBaseClasses> kClasses = {
    {{"red-disc", "disc", {220, 40, 40}},
     {"yellow-square", "square", {190, 205, 40}},
     {"green-triangle", "triangle", {40, 205, 110}},
     {"blue-cross", "cross", {40, 110, 225}},
     {"magenta-ring", "ring", {190, 40, 220}},
     {"orange-square", "square", {230, 120, 40}},
     {"lime-disc", "disc", {110, 210, 40}},
     {"cyan-ring", "ring", {40, 190, 200}},
     {"violet-triangle", "triangle", {110, 50, 220}},
     {"pink-cross", "cross", {225, 60, 140}},
     {"red-ring", "ring", {210, 60, 60}},
     {"green-disc", "disc", {60, 190, 100}},
     {"blue-square", "square", {60, 100, 210}}}};

void Paint(cv::Mat& image, const std::string& shape, cv::Point centre, int radius, const cv::Scalar& colour) {
  if (shape == "disc") cv::circle(image, centre, radius, colour, cv::FILLED, cv::LINE_8);
  if (shape == "ring") cv::circle(image, centre, radius, colour, std::max(3, radius / 2), cv::LINE_8);
  if (shape == "square")
    cv::rectangle(image, centre - cv::Point(radius, radius), centre + cv::Point(radius, radius), colour, cv::FILLED,
                  cv::LINE_8);
  if (shape == "triangle") {
    const std::vector<cv::Point> corners = {centre + cv::Point(0, -radius), centre + cv::Point(radius, radius),
                                            centre + cv::Point(-radius, radius)};
    cv::fillConvexPoly(image, corners, colour, cv::LINE_8);
  }
  if (shape == "cross") {
    const int arm = std::max(2, radius / 3);
    cv::rectangle(image, centre - cv::Point(arm, radius), centre + cv::Point(arm, radius), colour, cv::FILLED,
                  cv::LINE_8);
    cv::rectangle(image, centre - cv::Point(radius, arm), centre + cv::Point(radius, arm), colour, cv::FILLED,
                  cv::LINE_8);
  }
}

void WriteClass(const fs::path& folder, int64_t class_idx, int64_t first, int64_t count, uint64_t seed) {
  const fs::path class_folder = folder / ShapeClassName(class_idx);
  fs::create_directories(class_folder);
  for (int64_t i = first; i < first + count; ++i) {
    WriteFileDurably(class_folder / fmt::format("{:04}.png", i), EncodePng(DrawShape(class_idx, i, seed)));
  }
}

}  // namespace

std::string ShapeClassName(int64_t class_idx) { return kClasses.at(static_cast<size_t>(class_idx)).name; }

at::Tensor DrawShape(int64_t class_idx, int64_t index, uint64_t seed, int64_t size) {
  const ShapeClass& shape = kClasses.at(static_cast<size_t>(class_idx));
  RandomStream stream({seed, "shapes", 0, static_cast<uint64_t>(class_idx), static_cast<uint64_t>(index)});
  const auto side = static_cast<double>(size);
  const double ground = 90 + 80 * stream.Uniform(), light = 0.75 + 0.35 * stream.Uniform();
  cv::Mat image(static_cast<int>(size), static_cast<int>(size), CV_8UC3, cv::Scalar(ground, ground, ground));
  const int radius = static_cast<int>(side * (0.22 + 0.12 * stream.Uniform()));
  const auto coordinate = [&] { return static_cast<int>(side * (0.36 + 0.28 * stream.Uniform())); };
  const int x = coordinate(), y = coordinate();
  Paint(image, shape.shape, {x, y}, radius,
        cv::Scalar(light * shape.rgb[0], light * shape.rgb[1], light * shape.rgb[2]));
  at::Tensor pixels = at::empty({size, size, 3}, at::kByte);
  std::copy(image.datastart, image.dataend, pixels.mutable_data_ptr<uint8_t>());
  const at::Tensor noise = 8 * stream.Normal({size, size, 1});
  return (pixels.to(at::kFloat) + noise).clamp(0, 255).to(at::kByte).permute({2, 0, 1}).contiguous();
}

void WriteShapesWorld(const fs::path& folder, const fs::path& tokenizer, const ShapesWorldSize& size) {
  for (int64_t c = 0; c < kShapeClasses; ++c) {
    WriteClass(folder / "support", c, 0, size.shots, size.seed);
    WriteClass(folder / "query", c, size.shots, size.queries, size.seed);
  }
  for (int64_t c = kShapeClasses; c < kShapeClasses + kShapeBaseClasses; ++c)
    WriteClass(folder / "base", c, 0, size.base_images, size.seed);
  WriteShapesModels(folder / "models", tokenizer);
}

}  // namespace tint::testing
