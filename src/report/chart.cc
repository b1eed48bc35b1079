// SPDX-License-Identifier: Apache-2.0
#include "tint/report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "gnuplot.h"
#include "tint/base/error.h"

namespace tint {
namespace {

constexpr int kLineHeight = 270;
constexpr int kStripMargin = 76, kStripRow = 84;  // units of the drawing
constexpr double kMinMargin = 2;                  // of a strip's values, on either side
// Colours that gnuplot writes and Restyle turns into the page's: "#0101NN".
constexpr int kText = 0, kGrid = 100;

std::string Colour(int colour) { return fmt::format("rgb '#0101{:02x}'", static_cast<unsigned>(colour + 1)); }

void ReplaceAll(std::string* text, const std::string& from, const std::string& to) {
  for (size_t at = text->find(from); at != std::string::npos; at = text->find(from, at + to.size()))
    text->replace(at, from.size(), to);
}

// Each from `from` to the next `to`, both included.
void EraseAll(std::string* text, const std::string& from, const std::string& to) {
  for (size_t at = text->find(from); at != std::string::npos; at = text->find(from, at)) {
    const size_t end = text->find(to, at);
    TINT_CHECK(end != std::string::npos) << from;
    text->erase(at, end + to.size() - at);
  }
}

// gnuplot writes a line's colour with blanks and a text's without.
void ReplaceColour(std::string* svg, int colour, const std::string& by) {
  for (const std::string& written :
       {fmt::format("rgb({:3}, {:3}, {:3})", 1, 1, colour + 1), fmt::format("rgb({},{},{})", 1, 1, colour + 1)})
    ReplaceAll(svg, written, by);
}

// Turns a document into a part of a page: without its own names and namespaces, with unique identifiers and with the
// page's colours. It contains no foreign text, so plain replacement is enough.
std::string Restyle(std::string svg, const std::string& id) {
  const size_t begin = svg.find("<svg");
  TINT_CHECK(begin != std::string::npos);
  svg.erase(0, begin);
  // Browsers show a title as a tooltip; those of gnuplot are its commands.
  EraseAll(&svg, "<title>", "</title>");
  EraseAll(&svg, "<desc>", "</desc>");
  ReplaceAll(&svg, " xmlns=\"http://www.w3.org/2000/svg\"\n", "");
  ReplaceAll(&svg, " xmlns:xlink=\"http://www.w3.org/1999/xlink\"\n", "");
  ReplaceAll(&svg, "<svg ", "<svg aria-hidden=\"true\" focusable=\"false\"");
  ReplaceAll(&svg, "xlink:href", "href");
  for (const char* word : {"gpPt", "gpDot", "gnuplot_", "textbox", "greybox"}) ReplaceAll(&svg, word, id + "-" + word);
  for (const char quote : {'\'', '"'})
    ReplaceAll(&svg, quote + std::string("black") + quote, quote + std::string("currentColor") + quote);
  ReplaceColour(&svg, kText, "currentColor");
  ReplaceColour(&svg, kGrid, "var(--grid)");
  for (int k = 1; k <= kChartColours; ++k) ReplaceColour(&svg, k, "var(--series-" + std::to_string(k) + ")");
  return svg;
}

std::string Number(double value) { return fmt::format("{:.9g}", value); }

std::string Head(int width, int height, const std::string& x_label) {
  return "set terminal svg noenhanced size " + std::to_string(width) + "," + std::to_string(height) +
         " dynamic font 'sans-serif,14'\nunset key\nset tics nomirror\nset border 3 lc " + Colour(kText) +
         "\nset xlabel '" + x_label + "'\n";
}

std::string Block(const std::string& name, const std::string& lines) {
  return "$" + name + " << END\n" + lines + "END\n";
}

std::string Lines(const Series& series) {
  std::string lines;
  for (size_t k = 0; k < series.x.size(); ++k) {
    if (!std::isfinite(series.x[k]) || !std::isfinite(series.y[k])) continue;
    lines += Number(series.x[k]) + " " + Number(series.y[k]);
    if (series.kind == Series::Kind::kBand) lines += " " + Number(series.high[k]);
    lines += "\n";
  }
  return lines;
}

struct Range {
  double low = 1e300, high = -1e300;

  void Include(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  std::string Text() const { return "[" + Number(low) + ":" + Number(high) + "]"; }
};

Range ValuesOf(const LineChart& chart) {
  Range range;
  for (const Series& series : chart.series) {
    for (const double y : series.y) range.Include(y);
    for (const double y : series.high) range.Include(y);
  }
  return range;
}

// gnuplot's own ranges end at a tic: up to a power of ten away on a logarithmic axis.
std::string AxisOfValues(const LineChart& chart) {
  Range range = ValuesOf(chart);
  TINT_CHECK_LE(range.low, range.high) << "a chart without a finite value";
  if (chart.log_y && range.low > 0 && range.high > 10 * range.low)
    return "set logscale y\nset yrange " + Range{range.low / 1.3, range.high * 1.3}.Text() + "\n";
  const double flat = std::max(1e-12, 0.05 * std::abs(range.high));
  const double margin = range.high > range.low ? 0.06 * (range.high - range.low) : flat;
  range.low -= margin;
  range.high = std::min(range.high + margin, chart.max + margin / 4);
  return "set yrange " + range.Text() + "\n";
}

// Where a row's marks are: up and down by the golden ratio, which spreads any number of them evenly.
double Scatter(size_t k) {
  const double turn = static_cast<double>(k) * 0.6180339887498949;
  return 0.5 * (turn - std::floor(turn)) - 0.16;
}

struct StripData {
  std::string marks = {}, means = {}, intervals = {}, references = {};
  Range range = {};
};

StripData DataOf(const StripChart& chart) {
  StripData data;
  for (size_t r = 0; r < chart.rows.size(); ++r) {
    const StripRow& row = chart.rows[r];
    const double y = -static_cast<double>(r);
    const std::string colour = std::to_string(0x010101 + row.colour);
    for (size_t k = 0; k < row.values.size(); ++k) {
      data.marks += Number(row.values[k]) + " " + Number(y + Scatter(k)) + " " + colour + "\n";
      data.range.Include(row.values[k]);
    }
    const std::string below = Number(row.mean) + " " + Number(y - 0.32);
    data.means += below + "\n";
    data.range.Include(row.mean);
    if (std::isfinite(row.half_width)) {
      data.intervals += below + " " + Number(row.half_width) + "\n";
      data.range.Include(row.mean - row.half_width);
      data.range.Include(row.mean + row.half_width);
    }
    if (!row.reference) continue;
    data.references += Number(*row.reference) + " " + Number(y - 0.4) + " 0 0.8\n";
    data.range.Include(*row.reference);
  }
  const double margin = std::max(kMinMargin, 0.05 * (data.range.high - data.range.low));
  data.range.low = std::max(chart.low - margin / 8, data.range.low - margin);
  data.range.high = std::min(chart.high + margin / 8, data.range.high + margin);
  return data;
}

}  // namespace

std::string DrawLineChart(const LineChart& chart, const std::string& id, int width) {
  std::string script = Head(width, kLineHeight, chart.x_label), plots;
  script += "set ylabel '" + chart.y_label + "'\nset grid ytics lc " + Colour(kGrid) +
            " lw 1 dt solid\nset format y '%.4g'\n" + AxisOfValues(chart);
  for (size_t s = 0; s < chart.series.size(); ++s) {
    const Series& series = chart.series[s];
    const std::string lines = Lines(series), name = "s" + std::to_string(s);
    if (lines.empty()) continue;
    script += Block(name, lines);
    const bool alone = std::count(lines.begin(), lines.end(), '\n') == 1;
    const std::string colour = Colour(series.colour);
    plots += plots.empty() ? "plot $" : ", $";
    plots += series.kind == Series::Kind::kBand
                 ? name + " using 1:2:3 with filledcurves fs transparent solid 0.25 noborder fc " + colour
             : alone ? name + " using 1:2 with points pt 7 ps 0.7 lc " + colour
                     : name + " using 1:2 with lines lw 2 lc " + colour;
  }
  return Restyle(internal::RunGnuplot(script + plots + "\n"), id);
}

std::string DrawStripChart(const StripChart& chart, const std::string& id, int width) {
  const auto rows = static_cast<int>(chart.rows.size());
  TINT_CHECK_GT(rows, 0);
  const StripData data = DataOf(chart);
  std::string script = Head(width, kStripMargin + rows * kStripRow, chart.x_label), tics;
  for (int r = 0; r < rows; ++r)
    tics += (r == 0 ? "'" : ", '") + chart.rows[static_cast<size_t>(r)].label + "' " + std::to_string(-r);
  script += "set border 1 lc " + Colour(kText) + "\nset ytics scale 0 (" + tics + ")\nset grid xtics lc " +
            Colour(kGrid) + " lw 1 dt solid\nset xrange " + data.range.Text() + "\nset yrange [" + Number(0.45 - rows) +
            ":0.5]\n" + Block("marks", data.marks) + Block("means", data.means) + Block("intervals", data.intervals) +
            Block("references", data.references);
  std::string plots = "plot ";
  if (!data.references.empty())
    plots += "$references using 1:2:3:4 with vectors nohead lw 2 dt (6,4) lc " + Colour(kText) + ", ";
  plots += "$marks using 1:2:3 with points pt 7 ps 0.6 lc rgb variable, ";
  if (!data.intervals.empty())
    plots += "$intervals using 1:2:3 with xerrorbars pt -1 lw 2.5 lc " + Colour(kText) + ", ";
  plots += "$means using 1:2 with points pt 13 ps 0.9 lc " + Colour(kText) + "\n";
  return Restyle(internal::RunGnuplot(script + plots), id);
}

}  // namespace tint
