// One HTML file that stands alone: tables, charts and images inside it, no script, nothing loaded from anywhere (its
// own Content-Security-Policy forbids it). The templates lie in src/report/templates.
//
// Every text below is shown as it is: it is escaped, and what cannot be seen or is no UTF-8 is shown as \xNN. Only
// `Figure::svg`, which DrawLineChart and DrawStripChart gave, is markup.
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace tint {

struct PageTable {
  std::string caption = {};
  std::vector<std::string> head = {};
  std::vector<std::vector<std::string>> rows = {};  // each as long as head; the first cell heads its row
  bool folded = false;                              // shown when the reader asks
};

struct LegendEntry {
  enum class Mark { kLine, kBand, kDot, kMean, kReference };
  Mark mark = Mark::kLine;
  int colour = 1;  // of the chart
  std::string label = {};
};

struct Figure {
  std::string title = {};
  std::string alt = {};  // what a reader who does not see it is told
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

// Images below one heading: of a class, in the order in which stages made them.
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
  std::string id = {};  // our own word: "accuracy"
  std::string title = {};
  std::vector<PageBlock> blocks = {};
};

// A figure that the page opens with.
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
