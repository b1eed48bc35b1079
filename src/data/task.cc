// SPDX-License-Identifier: Apache-2.0
// From an episode file, or from folders of photos, to the task that the stages work on.
#include "tint/data/task.h"

#include <map>
#include <set>

#include "tint/base/error.h"
#include "tint/base/same_or_zero.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/data/names.h"

namespace tint {
namespace {

constexpr char kEpisodesRemedy[] =
    "`tint episodes check` lists all differences; `tint episodes draw` draws episodes from this data set";

std::string AnotherDataset(const std::string& split, const std::string& stated, const std::string& found) {
  return "the episodes were drawn from different content of " + Quote(split) + ": the file's dataset_sha256 is " +
         stated + ", that of the data set is " + found;
}

void RequireContent(const std::filesystem::path& episodes, const std::string& split, const std::string& stated,
                    const ImageSource& source) {
  const std::string found = source.ContentSha256();
  if (found == stated) return;
  Fail(ExitCode::kBadInput, {.file = episodes,
                             .field = "dataset_sha256",
                             .found = AnotherDataset(split, stated, found),
                             .remedy = kEpisodesRemedy});
}

bool HasFile(const ImageSource& source, const std::string& class_name, const std::string& file) {
  const std::vector<std::string>& files = source.Files(class_name);
  return std::binary_search(files.begin(), files.end(), file);
}

bool HasClass(const ImageSource& source, const std::string& class_name) {
  return std::binary_search(source.Classes().begin(), source.Classes().end(), class_name);
}

// Sentences on what an episode names but the source does not have.
std::vector<std::string> MissingParts(const Episode& episode, const ImageSource& source) {
  std::vector<std::string> problems;
  for (size_t c = 0; c < episode.classes.size(); ++c) {
    const std::string& name = episode.classes[c];
    if (!HasClass(source, name)) {
      const std::string near = DidYouMean(name, source.Classes());
      problems.push_back("class " + Quote(name) + " is not in the data set" + (near.empty() ? "" : " (" + near + ")"));
      continue;
    }
    std::vector<std::string> files = episode.support[c];
    if (!episode.query_rest) files.insert(files.end(), episode.query[c].begin(), episode.query[c].end());
    for (const std::string& file : files) {
      if (HasFile(source, name, file)) continue;
      problems.push_back("class " + Quote(name) + " has no file " + Quote(file));
    }
    if (episode.query_rest && source.Files(name).size() == episode.support[c].size()) {
      problems.push_back("class " + Quote(name) + " has no images other than its supports, so there are no queries");
    }
  }
  return problems;
}

std::vector<std::string> FirstOf(std::vector<std::string> files, int64_t queries) {
  if (queries > 0 && static_cast<size_t>(queries) < files.size()) files.resize(static_cast<size_t>(queries));
  return files;
}

// All files of the class except its supports, in byte order.
std::vector<std::string> RestOf(const ImageSource& source, const std::string& name,
                                const std::vector<std::string>& support) {
  const std::set<std::string> taken(support.begin(), support.end());
  std::vector<std::string> rest;
  for (const std::string& file : source.Files(name)) {
    if (!taken.contains(file)) rest.push_back(file);
  }
  return rest;
}

// The first file of each content; a second one is an error.
class Contents {
 public:
  void Add(const ImageSource& source, const std::string& class_name, const std::string& file, const std::string& role) {
    const std::string place = source.Describe(class_name, file);
    const auto [earlier, is_new] =
        seen_.emplace(Sha256Hex(source.ReadBytes(class_name, file)), Origin{.file = place, .role = role});
    if (is_new) return;
    if (role == "query" && earlier->second.role == "query") return;  // scored twice, but not trained on
    Fail(ExitCode::kBadInput, {.file = place,
                               .found = "this " + role + " is the same image, byte for byte, as the " +
                                        earlier->second.role + " " + Quote(earlier->second.file),
                               .expected = "different images",
                               .remedy = "Remove one of the two"});
  }

 private:
  struct Origin {
    std::string file, role;
  };
  std::map<std::string, Origin> seen_;  // by SHA-256
};

Contents HashSupports(const Task& task) {
  Contents contents;
  for (const TaskClass& one : task.classes) {
    for (const std::string& file : one.support) contents.Add(*task.support_source, one.name, file, "support");
  }
  return contents;
}

void CheckQueryClasses(const ImageSource& support, const ImageSource& query, const std::filesystem::path& folder) {
  std::vector<std::string> unknown;
  for (const std::string& name : query.Classes()) {
    if (!HasClass(support, name)) unknown.push_back(Quote(name));
  }
  if (unknown.empty()) return;
  Fail(ExitCode::kBadInput, {.file = folder,
                             .found = "query classes without supports: " + Join(unknown, ", "),
                             .expected = "the classes of the supports: " + Join(support.Classes(), ", "),
                             .remedy = unknown.size() == 1 ? DidYouMean(unknown.front(), support.Classes()) : ""});
}

}  // namespace

std::vector<std::string> CheckEpisodes(const EpisodeFile& file, const ImageSource& source) {
  std::vector<std::string> problems;
  const std::string found = source.ContentSha256();
  if (found != file.dataset_sha256)
    problems.push_back(AnotherDataset(file.dataset + ":" + file.split, file.dataset_sha256, found));
  for (size_t k = 0; k < file.episodes.size(); ++k) {
    for (const std::string& problem : MissingParts(file.episodes[k], source)) {
      problems.push_back("episode " + std::to_string(k) + ": " + problem);
    }
  }
  return problems;
}

int64_t Task::shots() const {
  return SameOrZero(classes, [](const TaskClass& one) { return one.support.size(); });
}

Task ResolveEpisode(const EpisodeFile& file, uint64_t episode_idx, std::shared_ptr<ImageSource> source,
                    int64_t queries) {
  if (episode_idx >= file.episodes.size()) {
    Fail(ExitCode::kBadInput, {.file = file.path,
                               .field = "episode",
                               .found = "the file has no episode " + std::to_string(episode_idx),
                               .expected = "0 to " + std::to_string(file.episodes.size() - 1)});
  }
  if (!source->is_folder()) RequireContent(file.path, file.dataset + ":" + file.split, file.dataset_sha256, *source);
  const Episode& episode = file.episodes[episode_idx];
  const std::vector<std::string> problems = MissingParts(episode, *source);
  if (!problems.empty()) {
    Fail(ExitCode::kBadInput, {.file = file.path,
                               .field = "episodes[" + std::to_string(episode_idx) + "]",
                               .found = Join(problems, "; "),
                               .remedy = kEpisodesRemedy});
  }
  Task task;
  task.episode_idx = episode_idx;
  task.dataset = file.dataset;
  task.dataset_info = InfoOfDataset(file.dataset);
  task.support_source = source;
  task.query_source = source;
  task.split = file.split;
  task.episodes_file = file.path;
  task.dataset_sha256 = file.dataset_sha256;
  task.episodes_sha256 = file.sha256;
  task.episodes_in_file = file.episodes.size();
  for (size_t c = 0; c < episode.classes.size(); ++c) {
    const std::string& name = episode.classes[c];
    const std::vector<std::string>& support = episode.support[c];
    const auto query = episode.query_rest ? RestOf(*source, name, support) : episode.query[c];
    task.classes.push_back({name, support, FirstOf(query, queries)});
  }
  HashSupports(task);
  return task;
}

Task ResolveFolders(const std::filesystem::path& support_folder, const std::filesystem::path& query_folder,
                    int64_t queries) {
  Task task;
  task.dataset = "folder";
  task.dataset_info = InfoOfDataset("folder");
  task.support_source = OpenClassFolders(support_folder);
  const ImageSource& support = *task.support_source;
  if (!query_folder.empty()) {
    task.query_source = OpenClassFolders(query_folder);
    if (std::filesystem::equivalent(support_folder, query_folder)) {
      Fail(ExitCode::kBadInput, {.file = query_folder,
                                 .field = "query",
                                 .found = "is the folder of the supports",
                                 .expected = "a different folder: queries must not be supports"});
    }
    CheckQueryClasses(support, *task.query_source, query_folder);
  }
  for (const std::string& name : support.Classes()) {
    const bool scored = task.query_source && HasClass(*task.query_source, name);
    const auto query = scored ? task.query_source->Files(name) : std::vector<std::string>();
    task.classes.push_back({name, support.Files(name), FirstOf(query, queries)});
  }
  HashSupports(task);
  return task;
}

void CheckContent(const Task& task) {
  if (task.dataset_sha256.empty() || !task.query_source->is_folder()) return;
  RequireContent(task.episodes_file, task.dataset + ":" + task.split, task.dataset_sha256, *task.query_source);
}

void CheckNoDuplicates(const Task& task) {
  Contents contents = HashSupports(task);
  if (!task.query_source) return;
  for (const TaskClass& one : task.classes) {
    for (const std::string& file : one.query) contents.Add(*task.query_source, one.name, file, "query");
  }
}

}  // namespace tint
