// Fixed episodes in files: what is learned from, and what is scored. docs/file-formats.md, Files that are given.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tint/base/json.h"
#include "tint/data/dataset.h"

namespace tint {

struct Episode {
  std::vector<std::string> classes;
  std::vector<std::vector<std::string>> support;  // per class, file names in order
  std::vector<std::vector<std::string>> query;    // per class; empty together with query_rest = true means all others
  bool query_rest = true;
};

struct EpisodeFile {
  std::string path;
  std::string sha256;  // of the file's bytes: printed beside every result
  std::string dataset, split;
  uint64_t seed = 0;
  std::string generator;
  std::string dataset_sha256;
  std::vector<Episode> episodes;
};

// Strict reader: schema 1, known keys, names that NameError accepts and without NFC/NFD twins; classes distinct,
// supports distinct inside a class and disjoint from queries, >= 1 support. One Error(kBadInput) tells every problem on
// a line of its own, with file:line:column and field.
EpisodeFile ReadEpisodeFile(const std::filesystem::path& path);

// Classes without replacement, supports without replacement inside each class; queries "rest" or `queries` of each
// class.
struct DrawOptions {
  std::string dataset, split;
  int64_t ways = 5, shots = 5, queries = 0 /* 0 = all remaining */, count = 120;
  uint64_t seed = 0;
};
// The file's text (deterministic). Too few classes or images: Error(kBadInput).
std::string DrawEpisodes(const ImageSource& source, const DrawOptions& options);

// Everything in the file exists in the source, and dataset_sha256 is the source's: problems, all of them, as sentences.
std::vector<std::string> CheckEpisodes(const EpisodeFile& file, const ImageSource& source);

// One class of the task in hand: photos named and readable. Queries are opened only by evaluate.
struct TaskClass {
  std::string name;
  std::vector<std::string> support;
  std::vector<std::string> query;
};

// An episode whose "rest" has been written out and whose files exist: what the stages work on.
struct Task {
  uint64_t episode_idx = 0;
  std::string dataset;  // "miniimagenet"; "folder" for photos of one's own
  DatasetInfo facts;
  std::vector<TaskClass> classes;
  std::shared_ptr<ImageSource> support_source;
  std::shared_ptr<ImageSource> query_source;  // null: nothing to score
  // Of an episode file; "" and 0 for folders.
  std::string episodes_file, split;
  std::string dataset_sha256;
  std::string episodes_sha256;
  uint64_t episodes_in_file = 0;

  // Supports of each class; 0 where the classes differ in it.
  int64_t shots() const;
};

// The content of a data set in folders is not compared here but in CheckContent, since that opens every query.
// `queries` > 0 keeps the first N queries of each class. episode_idx outside the file, class or file absent in the data
// set, dataset_sha256 of another data set: Error(kBadInput).
Task ResolveEpisode(const EpisodeFile& file, uint64_t episode_idx, std::shared_ptr<ImageSource> source,
                    int64_t queries);

// One's own photos: every file of a class folder is a support (or a query), in byte order of the names. `query_folder`
// may be "" (nothing to score); its classes must be among the support's, else Error(kBadInput). The same photo twice
// among the supports (by SHA-256 of the file): Error(kBadInput) naming both. Query files are not opened.
Task ResolveFolders(const std::filesystem::path& support_folder, const std::filesystem::path& query_folder,
                    int64_t queries);

// A data set in folders still has the content that its episodes were drawn from: else Error(kBadInput). Opens query
// files: for evaluate alone.
void CheckContent(const Task& task);

// Supports and queries have no file in common by content (SHA-256), and no support stands twice: else Error(kBadInput)
// naming both files. Reads every query file: for evaluate alone, since no earlier stage may open one.
void CheckNoDuplicates(const Task& task);

}  // namespace tint
