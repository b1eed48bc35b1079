// SPDX-License-Identifier: Apache-2.0
// dataset check, episodes draw, check, import, export.
#include <fmt/format.h>

#include "commands.h"
#include "tint/base/durable.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/log.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/data/dataset_check.h"
#include "tint/data/episode_file.h"
#include "tint/data/episode_pmf.h"
#include "tint/options/shared_options.h"

namespace tint {
namespace {

std::string Problems(const std::vector<std::string>& problems) {
  return problems.size() == 1 ? problems[0] : std::to_string(problems.size()) + " problems, the first: " + problems[0];
}

// Writes a file of episodes and prints its hash; Error(kUsage) if it would be too large to be read again.
void WriteEpisodes(const ShellOptions& shell, const std::string& out, const std::string& text, size_t episodes,
                   uint64_t most_bytes, const std::string& remedy) {
  if (text.size() > most_bytes)
    Fail(ExitCode::kUsage, {.field = "--count",
                            .found = std::to_string(episodes) + " episodes need a file of " + FormatBytes(text.size()),
                            .expected = "at most " + FormatBytes(most_bytes) + ", the limit for reading",
                            .remedy = remedy});
  const Json json = {{"file", out}, {"sha256", Sha256Hex(text)}, {"episodes", episodes}};
  if (!shell.dry_run) WriteFileDurably(out, text);
  PrintResult(shell, json,
              std::to_string(episodes) + (shell.dry_run ? " episodes would be in " : " episodes in ") + Quote(out) +
                  ", SHA-256 " + Sha256Hex(text) + "\n");
}

std::string ReportTable(const DatasetReport& report) {
  std::string table = "split  classes  images  a class      content SHA-256\n";
  for (const SplitReport& split : report.splits) {
    table += fmt::format("{:<5}  {:7}  {:6}  {:5}-{:<5}  {}\n", split.split, split.classes, split.images,
                         split.fewest_in_class, split.most_in_class, split.content_sha256);
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

class EpisodesDrawCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    OptionList& list = options.Group("");
    DeclareDataset(list, &dataset_);
    DeclareSplit(list, &split_, "Split to draw from.");
    list.Add("ways", &ways_, "Number of classes of an episode.").Range(1, 10000);
    list.Add("shots", &shots_, "Number of support photos per class.").Range(1, 10000);
    list.Add("queries", &queries_, "Number of query photos per class; 0: all that remain.").Range(0, 1e9);
    list.Add("count", &count_, "Number of episodes.").Range(1, 100000);
    DeclareSeed(list, &seed_, "Random seed; episode k does not depend on --count.");
    DeclareOut(list, &out_, "File to write.");
  }

  void Run(const CommandOptions& /*options*/) override {
    RequireGiven(dataset_, "--dataset", "the data set to draw from");
    RequireGiven(out_, "--out", "a file to write");
    const auto source = OpenSplit(DataRoot(), dataset_, split_);
    const std::string text = DrawEpisodes(*source, {.dataset = dataset_,
                                                    .split = split_,
                                                    .ways = ways_,
                                                    .shots = shots_,
                                                    .queries = queries_,
                                                    .count = count_,
                                                    .seed = static_cast<uint64_t>(seed_)});
    WriteEpisodes(shell, out_, text, static_cast<size_t>(count_), JsonLimits().max_bytes,
                  "Draw several files with different seeds.");
  }

 private:
  std::string dataset_, split_ = "test", out_;
  int64_t ways_ = 5, shots_ = 5, queries_ = 0, count_ = 120, seed_ = 0;
};

class EpisodesImportCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    OptionList& list = options.Group("");
    list.Add("format", &format_, "Format of FILE; pmf: a list of {Support, Query} with paths CLASS/FILE.")
        .Choices({"pmf"});
    DeclareDataset(list, &dataset_);
    DeclareSplit(list, &split_, "Split that contains the images.");
    DeclareOut(list, &out_, "File to write.");
    options.Positional({"FILE", "Episode file in another format.", true, false, TextKind::kFile});
  }

  void Run(const CommandOptions& options) override {
    RequireGiven(dataset_, "--dataset", "the data set that the paths in FILE refer to");
    RequireGiven(out_, "--out", "a file to write");
    const auto source = OpenSplit(DataRoot(), dataset_, split_);
    const std::string text = ImportPmf(options.positionals().at(0), *source, dataset_, split_);
    const size_t episodes = Json::parse(text).at("episodes").size();
    WriteEpisodes(shell, out_, text, episodes, JsonLimits().max_bytes, "Import the file in parts.");
  }

 private:
  std::string format_ = "pmf", dataset_, split_ = "test", out_;
};

class EpisodesExportCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    OptionList& list = options.Group("");
    list.Add("format", &format_, "Format to write; pmf: a list of {Support, Query} with paths CLASS/FILE.")
        .Choices({"pmf"});
    DeclareOut(list, &out_, "File to write.");
    options.Positional({"FILE", "Episode file.", true, false, TextKind::kFile});
  }

  void Run(const CommandOptions& options) override {
    RequireGiven(out_, "--out", "a file to write");
    const EpisodeFile file = ReadEpisodeFile(options.positionals().at(0));
    std::shared_ptr<ImageSource> source;
    for (const Episode& episode : file.episodes) {
      if (episode.query_rest && source == nullptr) source = OpenSplit(DataRoot(), file.dataset, file.split);
    }
    WriteEpisodes(shell, out_, ExportPmf(file, source), file.episodes.size(), kNoSizeLimit, "");
  }

 private:
  std::string format_ = "pmf", out_;
};

class EpisodesCheckCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    options.Positional({"FILE", "Episode file.", true, false, TextKind::kFile});
  }

  void Run(const CommandOptions& options) override {
    const EpisodeFile file = ReadEpisodeFile(options.positionals().at(0));
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
    PrintResult(shell, json, text + (problems.empty() ? "every class and file exists\n" : ""));
    if (problems.empty()) return;
    Fail(ExitCode::kBadInput,
         {.file = file.path,
          .field = "episodes",
          .found = Problems(problems),
          .expected = "episodes that match the data set",
          .remedy = "Draw them again with tint episodes draw, or use the data set they were drawn from."});
  }
};

class DatasetCheckCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    DeclareDataset(options.Group(""), &dataset_);
    options.Positional({"NAME", "Data set in $TINT_DATA.", false, false, TextKind::kDataset});
  }

  void Run(const CommandOptions& options) override {
    if (!options.positionals().empty()) dataset_ = options.positionals()[0];
    RequireGiven(dataset_, "NAME", "the name of a data set in $TINT_DATA");
    const DatasetReport report = CheckDataset(DataRoot(), dataset_);
    PrintResult(shell, ToJson(report), ReportTable(report));
    if (report.deviations.empty()) return;
    Fail(ExitCode::kBadInput, {.file = dataset_,
                               .field = "dataset",
                               .found = Problems(report.deviations),
                               .expected = "a complete data set"});
  }

 private:
  std::string dataset_;
};

}  // namespace

HandlerPtr MakeEpisodesDrawCommand(const std::string& /*name*/) { return std::make_unique<EpisodesDrawCommand>(); }
HandlerPtr MakeEpisodesCheckCommand(const std::string& /*name*/) { return std::make_unique<EpisodesCheckCommand>(); }
HandlerPtr MakeEpisodesImportCommand(const std::string& /*name*/) { return std::make_unique<EpisodesImportCommand>(); }
HandlerPtr MakeEpisodesExportCommand(const std::string& /*name*/) { return std::make_unique<EpisodesExportCommand>(); }
HandlerPtr MakeDatasetCheckCommand(const std::string& /*name*/) { return std::make_unique<DatasetCheckCommand>(); }

}  // namespace tint
