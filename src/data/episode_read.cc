// SPDX-License-Identifier: Apache-2.0
// Strict reader of episode files: every problem is reported, each with its position.
#include <algorithm>
#include <map>
#include <set>

#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/data/episode_file.h"
#include "tint/data/names.h"

namespace tint {
namespace {

constexpr size_t kMaxShownProblems = 20;  // problems in one message
constexpr size_t kMaxEpisodes = 100'000;
constexpr size_t kMaxGeneratorBytes = 200;  // bytes
const std::vector<std::string> kFileKeys = {"schema",    "dataset",        "split",   "seed",
                                            "generator", "dataset_sha256", "episodes"};
const std::vector<std::string> kEpisodeKeys = {"classes", "support", "query"};
constexpr char kPlainName[] = "a plain name";

// "/episodes/3/support/0/1" -> "episodes[3].support[0][1]"
std::string FieldName(const std::string& pointer) {
  std::string field;
  for (Json::json_pointer rest(pointer); !rest.empty(); rest.pop_back()) {
    const std::string& part = rest.back();
    const bool index = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
    const bool first = rest.parent_pointer().empty();
    field = (index ? "[" + part + "]" : (first ? "" : ".") + part) + field;
  }
  return field;
}

std::string Show(const Json& value) {
  if (value.is_string()) return "is the string " + Quote(value.get_ref<const std::string&>(), 80);
  if (value.is_object()) return "is an object";
  if (value.is_array()) return "is a list";
  return "is " + value.dump();
}

class Reader {
 public:
  explicit Reader(const JsonDocument& document) : document_(document) {}

  void Read(EpisodeFile* file);
  // Throws all problems in one Error.
  void Finish() const;

 private:
  void AddProblem(const std::string& pointer, const std::string& found, const std::string& expected,
                  const std::string& remedy = "") {
    if (++count_ > kMaxShownProblems) return;
    const TextPosition at = document_.Where(pointer);
    problems_.push_back(ToString({.file = document_.file,
                                  .field = FieldName(pointer),
                                  .found = found,
                                  .expected = expected,
                                  .remedy = remedy,
                                  .line = at.line,
                                  .column = at.column}));
  }
  // The member; null, with the problem recorded, if it is missing or of another type.
  const Json* Member(const Json& object, const std::string& pointer, const char* key, Json::value_t type,
                     const std::string& expected);
  void CheckKeys(const Json& object, const std::string& pointer, const std::vector<std::string>& known);
  std::string ReadName(const Json& root, const char* key);
  uint64_t ReadSeed(const Json& root);
  // Generator and dataset_sha256.
  void ReadOrigin(const Json& root, EpisodeFile* file);
  Episode ReadEpisode(const Json& value, const std::string& pointer);
  // A list of at least one plain name, distinct also after Unicode normalization.
  std::vector<std::string> ReadNames(const Json& list, const std::string& pointer);
  // A list of such lists, one per class.
  std::vector<std::vector<std::string>> ReadLists(const Json& lists, const std::string& pointer, size_t classes);
  void CheckDisjoint(const Episode& episode, const std::string& pointer);

  const JsonDocument& document_;
  std::vector<std::string> problems_;
  size_t count_ = 0;
};

const Json* Reader::Member(const Json& object, const std::string& pointer, const char* key, Json::value_t type,
                           const std::string& expected) {
  const std::string inner = pointer + "/" + key;
  const auto found = object.find(key);
  if (found == object.end()) {
    AddProblem(inner, "is missing", expected);
    return nullptr;
  }
  if (found->type() == type) return &*found;
  AddProblem(inner, Show(*found), expected);
  return nullptr;
}

void Reader::CheckKeys(const Json& object, const std::string& pointer, const std::vector<std::string>& known) {
  for (const auto& member : object.items()) {
    if (std::find(known.begin(), known.end(), member.key()) != known.end()) continue;
    const std::string inner = pointer + (Json::json_pointer() / member.key()).to_string();
    AddProblem(inner, "is an unknown key", "one of " + Join(known, ", "), DidYouMean(member.key(), known));
  }
}

std::string Reader::ReadName(const Json& root, const char* key) {
  const Json* value = Member(root, "", key, Json::value_t::string, kPlainName);
  if (value == nullptr) return "";
  const std::string why = NameError(value->get_ref<const std::string&>());
  if (!why.empty())
    AddProblem(std::string("/") + key, "the name " + Quote(value->get<std::string>()) + " " + why, kPlainName);
  return value->get<std::string>();
}

uint64_t Reader::ReadSeed(const Json& root) {
  const Json* value =
      Member(root, "", "seed", Json::value_t::number_unsigned, "an integer in [0, 18446744073709551615]");
  return value == nullptr ? 0 : value->get<uint64_t>();
}

std::vector<std::string> Reader::ReadNames(const Json& list, const std::string& pointer) {
  std::vector<std::string> names;
  std::map<std::string, size_t> seen;
  for (size_t i = 0; i < list.size(); ++i) {
    if (!list[i].is_string()) {
      AddProblem(ElementPointer(pointer, i), Show(list[i]), "a name in quotes");
      continue;
    }
    const std::string name = list[i].get<std::string>();
    const std::string why = NameError(name);
    if (!why.empty()) AddProblem(ElementPointer(pointer, i), "the name " + Quote(name) + " " + why, kPlainName);
    const auto [earlier, is_new] = seen.emplace(name, i);
    if (!is_new) {
      AddProblem(ElementPointer(pointer, i), Quote(name) + " is already element " + std::to_string(earlier->second),
                 "each name once");
    }
    names.push_back(name);
  }
  const auto [first, second] = FindNormalizationCollision(names);
  if (!first.empty()) {
    const size_t at = std::find(list.begin(), list.end(), Json(second)) - list.begin();
    AddProblem(ElementPointer(pointer, at),
               Quote(second) + " differs from an earlier name only in Unicode normalization", "distinct names",
               "Rename one of the two files");
  }
  if (list.empty()) AddProblem(pointer, "is an empty list", "at least one name");
  return names;
}

std::vector<std::vector<std::string>> Reader::ReadLists(const Json& lists, const std::string& pointer, size_t classes) {
  std::vector<std::vector<std::string>> all;
  if (lists.size() != classes) {
    AddProblem(pointer, "has " + std::to_string(lists.size()) + " lists",
               std::to_string(classes) + ", one for each of its classes");
  }
  for (size_t i = 0; i < lists.size(); ++i) {
    all.emplace_back();
    if (lists[i].is_array()) {
      all.back() = ReadNames(lists[i], ElementPointer(pointer, i));
    } else {
      AddProblem(ElementPointer(pointer, i), Show(lists[i]), "a list of file names");
    }
  }
  return all;
}

void Reader::CheckDisjoint(const Episode& episode, const std::string& pointer) {
  for (size_t c = 0; c < std::min(episode.support.size(), episode.query.size()); ++c) {
    const std::set<std::string> support(episode.support[c].begin(), episode.support[c].end());
    std::vector<std::string> both = episode.support[c];
    for (size_t i = 0; i < episode.query[c].size(); ++i) {
      const std::string& name = episode.query[c][i];
      if (support.contains(name)) {
        AddProblem(ElementPointer(ElementPointer(pointer + "/query", c), i),
                   Quote(name) + " is a support of the same class", "queries that are not supports");
      } else {
        both.push_back(name);
      }
    }
    // Collisions inside one of the two lists have been reported already.
    const auto [first, second] = FindNormalizationCollision(both);
    if (!first.empty() && support.contains(first) && !support.contains(second)) {
      AddProblem(ElementPointer(pointer + "/query", c),
                 Quote(second) + " differs from a support only in Unicode normalization", "distinct names");
    }
  }
}

Episode Reader::ReadEpisode(const Json& value, const std::string& pointer) {
  Episode episode;
  if (!value.is_object()) {
    AddProblem(pointer, Show(value), "an object with classes, support and query");
    return episode;
  }
  CheckKeys(value, pointer, kEpisodeKeys);
  const Json* classes = Member(value, pointer, "classes", Json::value_t::array, "a list of class names");
  if (classes != nullptr) episode.classes = ReadNames(*classes, pointer + "/classes");
  const Json* support = Member(value, pointer, "support", Json::value_t::array, "a list of file names per class");
  const Json* counted = classes != nullptr ? classes : support;
  const size_t ways = counted == nullptr ? 0 : counted->size();
  if (support != nullptr) episode.support = ReadLists(*support, pointer + "/support", ways);
  const auto query = value.find("query");
  if (query != value.end() && query->is_array() && counted != nullptr) {
    episode.query_rest = false;
    episode.query = ReadLists(*query, pointer + "/query", ways);
    CheckDisjoint(episode, pointer);
  } else if (query == value.end() || (*query != "rest" && !query->is_array())) {
    const std::string found = query == value.end() ? "is missing" : Show(*query);
    AddProblem(pointer + "/query", found, "\"rest\" or a list of file names per class");
  }
  return episode;
}

void Reader::ReadOrigin(const Json& root, EpisodeFile* file) {
  const Json* generator =
      Member(root, "", "generator", Json::value_t::string, "a text that names what drew the episodes");
  if (generator != nullptr) file->generator = *generator;
  if (file->generator.size() > kMaxGeneratorBytes) {
    AddProblem("/generator", "has " + std::to_string(file->generator.size()) + " bytes",
               "at most " + std::to_string(kMaxGeneratorBytes));
  }
  const Json* hash = Member(root, "", "dataset_sha256", Json::value_t::string, "64 hexadecimal digits");
  if (hash == nullptr) return;
  file->dataset_sha256 = *hash;
  const bool digits = file->dataset_sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!digits || file->dataset_sha256.size() != 64) {
    AddProblem("/dataset_sha256", Show(*hash), "64 hexadecimal digits in lower case");
  }
}

void Reader::Read(EpisodeFile* file) {
  const Json& root = document_.root;
  if (!root.is_object()) return AddProblem("", Show(root), "an episode file {\"schema\": 1, ...}");
  CheckKeys(root, "", kFileKeys);
  const Json* schema = Member(root, "", "schema", Json::value_t::number_unsigned, "1");
  if (schema != nullptr && *schema != 1) {
    AddProblem("/schema", Show(*schema), "1", "A newer version of tint may have written the file");
  }
  file->dataset = ReadName(root, "dataset");
  file->split = ReadName(root, "split");
  file->seed = ReadSeed(root);
  ReadOrigin(root, file);
  const Json* episodes = Member(root, "", "episodes", Json::value_t::array, "a list of episodes");
  if (episodes == nullptr) return;
  if (episodes->empty() || episodes->size() > kMaxEpisodes) {
    AddProblem("/episodes", "has " + std::to_string(episodes->size()) + " episodes",
               "1 to " + std::to_string(kMaxEpisodes));
    return;
  }
  for (size_t i = 0; i < episodes->size(); ++i)
    file->episodes.push_back(ReadEpisode((*episodes)[i], ElementPointer("/episodes", i)));
}

void Reader::Finish() const {
  if (count_ == 0) return;
  std::string text = Join(problems_, "\n");
  if (count_ > problems_.size()) text += "\nand " + std::to_string(count_ - problems_.size()) + " more problems";
  Fail(ExitCode::kBadInput, text);
}

}  // namespace

EpisodeFile ReadEpisodeFile(const std::filesystem::path& path) {
  const JsonLimits limits;
  const std::string bytes = ReadFile(path, limits.max_bytes);
  EpisodeFile file;
  file.path = path;
  file.sha256 = Sha256Hex(bytes);
  const JsonDocument document = ParseJson(bytes, path, ExitCode::kBadInput, limits);
  Reader reader(document);
  reader.Read(&file);
  reader.Finish();
  return file;
}

}  // namespace tint
