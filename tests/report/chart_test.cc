// SPDX-License-Identifier: Apache-2.0
#include "tint/report/chart.h"

#include <cmath>
#include <cstdlib>

#include "prelude.h"
#include "svg.h"

namespace tint::testing {
namespace {

LineChart Falling() {
  LineChart chart{.x_label = "step", .y_label = "loss", .log_y = true};
  Series line, band{.kind = Series::Kind::kBand, .colour = 2};
  for (int k = 1; k <= 50; ++k) {
    for (Series* series : {&line, &band}) series->x.push_back(k);
    line.y.push_back(2.0 / k);
    band.y.push_back(1.0 / k);
    band.high.push_back(3.0 / k);
  }
  chart.series = {band, line};
  return chart;
}

// Identifiers, colours and links are the page's: two charts on it do not meet, and nothing is loaded.
TEST(DrawLineChart, IsAPartOfAPage) {
  const std::string svg = DrawLineChart(Falling(), "one");
  EXPECT_TRUE(svg.starts_with("<svg"));
  EXPECT_THAT(svg,
              AllOf(HasSubstr("viewBox=\"0 0 440 270\""), HasSubstr("var(--series-1)"), HasSubstr("var(--series-2)"),
                    HasSubstr("id='one-gpPt"), HasSubstr(">step<"), HasSubstr(">loss<")));
  EXPECT_THAT(svg, AllOf(Not(HasSubstr("http")), Not(HasSubstr("xlink")), Not(HasSubstr("'black'")),
                         Not(HasSubstr("\"black\"")), Not(HasSubstr("<title")), Not(HasSubstr("<?xml")),
                         Not(HasSubstr("rgb(  1"))));
}

TEST(DrawLineChart, IsTheSameEachTime) {
  EXPECT_EQ(DrawLineChart(Falling(), "one"), DrawLineChart(Falling(), "one"));
  EXPECT_NE(DrawLineChart(Falling(), "one"), DrawLineChart(Falling(), "two"));
}

TEST(DrawLineChart, OmitsValuesThatAreNotFinite) {
  LineChart chart = Falling();
  chart.series[1].y[3] = NAN;
  chart.series[1].y[4] = INFINITY;
  EXPECT_THAT(DrawLineChart(chart, "one"), AllOf(HasSubstr("<path"), Not(HasSubstr("nan")), Not(HasSubstr("inf"))));
}

TEST(DrawLineChart, ShowsOnePointAndAFlatLine) {
  LineChart chart{.x_label = "step", .y_label = "loss"};
  chart.series = {{.x = {1}, .y = {0.5}}};
  EXPECT_EQ(CountMarks(DrawLineChart(chart, "one"), "one"), 1u);
  chart.series = {{.x = {1, 2, 3}, .y = {0.5, 0.5, 0.5}}};
  EXPECT_THAT(DrawLineChart(chart, "one"), HasSubstr("<path"));
  chart.series = {{.x = {1, 2, 3}, .y = {0, 0, 0}}};
  chart.log_y = true;
  EXPECT_THAT(DrawLineChart(chart, "one"), HasSubstr("<path"));
}

TEST(DrawStripChart, HasAMarkForEveryValueAndOneForTheMean) {
  StripChart chart{.x_label = "accuracy, %"};
  StripRow a{.label = "A", .values = {50, 60, 60, 70}, .mean = 60, .half_width = 12.9, .reference = 80.29};
  StripRow b{.label = "B", .values = {100}, .mean = 100, .half_width = NAN, .colour = 6};
  chart.rows = {a, b};
  const std::string svg = DrawStripChart(chart, "strip");
  EXPECT_EQ(CountMarks(svg, "strip"), 4u + 1u + 2u);
  EXPECT_THAT(svg, AllOf(HasSubstr(">A<"), HasSubstr(">B<"), HasSubstr("var(--series-6)")));
  EXPECT_THAT(DrawStripChart(chart, "strip", 440), HasSubstr("viewBox=\"0 0 440 "));
}

TEST(DrawLineChart, ReportsMissingGnuplot) {
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  const Error error = CatchError([] { DrawLineChart(Falling(), "one"); });
  setenv("PATH", path.c_str(), 1);
  EXPECT_THAT(error, FailsWith(ExitCode::kMissingInput, HasSubstr("gnuplot-nox")));
}

}  // namespace
}  // namespace tint::testing
