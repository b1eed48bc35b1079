// SPDX-License-Identifier: Apache-2.0
// Charts as SVG for embedding in a page; they use the page's colours, light or dark.
//
// gnuplot draws them (a subprocess, without the user's settings), so they need no script in the page, look the same on
// paper, and stay readable for years. Its input consists of numbers and fixed words only: no name from a file becomes
// part of a gnuplot script. Names are in the page's legend, escaped like all text.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tint {

// Series colours that the page's style defines, "1" to "6"; 0 is the colour of text.
inline constexpr int kChartColours = 6;

struct Series {
  enum class Kind { kLine, kBand };
  Kind kind = Kind::kLine;
  std::vector<double> x = {}, y = {};
  std::vector<double> high = {};  // of a band: from y to high
  int colour = 1;
};

struct LineChart {
  std::string x_label = {}, y_label = {};  // fixed words
  bool log_y = false;                      // used if all values are positive and span more than a factor of ten
  double max = 1e300;                      // upper limit of the y axis
  std::vector<Series> series = {};
};

// A row of marks, one per value, scattered vertically so that equal values stay distinguishable; below them the mean
// with its interval; a reference value across them.
struct StripRow {
  std::string label = {};  // fixed word: "A"
  std::vector<double> values = {};
  double mean = 0;
  double half_width = 0;  // not finite: none
  std::optional<double> reference = {};
  int colour = 1;
};

struct StripChart {
  std::string x_label = {};
  double low = 0, high = 100;  // limits of the x axis
  std::vector<StripRow> rows = {};
};

// Values that are not finite are left out. `id` is unique in the page. `width` is that of the drawing in units of which
// letters have 14; the page scales it. gnuplot missing: Error(kMissingInput); gnuplot failing: Error(kInternal) with
// its output.
std::string DrawLineChart(const LineChart& chart, const std::string& id, int width = 440);
std::string DrawStripChart(const StripChart& chart, const std::string& id, int width = 1080);

}  // namespace tint
