// SPDX-License-Identifier: Apache-2.0
#include "synthetic_outline.h"

#include <cmath>

#include "tint/base/error.h"

namespace tint::internal {
namespace {

constexpr double kTurn = 2 * M_PI;

// `corners` points on the circle; with `inner`, as many between them at that radius.
Outline Polygon(int corners, double inner = 0) {
  Outline outline;
  const int points = inner > 0 ? 2 * corners : corners;
  for (int k = 0; k < points; ++k) {
    const double radius = inner > 0 && k % 2 == 1 ? inner : 1, angle = kTurn * k / points - M_PI / 2;
    outline.emplace_back(radius * std::cos(angle), radius * std::sin(angle));
  }
  return outline;
}

Outline Scaled(Outline outline, double factor) {
  for (cv::Point2d& point : outline) point *= factor;
  return outline;
}

Outline Cross() {
  constexpr double kArm = 0.33, kEnd = 0.95;
  return {{-kArm, -kEnd}, {kArm, -kEnd}, {kArm, -kArm}, {kEnd, -kArm}, {kEnd, kArm},   {kArm, kArm},
          {kArm, kEnd},   {-kArm, kEnd}, {-kArm, kArm}, {-kEnd, kArm}, {-kEnd, -kArm}, {-kArm, -kArm}};
}

// The disc without a smaller disc that is shifted to the right.
Outline Crescent() {
  Outline outline;
  constexpr int kPoints = 30;
  for (int k = 0; k <= kPoints; ++k) {
    const double angle = 0.7 + (kTurn - 1.4) * k / kPoints;
    outline.emplace_back(std::cos(angle), std::sin(angle));
  }
  for (int k = 0; k <= kPoints; ++k) {
    const double angle = -1.07 + kTurn - (kTurn - 2.14) * k / kPoints;
    outline.emplace_back(0.42 + 0.735 * std::cos(angle), 0.735 * std::sin(angle));
  }
  return outline;
}

Outline Flower() {
  Outline outline;
  constexpr int kPoints = 80;
  for (int k = 0; k < kPoints; ++k) {
    const double angle = kTurn * k / kPoints, radius = 0.66 + 0.34 * std::cos(5 * angle);
    outline.emplace_back(radius * std::cos(angle), radius * std::sin(angle));
  }
  return outline;
}

}  // namespace

std::vector<Outline> UnitOutlines(int shape) {
  switch (shape) {
    case 0:  // disc
      return {Polygon(48)};
    case 1:  // triangle
      return {Polygon(3)};
    case 2:  // square
      return {Polygon(4)};
    case 3:  // star
      return {Polygon(5, 0.42)};
    case 4:
      return {Cross()};
    case 5:  // arrow
      return {{{-1, -0.3}, {0.15, -0.3}, {0.15, -0.8}, {1, 0}, {0.15, 0.8}, {0.15, 0.3}, {-1, 0.3}}};
    case 6:
      return {Crescent()};
    case 7:  // bar
      return {{{-1, -0.32}, {1, -0.32}, {1, 0.32}, {-1, 0.32}}};
    case 8:
      return {Flower()};
    case 9:  // ring
      return {Polygon(48), Scaled(Polygon(48), 0.52)};
    default:
      TINT_CHECK(false) << "unknown shape " << shape;
  }
  return {};
}

std::vector<std::vector<cv::Point>> PlaceOutlines(const std::vector<Outline>& unit, const cv::Point2d& centre,
                                                  double radius, double angle) {
  const double c = radius * std::cos(angle), s = radius * std::sin(angle), fraction = 1 << kOutlineShift;
  std::vector<std::vector<cv::Point>> placed;
  for (const Outline& outline : unit) {
    std::vector<cv::Point> points;
    for (const cv::Point2d& p : outline)
      points.emplace_back(static_cast<int>(std::lround(fraction * (centre.x + p.x * c - p.y * s))),
                          static_cast<int>(std::lround(fraction * (centre.y + p.x * s + p.y * c))));
    placed.push_back(std::move(points));
  }
  return placed;
}

}  // namespace tint::internal
