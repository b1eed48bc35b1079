// SPDX-License-Identifier: Apache-2.0
// Outlines of the synthetic shapes data set's shapes.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

namespace tint::internal {

using Outline = std::vector<cv::Point2d>;

// The outlines of SyntheticShapes()[shape] in the unit circle; a second outline is a hole.
std::vector<Outline> UnitOutlines(int shape);

// Rotated by `angle` (radians), scaled to `radius` and moved to `centre`, in sixteenths of a pixel, as cv::fillPoly
// takes them with a shift of kOutlineShift.
inline constexpr int kOutlineShift = 4;
std::vector<std::vector<cv::Point>> PlaceOutlines(const std::vector<Outline>& unit, const cv::Point2d& centre,
                                                  double radius, double angle);

}  // namespace tint::internal
