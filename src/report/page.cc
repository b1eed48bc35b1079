// SPDX-License-Identifier: Apache-2.0
// The report's page. Its charts are SVG that gnuplot draws, not a JavaScript library's: a page without a script can
// carry a Content-Security-Policy that forbids everything, looks the same everywhere, prints, and needs no trust in
// code from a results folder. What JavaScript would add (zooming, single values) is in the TensorBoard and JSONL files
// next to it. docs/report.md.
#include "tint/report/page.h"

#include <algorithm>
#include <kainjow/mustache.hpp>
#include <set>

#include "templates.h"
#include "tint/base/base64.h"
#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::mustache;
using kainjow::mustache::partial;

// Mustache looks for a name that an object lacks in the objects around it: so every name is used in one template only
// and is prefixed with its object.

// "80.29 ± 1.14", "-0.4 to 1.5", "3 of 120", "1 min 5 s", "262.9 MiB", "-"; not "5-way".
bool IsNumber(const std::string& cell) {
  static const std::set<std::string> among = {"±", "to",  "of",  "%",   "s",   "min", "h",
                                              "B", "KiB", "MiB", "GiB", "TiB", ""};
  const std::vector<std::string> words = Split(cell, ' ');
  return std::all_of(words.begin(), words.end(), [](const std::string& word) {
    return among.count(word) > 0 || word.find_first_not_of("0123456789.eE+-") == std::string::npos;
  });
}

// Columns of numbers are right-aligned.
std::vector<bool> NumberColumns(const PageTable& table) {
  std::vector<bool> numbers(table.head.size(), !table.rows.empty());
  for (const std::vector<std::string>& row : table.rows) {
    TINT_CHECK_EQ(row.size(), table.head.size()) << "in table " << table.caption;
    for (size_t c = 0; c < row.size(); ++c) numbers[c] = numbers[c] && IsNumber(row[c]);
  }
  if (!numbers.empty()) numbers[0] = false;
  return numbers;
}

// Paths and hashes may be broken anywhere, other words may not.
bool HasLongWord(const std::string& text) {
  const std::vector<std::string> words = Split(text, ' ');
  return std::any_of(words.begin(), words.end(), [](const std::string& word) { return word.size() > 24; });
}

data Cell(const std::string& text, bool number) {
  data cell;
  cell.set("cell_long", HasLongWord(text));
  cell.set("cell_text", text);
  cell.set("cell_number", number);
  return cell;
}

data ToData(const PageTable& table) {
  const std::vector<bool> numbers = NumberColumns(table);
  data head(data::type::list), rows(data::type::list);
  for (size_t c = 0; c < table.head.size(); ++c) head << Cell(table.head[c], numbers[c]);
  for (const std::vector<std::string>& cells : table.rows) {
    data row, rest(data::type::list);
    for (size_t c = 1; c < cells.size(); ++c) rest << Cell(cells[c], numbers[c]);
    row.set("row_head", cells.at(0));
    row.set("row_long", HasLongWord(cells[0]));
    row.set("row_cells", rest);
    rows << row;
  }
  data result;
  result.set("table_caption", table.caption);
  result.set("table_folded", table.folded);
  result.set("table_head", head);
  result.set("table_rows", rows);
  return result;
}

const char* MarkName(LegendEntry::Mark mark) {
  switch (mark) {
    case LegendEntry::Mark::kLine:
      return "line";
    case LegendEntry::Mark::kBand:
      return "band";
    case LegendEntry::Mark::kDot:
      return "dot";
    case LegendEntry::Mark::kMean:
      return "mean";
    case LegendEntry::Mark::kReference:
      return "reference";
  }
  return "";
}

data TextOrNothing(const std::string& text) { return text.empty() ? data(false) : data(text); }

data ToData(const Figure& figure) {
  data legend(data::type::list);
  for (const LegendEntry& entry : figure.legend) {
    data one;
    one.set("legend_mark", MarkName(entry.mark));
    one.set("legend_colour", std::to_string(entry.colour));
    one.set("legend_label", entry.label);
    legend << one;
  }
  data result;
  result.set("figure_title", figure.title);
  result.set("figure_alt", figure.alt);
  result.set("figure_svg", figure.svg);
  result.set("figure_narrow", !figure.narrow_svg.empty());
  result.set("figure_narrow_svg", figure.narrow_svg);
  result.set("figure_has_legend", !figure.legend.empty());
  result.set("figure_legend", legend);
  result.set("figure_caption", TextOrNothing(figure.caption));
  return result;
}

data ToData(const Gallery& gallery) {
  data images(data::type::list);
  for (const PageImage& image : gallery.images) {
    data one;
    one.set("image_caption", image.caption);
    one.set("image_alt", image.alt);
    one.set("image_width", std::to_string(image.width));
    one.set("image_height", std::to_string(image.height));
    one.set("image_base64", Base64(image.png));
    images << one;
  }
  data result;
  result.set("gallery_title", gallery.title);
  result.set("gallery_images", images);
  return result;
}

data ToData(const PageList& list) {
  data items(data::type::list);
  for (const std::string& item : list.items) items << data(item);
  data result;
  result.set("list_title", list.title);
  result.set("list_items", items);
  result.set("list_folded", list.folded);
  return result;
}

data ToData(const Paragraph& paragraph) {
  data result;
  result.set("paragraph_text", paragraph.text);
  result.set("paragraph_warning", paragraph.warning);
  return result;
}

data ToData(const SubHeading& heading) {
  data result;
  result.set("heading_text", heading.text);
  return result;
}

const char* NameOf(const PageTable&) { return "block_table"; }
const char* NameOf(const Gallery&) { return "block_gallery"; }
const char* NameOf(const PageList&) { return "block_list"; }
const char* NameOf(const Paragraph&) { return "block_paragraph"; }
const char* NameOf(const SubHeading&) { return "block_heading"; }

// Consecutive figures share a grid; one with a separate drawing for narrow screens takes the full width.
data FiguresOf(const std::vector<PageBlock>& blocks, size_t* at) {
  data figures(data::type::list);
  const bool wide = !std::get<Figure>(blocks[*at]).narrow_svg.empty();
  for (; *at < blocks.size(); ++*at) {
    const Figure* figure = std::get_if<Figure>(&blocks[*at]);
    if (figure == nullptr || figure->narrow_svg.empty() == wide) break;
    figures << ToData(*figure);
  }
  data grid, block;
  grid.set("figures", figures);
  grid.set("figures_wide", wide);
  block.set("block_figures", grid);
  return block;
}

data BlocksOf(const std::vector<PageBlock>& blocks) {
  data list(data::type::list);
  for (size_t at = 0; at < blocks.size();) {
    if (std::holds_alternative<Figure>(blocks[at])) {
      list << FiguresOf(blocks, &at);
      continue;
    }
    std::visit(
        [&](const auto& one) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(one)>, Figure>) {
            data block;
            block.set(NameOf(one), ToData(one));
            list << block;
          }
        },
        blocks[at++]);
  }
  return list;
}

data ToData(const Page& page) {
  data facts(data::type::list), sections(data::type::list);
  for (const PageFact& fact : page.facts) {
    data one;
    one.set("fact_name", fact.name);
    one.set("fact_value", fact.value);
    one.set("fact_note", TextOrNothing(fact.note));
    facts << one;
  }
  for (const PageSection& section : page.sections) {
    data one;
    one.set("section_id", section.id);
    one.set("section_title", section.title);
    one.set("section_blocks", BlocksOf(section.blocks));
    sections << one;
  }
  data result;
  result.set("page_title", page.title);
  result.set("page_subtitle", TextOrNothing(page.subtitle));
  result.set("page_made_by", page.made_by);
  result.set("page_style", std::string(internal::kPageStyle));
  result.set("page_facts", facts);
  result.set("page_sections", sections);
  result.set("block", partial([] { return std::string(internal::kBlockTemplate); }));
  return result;
}

// Quote escapes invisible characters; the marks at both ends keep it from quoting because of blanks at the ends.
std::string Visible(const std::string& text) {
  const std::string shown = Quote("|" + text + "|", ~size_t{0});
  return shown.front() == '|' ? shown.substr(1, shown.size() - 2) : shown.substr(2, shown.size() - 4);
}

}  // namespace

std::string EscapeHtml(const std::string& text) { return kainjow::mustache::html_escape(Visible(text)); }

std::string RenderPage(const Page& page) {
  mustache tmpl{std::string(internal::kPageTemplate)};
  TINT_CHECK(tmpl.is_valid()) << tmpl.error_message();
  tmpl.set_custom_escape(EscapeHtml);
  return tmpl.render(ToData(page));
}

}  // namespace tint
