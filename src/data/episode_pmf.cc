// SPDX-License-Identifier: Apache-2.0
#include "tint/data/episode_pmf.h"

#include <algorithm>
#include <set>

#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/data/names.h"
#include "tint/data/task.h"

namespace tint {
namespace {

// 1,000 episodes with 20 ways, 5 shots and 15 queries have 20 MB.
constexpr JsonLimits kLimits = {.max_bytes = 64 << 20};
constexpr char kPmfGenerator[] = "pmf import";
constexpr char kPath[] = "CLASS/FILE, relative to the split's folder";

class Importer {
 public:
  Importer(const JsonDocument& document, const ImageSource& source) : document_(document), source_(source) {}
  // The episode in the format of tint's episode files.
  Json Import(const std::string& pointer);

 private:
  [[noreturn]] void FailAt(const std::string& pointer, const std::string& found, const std::string& expected,
                           const std::string& remedy = "") const {
    document_.Fail(ExitCode::kBadInput, pointer, found, expected, remedy);
  }
  // The files of a list at `pointer`, all of one class, which is *class_name unless that is "".
  Json ReadFiles(const std::string& pointer, std::string* class_name);
  std::string ReadFile(const std::string& pointer, std::string* class_name);
  void RequireClass(const std::string& pointer, const std::string& class_name) const;

  const JsonDocument& document_;
  const ImageSource& source_;
  std::set<std::string> seen_;  // paths of the episode
};

void Importer::RequireClass(const std::string& pointer, const std::string& class_name) const {
  const std::vector<std::string>& classes = source_.Classes();
  if (std::binary_search(classes.begin(), classes.end(), class_name)) return;
  FailAt(pointer, "class " + Quote(class_name) + " is not in the data set", "a class of the split",
         DidYouMean(class_name, classes));
}

std::string Importer::ReadFile(const std::string& pointer, std::string* class_name) {
  const std::string path = RequireString(document_, pointer, ExitCode::kBadInput);
  const std::vector<std::string> parts = Split(path, '/');
  if (parts.size() != 2) FailAt(pointer, "is the path " + Quote(path, 120), kPath);
  for (const std::string& part : parts) {
    const std::string why = NameError(part);
    if (!why.empty()) FailAt(pointer, "the part " + Quote(part, 120) + " of the path " + why, kPath);
  }
  if (class_name->empty()) {
    RequireClass(pointer, parts[0]);
    *class_name = parts[0];
  } else if (*class_name != parts[0]) {
    FailAt(pointer, "is of class " + Quote(parts[0]),
           "an image of " + Quote(*class_name) + ", like the paths before it");
  }
  const std::vector<std::string>& files = source_.Files(*class_name);
  if (!std::binary_search(files.begin(), files.end(), parts[1]))
    FailAt(pointer, Quote(path) + " is not in the data set", "an image of the split", DidYouMean(parts[1], files));
  if (!seen_.insert(path).second) FailAt(pointer, Quote(path) + " appears twice in the episode", "each image once");
  return parts[1];
}

Json Importer::ReadFiles(const std::string& pointer, std::string* class_name) {
  const size_t count = RequireArray(document_, pointer, ExitCode::kBadInput).size();
  if (count == 0) FailAt(pointer, "is an empty list", "at least one image");
  Json files = Json::array();
  for (size_t i = 0; i < count; ++i) files.push_back(ReadFile(ElementPointer(pointer, i), class_name));
  return files;
}

Json Importer::Import(const std::string& pointer) {
  RequireObject(document_, pointer, ExitCode::kBadInput);
  RejectUnknownKeys(document_, pointer, {"Support", "Query"}, ExitCode::kBadInput);
  const size_t ways = RequireArray(document_, pointer + "/Support", ExitCode::kBadInput).size();
  const size_t queries = RequireArray(document_, pointer + "/Query", ExitCode::kBadInput).size();
  if (ways == 0) FailAt(pointer + "/Support", "is an empty list", "a list of images for each class");
  if (queries != ways)
    FailAt(pointer + "/Query", "has " + std::to_string(queries) + " lists",
           std::to_string(ways) + ", one for each class of Support");
  seen_.clear();
  Json episode = {{"classes", Json::array()}, {"support", Json::array()}, {"query", Json::array()}};
  std::set<std::string> classes;
  for (size_t way = 0; way < ways; ++way) {
    std::string class_name;
    episode["support"].push_back(ReadFiles(ElementPointer(pointer + "/Support", way), &class_name));
    episode["query"].push_back(ReadFiles(ElementPointer(pointer + "/Query", way), &class_name));
    episode["classes"].push_back(class_name);
    if (!classes.insert(class_name).second)
      FailAt(ElementPointer(pointer + "/Support", way), "class " + Quote(class_name) + " appears twice in the episode",
             "each class once");
  }
  return episode;
}

// The format has one number for all episodes.
class EqualCounts {
 public:
  explicit EqualCounts(const std::string& file) : file_(file) {}
  void Require(size_t count, size_t* all, const std::string& field, const std::string& what) const {
    if (*all == 0) *all = count;
    if (count == *all) return;
    Fail(ExitCode::kBadInput,
         {.file = file_,
          .field = field,
          .found = "has " + std::to_string(count) + " " + what,
          .expected = std::to_string(*all) + ", like the episodes before: the PMF format has one number for all",
          .remedy = what == "queries" ? "Draw episodes with --queries N, so that every class has as many" : ""});
  }

 private:
  std::string file_;
};

Json Paths(const std::string& class_name, const std::vector<std::string>& files) {
  Json paths = Json::array();
  for (const std::string& file : files) paths.push_back(class_name + "/" + file);
  return paths;
}

}  // namespace

std::string ImportPmf(const std::filesystem::path& path, const ImageSource& source, const std::string& dataset,
                      const std::string& split) {
  const JsonDocument document = ParseJson(ReadFile(path, kLimits.max_bytes), path, ExitCode::kBadInput, kLimits);
  const size_t count = RequireArray(document, "", ExitCode::kBadInput).size();
  if (count == 0) document.Fail(ExitCode::kBadInput, "", "is an empty list", "at least one episode");
  Json file = {{"schema", 1},
               {"dataset", dataset},
               {"split", split},
               {"seed", 0},
               {"generator", kPmfGenerator},
               {"dataset_sha256", source.ContentSha256()},
               {"episodes", Json::array()}};
  Importer importer(document, source);
  for (size_t k = 0; k < count; ++k) file["episodes"].push_back(importer.Import(ElementPointer("", k)));
  return file.dump(2) + "\n";
}

std::string ExportPmf(const EpisodeFile& file, const std::shared_ptr<ImageSource>& source) {
  Json list = Json::array();
  const EqualCounts equal(file.path);
  size_t ways = 0, shots = 0, queries = 0;
  for (size_t k = 0; k < file.episodes.size(); ++k) {
    const Episode& episode = file.episodes[k];
    const std::string field = "episodes[" + std::to_string(k) + "]";
    TINT_CHECK(source != nullptr || !episode.query_rest);
    std::vector<TaskClass> rest;
    if (episode.query_rest) rest = ResolveEpisode(file, k, source, 0).classes;
    equal.Require(episode.classes.size(), &ways, field, "classes");
    Json support = Json::array(), query = Json::array();
    for (size_t c = 0; c < episode.classes.size(); ++c) {
      const std::vector<std::string>& query_files = episode.query_rest ? rest[c].query : episode.query[c];
      equal.Require(episode.support[c].size(), &shots, field + ", class " + Quote(episode.classes[c]), "supports");
      equal.Require(query_files.size(), &queries, field + ", class " + Quote(episode.classes[c]), "queries");
      support.push_back(Paths(episode.classes[c], episode.support[c]));
      query.push_back(Paths(episode.classes[c], query_files));
    }
    list.push_back({{"Support", std::move(support)}, {"Query", std::move(query)}});
  }
  return list.dump() + "\n";
}

}  // namespace tint
