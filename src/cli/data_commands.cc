// dataset check, episodes draw, check, import, export.
#include <cstdio>

#include "tint/base/file.h"
#include "tint/base/log.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/cli/command.h"
#include "tint/data/dataset_check.h"
#include "tint/data/episode.h"
#include "tint/data/episode_pmf.h"

namespace tint {
namespace {

std::string Problems(const std::vector<std::string>& problems) {
  return problems.size() == 1 ? problems[0] : std::to_string(problems.size()) + " problems, the first: " + problems[0];
}

struct EpisodesDrawOptions {
  std::string dataset, split = "test", out;
  int64_t ways = 5, shots = 5, queries = 0, count = 120, seed = 0;

  void Declare(OptionList& list) {
    list.Add("dataset", &dataset, "Data set below $TINT_DATA.").Is(TextKind::kDataset);
    list.Add("split", &split, "Split to draw from.").Choices({"train", "val", "test"});
    list.Add("ways", &ways, "Classes of an episode.").Range(1, 10000);
    list.Add("shots", &shots, "Support photos of a class.").Range(1, 10000);
    list.Add("queries", &queries, "Queries of a class; 0: all remaining.").Range(0, 1e9);
    list.Add("count", &count, "Episodes.").Range(1, 100000);
    list.Add("seed", &seed, "Seed; episode k does not depend on count.").Range(0, 9007199254740991.0);
    list.Add("out", &out, "File to write.").Is(TextKind::kFile).NotInKey();
  }
};

// Writes a file of episodes, unless it would be too large to be read again, and tells its hash.
void WriteEpisodes(const ShellOptions& shell, const std::string& out, const std::string& text, size_t episodes,
                   uint64_t most_bytes, const std::string& remedy) {
  if (text.size() > most_bytes)
    Fail(ExitCode::kUsage, {.field = "--count",
                            .found = std::to_string(episodes) + " episodes make a file of " + FormatBytes(text.size()),
                            .expected = "at most " + FormatBytes(most_bytes) + ", which is what is read",
                            .remedy = remedy});
  const Json json = {{"file", out}, {"sha256", Sha256Hex(text)}, {"episodes", episodes}};
  if (!shell.dry_run) WriteFileDurably(out, text);
  PrintResult(shell, json,
              std::to_string(episodes) + (shell.dry_run ? " episodes would be in " : " episodes in ") + Quote(out) +
                  ", SHA-256 " + Sha256Hex(text) + "\n");
}

void RequireOption(const std::string& value, const std::string& field, const std::string& expected) {
  if (value.empty()) Fail(ExitCode::kUsage, {.field = field, .found = "not given", .expected = expected});
}

struct EpisodesImportOptions {
  std::string format = "pmf", dataset, split = "test", out;

  void Declare(OptionList& list) {
    list.Add("format", &format, "Form of FILE: pmf, a list of {Support, Query} with paths CLASS/FILE.")
        .Choices({"pmf"});
    list.Add("dataset", &dataset, "Data set below $TINT_DATA that the paths are of.").Is(TextKind::kDataset);
    list.Add("split", &split, "Its split.").Choices({"train", "val", "test"});
    list.Add("out", &out, "File to write.").Is(TextKind::kFile).NotInKey();
  }
};

struct EpisodesExportOptions {
  std::string format = "pmf", out;

  void Declare(OptionList& list) {
    list.Add("format", &format, "Form to write: pmf, a list of {Support, Query} with paths CLASS/FILE.")
        .Choices({"pmf"});
    list.Add("out", &out, "File to write.").Is(TextKind::kFile).NotInKey();
  }
};

std::string ReportTable(const DatasetReport& report) {
  std::string table = "split  classes  images  a class      content SHA-256\n";
  for (const SplitReport& split : report.splits) {
    char line[200];
    std::snprintf(line, sizeof line, "%-5s  %7lld  %6lld  %5lld-%-5lld  %s\n", split.split.c_str(),
                  static_cast<long long>(split.classes), static_cast<long long>(split.images),
                  static_cast<long long>(split.fewest_in_class), static_cast<long long>(split.most_in_class),
                  split.content_sha256.c_str());
    table += line;
    for (const auto& [format, count] : split.formats) table += "       " + std::to_string(count) + " " + format + "\n";
    for (const auto& [size, count] : split.sizes)
      table += "       " + std::to_string(count) + " of " + size + " pixels\n";
    for (const auto& [file, reason] : split.undecodable)
      table += "       cannot be decoded: " + Quote(file) + ": " + reason + "\n";
    for (const auto& [a, b] : split.duplicates)
      table += "       the same pixels: " + Quote(a) + " and " + Quote(b) + "\n";
    table += "       " + std::to_string(split.near_duplicates) + " pairs of near-duplicates\n";
  }
  for (const auto& [a, b] : report.across_splits) table += "the same pixels: " + Quote(a) + " and " + Quote(b) + "\n";
  for (const NearSplits& near : report.near_splits)
    table += near.first + " and " + near.second + ": " + std::to_string(near.near_duplicates) +
             " pairs of near-duplicates (--json lists the nearest)\n";
  for (const std::string& deviation : report.deviations) table += "  " + deviation + "\n";
  return table;
}

}  // namespace

int RunEpisodesDraw(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  EpisodesDrawOptions options;
  ShellOptions shell;
  options.Declare(grammar.Group(""));
  shell.Declare(grammar.Group(""));
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  if (options.dataset.empty() || options.out.empty())
    Fail(ExitCode::kUsage, {.field = options.dataset.empty() ? "--dataset" : "--out",
                            .found = "not given",
                            .expected = "--dataset NAME and --out FILE"});
  const auto source = OpenSplit(DataRoot(), options.dataset, options.split);
  const std::string text = DrawEpisodes(*source, {.dataset = options.dataset,
                                                  .split = options.split,
                                                  .ways = options.ways,
                                                  .shots = options.shots,
                                                  .queries = options.queries,
                                                  .count = options.count,
                                                  .seed = static_cast<uint64_t>(options.seed)});
  WriteEpisodes(shell, options.out, text, static_cast<size_t>(options.count), JsonLimits().max_bytes,
                "Draw several files with other seeds.");
  return 0;
}

int RunEpisodesImport(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  EpisodesImportOptions options;
  ShellOptions shell;
  options.Declare(grammar.Group(""));
  shell.Declare(grammar.Group(""));
  grammar.Positional({"FILE", "File of episodes in another form.", true, false, TextKind::kFile});
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  RequireOption(options.dataset, "--dataset", "--dataset NAME, which the paths in the file are of");
  RequireOption(options.out, "--out", "--out FILE");
  const auto source = OpenSplit(DataRoot(), options.dataset, options.split);
  const std::string text = ImportPmf(grammar.positionals().at(0), *source, options.dataset, options.split);
  const size_t episodes = Json::parse(text).at("episodes").size();
  WriteEpisodes(shell, options.out, text, episodes, JsonLimits().max_bytes, "Import the file in parts.");
  return 0;
}

int RunEpisodesExport(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  EpisodesExportOptions options;
  ShellOptions shell;
  options.Declare(grammar.Group(""));
  shell.Declare(grammar.Group(""));
  grammar.Positional({"FILE", "File of episodes.", true, false, TextKind::kFile});
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  RequireOption(options.out, "--out", "--out FILE");
  const EpisodeFile file = ReadEpisodeFile(grammar.positionals().at(0));
  std::shared_ptr<ImageSource> source;
  for (const Episode& episode : file.episodes) {
    if (episode.query_rest && source == nullptr) source = OpenSplit(DataRoot(), file.dataset, file.split);
  }
  WriteEpisodes(shell, options.out, ExportPmf(file, source), file.episodes.size(), kNoSizeLimit, "");
  return 0;
}

int RunEpisodesCheck(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ShellOptions shell;
  shell.Declare(grammar.Group(""));
  grammar.Positional({"FILE", "File of episodes.", true, false, TextKind::kFile});
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  const EpisodeFile file = ReadEpisodeFile(grammar.positionals().at(0));
  const auto source = OpenSplit(DataRoot(), file.dataset, file.split);
  const std::vector<std::string> problems = CheckEpisodes(file, *source);
  const Json json = {{"file", file.path},
                     {"sha256", file.sha256},
                     {"dataset", file.dataset},
                     {"split", file.split},
                     {"episodes", file.episodes.size()},
                     {"problems", problems}};
  std::string text = std::to_string(file.episodes.size()) + " episodes of " + file.dataset + ":" + file.split +
                     ", SHA-256 " + file.sha256 + "\n";
  for (const std::string& problem : problems) text += "  " + problem + "\n";
  PrintResult(shell, json, text + (problems.empty() ? "every class and file is there\n" : ""));
  if (problems.empty()) return 0;
  Fail(ExitCode::kBadInput,
       {.file = file.path,
        .field = "episodes",
        .found = Problems(problems),
        .expected = "episodes that fit the data set",
        .remedy = "Draw them again with tint episodes draw, or use the data set they were drawn from."});
}

int RunDatasetCheck(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ShellOptions shell;
  std::string dataset;
  grammar.Group("").Add("dataset", &dataset, "Data set below $TINT_DATA, or given as NAME.").Is(TextKind::kDataset);
  shell.Declare(grammar.Group(""));
  grammar.Positional({"NAME", "Data set below $TINT_DATA.", false, false, TextKind::kDataset});
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  if (!grammar.positionals().empty()) dataset = grammar.positionals()[0];
  if (dataset.empty())
    Fail(ExitCode::kUsage,
         {.field = "NAME", .found = "not given", .expected = "the name of a data set below $TINT_DATA"});
  const DatasetReport report = CheckDataset(DataRoot(), dataset);
  PrintResult(shell, ToJson(report), ReportTable(report));
  if (report.deviations.empty()) return 0;
  Fail(ExitCode::kBadInput,
       {.file = dataset, .field = "dataset", .found = Problems(report.deviations), .expected = "a whole data set"});
}

}  // namespace tint
