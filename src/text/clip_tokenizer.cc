// SPDX-License-Identifier: Apache-2.0
#include "tint/text/clip_tokenizer.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <utility>

#include "pre_tokens.h"
#include "tint/base/error.h"
#include "tint/base/text.h"
#include "tint/base/unicode.h"

namespace tint {

namespace {

constexpr std::string_view kSuffix = "</w>";   // ends a word's last token in CLIP's vocabulary ...
constexpr std::string_view kBlank = "\u2581";  // ... and in SentencePiece's

// Text that is mapped to ids as a whole, before the text around it is processed.
struct AddedToken {
  std::string name;
  int64_t first_id;
  int64_t vectors;
};

std::string ShowIds(const ClipTokenizer& tokenizer, const std::vector<int64_t>& ids) {
  std::vector<std::string> shown;
  for (const int64_t id : ids) shown.push_back(std::to_string(id) + " " + tokenizer.Piece(id));
  return Join(shown, ", ");
}

}  // namespace

struct ClipTokenizer::State {
  sentencepiece::SentencePieceProcessor merges;
  PreTokenizer pre_tokenizer;
  std::vector<AddedToken> added = {{"<|startoftext|>", kStart, 1}, {"<|endoftext|>", kEnd, 1}};
  int64_t next_id = kVocabularySize;

  void Load(const std::string& model_bytes, const std::string& file);
  // The first of added tokens in `text` (the longest of those that begin there) and its position; null if there is
  // none.
  std::pair<const AddedToken*, size_t> FindAdded(std::string_view text) const;
  // Text without added tokens -> ids, appended.
  void AppendPlain(std::string_view text, std::vector<int64_t>& ids) const;
};

void ClipTokenizer::State::Load(const std::string& model_bytes, const std::string& file) {
  const auto refuse = [&](const std::string& found) {
    Fail(ExitCode::kBadInput, {.file = file,
                               .field = {},
                               .found = found,
                               .expected = "a SentencePiece model of CLIP's 49408 tokens",
                               .remedy = "scripts/export_models.py writes one as tokenizer.model."});
  };
  const auto status = merges.LoadFromSerializedProto(model_bytes);
  if (!status.ok()) refuse("not a SentencePiece model");
  if (merges.GetPieceSize() != kVocabularySize) refuse(std::to_string(merges.GetPieceSize()) + " tokens");
  std::vector<int64_t> ids;
  AppendPlain("a photo of an object", ids);
  if (ids != std::vector<int64_t>{320, 1125, 539, 550, 14115}) refuse("maps a known prompt to other ids than CLIP");
}

std::pair<const AddedToken*, size_t> ClipTokenizer::State::FindAdded(std::string_view text) const {
  std::pair<const AddedToken*, size_t> best = {nullptr, std::string_view::npos};
  for (const AddedToken& token : added) {
    const size_t position = text.find(token.name);
    if (position == std::string_view::npos) continue;
    const bool longer = position == best.second && token.name.size() > best.first->name.size();
    if (position < best.second || longer) best = {&token, position};
  }
  return best;
}

void ClipTokenizer::State::AppendPlain(std::string_view text, std::vector<int64_t>& ids) const {
  const std::string normal = NormalizeForClip(text);
  for (const std::string_view piece : pre_tokenizer.Split(normal)) {
    std::vector<int> found;
    const auto status = merges.Encode(BytesAsCharacters(piece), &found);
    if (!status.ok()) Fail(ExitCode::kInternal, "SentencePiece: " + status.ToString());
    ids.insert(ids.end(), found.begin(), found.end());
  }
}

ClipTokenizer::ClipTokenizer(const std::string& model_bytes, const std::string& file)
    : state_(std::make_unique<State>()) {
  state_->Load(model_bytes, file);
}

ClipTokenizer::~ClipTokenizer() = default;
ClipTokenizer::ClipTokenizer(ClipTokenizer&&) noexcept = default;
ClipTokenizer& ClipTokenizer::operator=(ClipTokenizer&&) noexcept = default;

int64_t ClipTokenizer::AddPlaceholder(const std::string& name, int64_t vectors) {
  const auto refuse = [&](const std::string& found, const std::string& expected) {
    Fail(ExitCode::kBadConfiguration,
         {.file = {}, .field = "placeholder " + Quote(name), .found = found, .expected = expected, .remedy = {}});
  };
  TINT_CHECK_GE(vectors, 1);
  if (!IsValidUtf8(name)) refuse("not valid UTF-8", "text");
  if (name.size() < 2 || name[0] != '#') refuse("is not '#' followed by a word", "a name such as '#object'");
  // A blank is what separates pre-tokens: then "#x" plus the name is not one piece.
  const auto pieces = state_->pre_tokenizer.Split(NormalizeForClip(name));
  size_t covered = 0;
  for (const std::string_view piece : pieces) covered += piece.size();
  if (covered != NormalizeForClip(name).size()) refuse("contains a blank", "one word");
  for (const AddedToken& token : state_->added) {
    if (token.name == name) refuse("already exists", "a new name");
  }
  const int64_t first = state_->next_id;
  state_->added.push_back({name, first, vectors});
  state_->next_id += vectors;
  return first;
}

std::vector<int64_t> ClipTokenizer::Pieces(std::string_view text) const {
  if (!IsValidUtf8(text)) {
    Fail(ExitCode::kBadConfiguration, {.file = {},
                                       .field = "prompt " + Quote(text),
                                       .found = "not valid UTF-8",
                                       .expected = "text in UTF-8",
                                       .remedy = {}});
  }
  std::vector<int64_t> ids;
  while (!text.empty()) {
    const auto [token, position] = state_->FindAdded(text);
    state_->AppendPlain(text.substr(0, position), ids);
    if (token == nullptr) break;
    for (int64_t k = 0; k < token->vectors; ++k) ids.push_back(token->first_id + k);
    text.remove_prefix(position + token->name.size());
  }
  return ids;
}

std::vector<int64_t> ClipTokenizer::Encode(std::string_view text, int64_t context_length) const {
  TINT_CHECK_GE(context_length, 2);
  std::vector<int64_t> ids = Pieces(text);
  ids.resize(std::min(ids.size(), static_cast<size_t>(context_length - 2)));
  ids.insert(ids.begin(), kStart);
  ids.resize(static_cast<size_t>(context_length), kEnd);
  return ids;
}

int64_t ClipTokenizer::SingleToken(std::string_view word) const {
  const std::vector<int64_t> ids = Pieces(word);
  if (ids.size() == 1 && ids[0] < kStart) return ids[0];
  Fail(ExitCode::kBadConfiguration, {.file = {},
                                     .field = "word " + Quote(word),
                                     .found = ids.empty() ? "no token" : "tokens " + ShowIds(*this, ids),
                                     .expected = "a word that is one token of CLIP's vocabulary",
                                     .remedy = "Use a shorter or more common word."});
}

std::string ClipTokenizer::Piece(int64_t id) const {
  TINT_CHECK(id >= 0 && id < state_->next_id) << "token id " << id;
  for (const AddedToken& token : state_->added) {
    const int64_t offset = id - token.first_id;
    if (offset == 0) return token.name;
    // The names of the further vectors of a placeholder in diffusers.
    if (offset > 0 && offset < token.vectors) return token.name + "_" + std::to_string(offset);
  }
  std::string piece = state_->merges.IdToPiece(static_cast<int>(id));
  if (piece.ends_with(kBlank)) piece.replace(piece.size() - kBlank.size(), kBlank.size(), kSuffix);
  return piece;
}

}  // namespace tint
