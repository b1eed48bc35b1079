// SPDX-License-Identifier: Apache-2.0
#include "tint/report/page.h"

#include <regex>

#include "hostile_names.h"
#include "prelude.h"
#include "tint/base/text.h"
#include "tint/base/unicode.h"

namespace tint::testing {
namespace {

constexpr char kNasty[] = "<script>alert(1)</script>&\"'`{{page_title}}";
constexpr char kNastyEscaped[] = "&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&apos;`{{page_title}}";

// Every kind of block, each text of it `name`.
Page PageOf(const std::string& name) {
  Figure figure{.title = name, .alt = name, .svg = "<svg viewBox=\"0 0 1 1\"></svg>", .caption = name};
  figure.legend = {{LegendEntry::Mark::kBand, 3, name}};
  Figure wide = figure;
  wide.narrow_svg = figure.svg;
  const PageTable table{.caption = name, .head = {name, "accuracy %"}, .rows = {{name, "80.29 ± 1.14"}, {name, "-"}}};
  PageTable folded = table;
  folded.folded = true;
  Page page{.title = name, .subtitle = name, .made_by = "tint 0", .facts = {{name, name, name}}};
  page.sections = {{.id = "one",
                    .title = name,
                    .blocks = {SubHeading{name}, Paragraph{name, true}, table, folded, wide, figure, figure,
                               Gallery{name, {{.caption = name, .alt = name, .png = "png", .width = 9, .height = 8}}},
                               PageList{.title = name, .items = {name, name}}, PageList{name, {name}, true}}},
                   {.id = "two", .title = "Empty", .blocks = {}}};
  return page;
}

size_t Count(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

TEST(RenderPage, LoadsNothingAndRunsNothing) {
  const std::string html = RenderPage(PageOf("a name"));
  EXPECT_TRUE(html.starts_with("<!DOCTYPE html>"));
  EXPECT_THAT(html, AllOf(Not(HasSubstr("http:")), Not(HasSubstr("https:")), Not(HasSubstr("<script")),
                          Not(HasSubstr("@import")), Not(HasSubstr("url(")), HasSubstr("default-src 'none'")));
  const std::regex source("(?:src|href)=\"([^\"]*)\"");
  for (auto it = std::sregex_iterator(html.begin(), html.end(), source); it != std::sregex_iterator(); ++it) {
    const std::string target = (*it)[1];
    EXPECT_TRUE(target.starts_with("#") || target.starts_with("data:")) << target;
  }
}

TEST(RenderPage, HasHeadingsTablesAndTextsForImages) {
  const std::string html = RenderPage(PageOf("a name"));
  EXPECT_THAT(html, AllOf(HasSubstr("<section id=\"one\""), HasSubstr("<a href=\"#two\">Empty</a>"),
                          HasSubstr("<th scope=\"col\">a name</th>"), HasSubstr("<th scope=\"row\">a name</th>"),
                          HasSubstr("<td class=\"number\">80.29 ± 1.14</td>"), HasSubstr("<caption>a name</caption>"),
                          HasSubstr("<img alt=\"a name\" width=\"9\" height=\"8\""),
                          HasSubstr("src=\"data:image/png;base64,cG5n\""), HasSubstr("lang=\"en\"")));
  EXPECT_EQ(Count(html, "<svg"), 4u);  // the wide one twice
  EXPECT_EQ(Count(html, "role=\"img\" aria-label=\"a name\""), 4u);
  EXPECT_EQ(Count(html, "<div class=\"figures\">"), 1u);  // two in one grid
  EXPECT_EQ(Count(html, "<div class=\"figures wide\">"), 1u);
  EXPECT_EQ(Count(html, "<summary>a name</summary>"), 2u);
  EXPECT_EQ(Count(html, "{{"), 0u);
}

TEST(RenderPage, EscapesEveryText) {
  const std::string html = RenderPage(PageOf(kNasty));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("alert(1)</")));
  EXPECT_GE(Count(html, kNastyEscaped), 30u);
  EXPECT_EQ(Count(html, "<"), Count(RenderPage(PageOf("a name")), "<"));  // not one element more
}

// Whatever a name holds, the page is UTF-8 without controls and marks that turn text round, and has no element more.
TEST(RenderPage, AcceptsHostileNames) {
  const size_t elements = Count(RenderPage(PageOf("a name")), "<");
  for (const auto& [name, why] : HostileNames()) {
    const std::string html = RenderPage(PageOf(name));
    EXPECT_TRUE(IsValidUtf8(html)) << why;
    // Texts that are absent leave out their elements.
    if (!name.empty()) {
      EXPECT_EQ(Count(html, "<"), elements) << Quote(name);
    }
    for (const char c : html) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 32) << Quote(name);
    for (const char* mark : {"\u202e", "\u2066", "\u2028", "\x7f", "\xc2\x85", "\xc2\x9b"})
      EXPECT_THAT(html, Not(HasSubstr(mark))) << Quote(name);
  }
}

TEST(EscapeHtml, KeepsVisibleCharacters) {
  EXPECT_EQ(EscapeHtml("80.29 ± 1.14"), "80.29 ± 1.14");
  EXPECT_EQ(EscapeHtml(""), "");
  EXPECT_EQ(EscapeHtml(" a 'b' "), " a &apos;b&apos; ");
  EXPECT_EQ(EscapeHtml("a\nb"), "a\\nb");
  EXPECT_EQ(EscapeHtml("<&>\""), "&lt;&amp;&gt;&quot;");
}

}  // namespace
}  // namespace tint::testing
