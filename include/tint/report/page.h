// SPDX-License-Identifier: Apache-2.0
// One self-contained HTML file: tables, charts and images inside it, no script, nothing loaded from elsewhere (its
// Content-Security-Policy forbids it). The templates are in src/report/templates.
//
// Every text below is escaped; invisible characters and invalid UTF-8 are shown as \xNN. Only `Figure::svg`, made by
// DrawLineChart and DrawStripChart, is markup.
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace tint {

struct PageTable {
  std::string caption = {};
  std::vector<std::string> head = {};
  std::vector<std::vector<std::string>> rows = {};  // each as long as head; the first cell heads its row
  bool folded = false;                              // collapsed until the reader opens it
};

struct LegendEntry {
  enum class Mark { kLine, kBand, kDot, kMean, kReference };
  Mark mark = Mark::kLine;
  int colour = 1;  // of the chart
  std::string label = {};
};

struct Figure {
  std::string title = {};
  std::string alt = {};  // text alternative
  std::string svg = {};
  std::string narrow_svg = {};  // the same for narrow screens; "": svg serves
  std::vector<LegendEntry> legend = {};
  std::string caption = {};
};

struct PageImage {
  std::string caption = {}, alt = {};
  std::string png = {};       // its bytes
  int width = 0, height = 0;  // pixels
};

// Images of a class, below one heading, in the order of the stages.
struct Gallery {
  std::string title = {};
  std::vector<PageImage> images = {};
};

struct PageList {
  std::string title = {};
  std::vector<std::string> items = {};
  bool folded = false;
};

struct Paragraph {
  std::string text = {};
  bool warning = false;
};

struct SubHeading {
  std::string text = {};
};

using PageBlock = std::variant<PageTable, Figure, Gallery, PageList, Paragraph, SubHeading>;

struct PageSection {
  std::string id = {};  // fixed word: "accuracy"
  std::string title = {};
  std::vector<PageBlock> blocks = {};
};

// A key figure at the top of the page.
struct PageFact {
  std::string name = {}, value = {}, note = {};
};

struct Page {
  std::string title = {}, subtitle = {}, made_by = {};
  std::vector<PageFact> facts = {};
  std::vector<PageSection> sections = {};
};

std::string RenderPage(const Page& page);

// `text` as HTML shows it, in an element or a quoted attribute.
std::string EscapeHtml(const std::string& text);

}  // namespace tint
