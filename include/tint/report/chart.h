// Charts as SVG that stands inside a page and takes the page's colours, light or dark.
//
// gnuplot draws them (a subprocess, without the user's settings), so they need no script in the page, look the same on
// paper, and can be read by whoever opens the file in years. It is handed numbers and our own words alone: no name that
// comes from a file reaches its language. Names stand in the page's legend, escaped like all text.
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
  std::string x_label = {}, y_label = {};  // our own words
  bool log_y = false;                      // taken where every value is above 0 and they span more than a factor of ten
  double most = 1e300;                     // beyond which no value lies
  std::vector<Series> series = {};
};

// A row of marks, one a value, scattered up and down so that equal ones can be told apart; below them the mean with its
// interval; across them a value from elsewhere.
struct StripRow {
  std::string label = {};  // our own word: "A"
  std::vector<double> values = {};
  double mean = 0;
  double half_width = 0;  // not finite: none
  std::optional<double> reference = {};
  int colour = 1;
};

struct StripChart {
  std::string x_label = {};
  double low = 0, high = 100;  // beyond which no value lies
  std::vector<StripRow> rows = {};
};

// Values that are not finite are left out. `id` is a word unlike that of any other chart of the page. `width` is that
// of the drawing, whose letters have 14 of its units; it is scaled to its place. gnuplot absent: Error(kMissingInput);
// gnuplot failing: Error(kInternal) with its words.
std::string DrawLineChart(const LineChart& chart, const std::string& id, int width = 440);
std::string DrawStripChart(const StripChart& chart, const std::string& id, int width = 1080);

}  // namespace tint
