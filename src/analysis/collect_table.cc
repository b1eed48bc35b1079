// SPDX-License-Identifier: Apache-2.0
// Tables as text, CSV, Markdown and LaTeX.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tint/analysis/collect.h"
#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint {
namespace {

using Cells = std::vector<std::string>;

std::string Task(const Results& results) {
  if (results.ways == 0) return "-";
  const std::string ways = std::to_string(results.ways) + "-way";
  return results.shots == 0 ? ways : ways + " " + std::to_string(results.shots) + "-shot";
}

std::string OrDash(const std::string& text) { return text.empty() ? "-" : text; }

std::string Episodes(const CollectReport& report) {
  const std::string count = std::to_string(report.interval.count);
  return report.results.complete() ? count : count + " of " + std::to_string(report.results.episodes_in_file);
}

std::string WithHalfWidth(double share, double half_width, const std::string& sign) {
  return std::isfinite(half_width) ? Percent(share) + sign + Percent(half_width) : Percent(share);
}

std::string Range(const BootstrapInterval& interval, const std::string& to) {
  return std::isfinite(interval.low) ? Percent(interval.low) + to + Percent(interval.high) : "-";
}

// The cells of all formats; `sign` is between value and half width, `to` between the ends of an interval.
Cells Row(const CollectReport& report, const std::string& sign, const std::string& to) {
  const Results& results = report.results;
  return {results.path,
          results.method,
          OrDash(results.student),
          results.dataset + (results.split.empty() || results.split == "test" ? "" : ":" + results.split),
          Task(results),
          Episodes(report),
          WithHalfWidth(report.interval.mean, report.interval.half_width, sign),
          Range(report.bootstrap, to),
          report.published ? WithHalfWidth(report.published->accuracy, report.published->half_width, sign) : "-"};
}

std::string Replaced(const std::string& text, const std::vector<std::pair<char, std::string>>& replacements) {
  std::string result;
  for (const char c : text) {
    const auto found =
        std::find_if(replacements.begin(), replacements.end(), [&](const auto& one) { return one.first == c; });
    result += found == replacements.end() ? std::string(1, c) : found->second;
  }
  return result;
}

std::string ForMarkdown(const std::string& text) {
  return Replaced(text, {{'|', "\\|"}, {'_', "\\_"}, {'*', "\\*"}, {'`', "\\`"}, {'<', "&lt;"}, {'\n', " "}});
}

std::string ForLatex(const std::string& text) {
  return Replaced(text, {{'\\', "\\textbackslash{}"},
                         {'_', "\\_"},
                         {'%', "\\%"},
                         {'&', "\\&"},
                         {'#', "\\#"},
                         {'$', "\\$"},
                         {'{', "\\{"},
                         {'}', "\\}"},
                         {'~', "\\textasciitilde{}"},
                         {'^', "\\textasciicircum{}"},
                         {'"', "''"},
                         {'\n', " "}});
}

// RFC 4180.
std::string ForCsv(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return "\"" + Replaced(text, {{'"', "\"\""}}) + "\"";
}

std::string Number(double value) {
  if (!std::isfinite(value)) return "";
  return fmt::format("{:.10g}", value);
}

std::string Csv(const std::vector<CollectReport>& reports) {
  std::string table =
      "result,method,student,dataset,split,ways,shots,episodes,episodes_in_file,publishable,accuracy,interval,"
      "bootstrap_low,bootstrap_high,published,published_interval,episodes_sha256,configuration_sha256,deviations\n";
  for (const CollectReport& report : reports) {
    const Results& results = report.results;
    Cells cells = {results.path,
                   results.method,
                   results.student,
                   results.dataset,
                   results.split,
                   results.ways > 0 ? std::to_string(results.ways) : "",
                   results.shots > 0 ? std::to_string(results.shots) : "",
                   std::to_string(report.interval.count),
                   std::to_string(results.episodes_in_file),
                   results.complete() ? "yes" : "no",
                   Number(report.interval.mean),
                   Number(report.interval.half_width),
                   Number(report.bootstrap.low),
                   Number(report.bootstrap.high),
                   report.published ? Number(report.published->accuracy) : "",
                   report.published ? Number(report.published->half_width) : "",
                   results.episodes_sha256,
                   results.configuration_sha256,
                   Join(report.deviations, "; ")};
    for (std::string& cell : cells) cell = ForCsv(cell);
    table += Join(cells, ",") + "\n";
  }
  return table;
}

std::string Text(const std::vector<CollectReport>& reports) {
  std::vector<Cells> rows = {CollectHead()};
  for (const CollectReport& report : reports) rows.push_back(Row(report, " +- ", " to "));
  std::vector<size_t> widths(CollectHead().size(), 0);
  for (const Cells& row : rows) {
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  std::string table;
  for (const Cells& row : rows) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c) line += row[c] + std::string(widths[c] - row[c].size() + 2, ' ');
    table += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  for (const CollectReport& report : reports) {
    for (const std::string& note : CollectNotes(report)) table += "  " + report.results.path + ": " + note + "\n";
  }
  return table;
}

std::string Markdown(const std::vector<CollectReport>& reports) {
  std::string table = "| " + Join(CollectHead(), " | ") + " |\n|";
  for (size_t c = 0; c < CollectHead().size(); ++c) table += "---|";
  table += "\n";
  for (const CollectReport& report : reports) {
    Cells cells = CollectCells(report);
    for (std::string& cell : cells) cell = ForMarkdown(cell);
    table += "| " + Join(cells, " | ") + " |\n";
  }
  std::string notes;
  for (const CollectReport& report : reports) {
    for (const std::string& note : CollectNotes(report))
      notes += "- " + ForMarkdown(report.results.path) + ": " + ForMarkdown(note) + "\n";
  }
  return notes.empty() ? table : table + "\n" + notes;
}

// Placeholder of the sign until the rest is escaped.
constexpr char kPlusMinus[] = "\x01";

std::string Latex(const std::vector<CollectReport>& reports) {
  Cells head = CollectHead();
  for (std::string& cell : head) cell = ForLatex(cell);
  std::string table = "\\begin{tabular}{lllllrrrr}\n\\hline\n" + Join(head, " & ") + " \\\\\n\\hline\n";
  for (const CollectReport& report : reports) {
    Cells cells = Row(report, kPlusMinus, "--");
    for (std::string& cell : cells) cell = ForLatex(cell);
    for (std::string& cell : cells) cell = Replaced(cell, {{kPlusMinus[0], " $\\pm$ "}});
    table += Join(cells, " & ") + " \\\\\n";
  }
  table += "\\hline\n\\end{tabular}\n";
  for (const CollectReport& report : reports) {
    for (const std::string& note : CollectNotes(report))
      table += "\\par\\footnotesize " + ForLatex(report.results.path + ": " + note) + "\n";
  }
  return table;
}

}  // namespace

const std::vector<std::string>& CollectHead() {
  static const Cells head = {"result",   "method",     "student",           "data",       "task",
                             "episodes", "accuracy %", "classes resampled", "published %"};
  return head;
}

std::vector<std::string> CollectCells(const CollectReport& report) { return Row(report, " ± ", " to "); }

std::vector<std::string> CollectNotes(const CollectReport& report) {
  std::vector<std::string> notes;
  const Results& results = report.results;
  if (!results.complete()) {
    std::vector<std::string> names;
    for (const uint64_t e : results.missing) names.push_back(std::to_string(e));
    notes.push_back("not publishable: " + Episodes(report) + " episodes, missing: " + Join(names, ", "));
  }
  if (results.near_duplicate_queries > 0)
    notes.push_back(Percent(results.accuracy_without_near_duplicates) + " without " +
                    std::to_string(results.near_duplicate_queries) + " near-duplicates of supports");
  for (const std::string& deviation : report.deviations) notes.push_back(deviation);
  for (const std::string& line : DisclosureLines(results)) notes.push_back(line);
  return notes;
}

const std::vector<std::string>& TableFormats() {
  static const std::vector<std::string> formats = {"text", "csv", "markdown", "latex"};
  return formats;
}

std::string FormatTable(const std::vector<CollectReport>& reports, const std::string& format) {
  if (format == "csv") return Csv(reports);
  if (format == "markdown") return Markdown(reports);
  if (format == "latex") return Latex(reports);
  TINT_CHECK_EQ(format, "text");
  return Text(reports);
}

}  // namespace tint
