// SPDX-License-Identifier: Apache-2.0
// Episode files: which images are supports and which are queries. docs/file-formats.md describes the format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tint/data/dataset.h"

namespace tint {

struct Episode {
  std::vector<std::string> classes;
  std::vector<std::vector<std::string>> support;  // per class, file names in order
  std::vector<std::vector<std::string>> query;    // per class; empty where query_rest is true
  bool query_rest = true;                         // all other files of each class
};

struct EpisodeFile {
  std::string path;
  std::string sha256;  // of the file's bytes; printed with every result
  std::string dataset, split;
  uint64_t seed = 0;
  std::string generator;
  std::string dataset_sha256;
  std::vector<Episode> episodes;
};

// Strict reader: schema 1, known keys, names that NameError accepts and that stay distinct under Unicode normalization;
// classes distinct, supports distinct inside a class and disjoint from queries, at least one support. One
// Error(kBadInput) lists every problem on its own line, with file:line:column and field.
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

// All problems, as sentences: files and classes that the source does not have, or a dataset_sha256 that differs.
std::vector<std::string> CheckEpisodes(const EpisodeFile& file, const ImageSource& source);

}  // namespace tint
