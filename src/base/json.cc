// SPDX-License-Identifier: Apache-2.0
#include "tint/base/json.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "tint/base/text.h"

namespace tint {
namespace {

// Bounds on what positions may cost in a hostile document; values beyond them are found through their parents.
constexpr size_t kMaxPositions = 200'000;
constexpr size_t kMaxPointerBytes = 1024;  // bytes

// Lines and columns of offsets that mostly grow: each byte is looked at once.
class LineCounter {
 public:
  explicit LineCounter(std::string_view text) : text_(text) {}
  TextPosition At(size_t offset) {
    offset = std::min(offset, text_.size());
    if (offset < seen_) *this = LineCounter(text_);
    for (; seen_ < offset; ++seen_) {
      if (text_[seen_] != '\n') continue;
      ++line_;
      line_start_ = seen_ + 1;
    }
    return {.line = line_, .column = static_cast<int>(offset - line_start_) + 1};
  }

 private:
  std::string_view text_;
  size_t seen_ = 0;
  size_t line_start_ = 0;
  int line_ = 1;
};

// Walks over the text and records in `furthest` how far the parser has read.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator old = *this;
    ++*this;
    return old;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

std::string EscapePointerPart(std::string_view key) {
  std::string out;
  for (char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

struct SyntaxError {
  std::string found;
  std::string expected;
};

// Splits the library's sentence:
// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing CONTEXT - WHAT;
// last read: 'TOKEN'; expected TOKEN", where the last two parts may be absent.
SyntaxError Describe(std::string_view sentence) {
  const size_t begin = sentence.find(": ");
  if (begin != std::string_view::npos) sentence.remove_prefix(begin + 2);
  SyntaxError fault;
  constexpr std::string_view kExpected = "; expected ", kLastRead = "; last read: ";
  if (const size_t at = sentence.rfind(kExpected); at != std::string_view::npos) {
    fault.expected = sentence.substr(at + kExpected.size());
    sentence = sentence.substr(0, at);
  }
  sentence = sentence.substr(0, sentence.find(kLastRead));
  constexpr std::string_view kContext = "syntax error while parsing ";
  const size_t dash = sentence.find(" - ");
  if (!sentence.starts_with(kContext) || dash == std::string_view::npos) return {Quote(sentence), fault.expected};
  fault.found = std::string(sentence.substr(dash + 3)) + " (reading a JSON " +
                std::string(sentence.substr(kContext.size(), dash - kContext.size())) + ")";
  if (fault.expected.empty())  // no token at all: NaN, a word without quotes
    fault.expected = "a number, a string in \"quotes\", true, false, null, an object or an array";
  return fault;
}

// Builds the document from the parser's events, and rejects what the parser accepts.
class Builder {
 public:
  Builder(std::string_view text, JsonDocument* document, ExitCode code, const JsonLimits& limits)
      : furthest(text.data()), text_(text), lines_(text), document_(*document), code_(code), limits_(limits) {}

  bool null() { return Add(nullptr); }
  bool boolean(bool value) { return Add(value); }
  bool number_integer(Json::number_integer_t value) { return AddNumber(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return AddNumber(value); }
  bool number_float(Json::number_float_t value, const std::string& digits);
  bool string(std::string& value) { return Add(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(std::size_t) { return Open(Json::object()); }
  bool end_object() { return Close(); }
  bool start_array(std::size_t) { return Open(Json::array()); }
  bool end_array() { return Close(); }
  bool key(std::string& name);
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception& error);

  const char* furthest;  // how far the parser has read

 private:
  struct Level {
    Json* container;
    size_t pointer_size;  // of pointer_ without the part that names the member
    std::set<std::string> keys;
  };

  [[noreturn]] void FailAt(size_t offset, const std::string& found, const std::string& expected = "");
  // Where the token that was just read begins: only whitespace, commas and colons are between two tokens.
  size_t TokenStart() const {
    const size_t start = text_.find_first_not_of(" \t\r\n,:", token_end_);
    return start == std::string_view::npos ? text_.size() : start;
  }
  void EndToken() { token_end_ = static_cast<size_t>(furthest - text_.data()); }
  // The parser knows that a number has ended when it has read the character behind it.
  bool AddNumber(Json value) {
    Add(std::move(value));
    const bool at_end = token_end_ == text_.size() && text_.back() >= '0' && text_.back() <= '9';
    if (!at_end) --token_end_;
    return true;
  }
  Json* Place(Json value);
  bool Add(Json value) {
    Place(std::move(value));
    EndToken();
    return true;
  }
  bool Open(Json container);
  bool Close();

  std::string_view text_;
  LineCounter lines_;
  JsonDocument& document_;
  ExitCode code_;
  JsonLimits limits_;
  std::vector<Level> levels_;
  std::string pointer_;
  std::string key_;
  size_t token_end_ = 0;
  size_t values_ = 0;
};

void Builder::FailAt(size_t offset, const std::string& found, const std::string& expected) {
  const TextPosition position = lines_.At(offset);
  Fail(
      code_,
      {.file = document_.file, .found = found, .expected = expected, .line = position.line, .column = position.column});
}

bool Builder::number_float(Json::number_float_t value, const std::string& digits) {
  const std::string shown = digits.size() > 40 ? digits.substr(0, 40) + "..." : digits;
  // The parser turns integers that fit nowhere into doubles, and tiny numbers into 0.
  if (digits.find_first_of(".eE") == std::string::npos) {
    FailAt(TokenStart(), "the integer " + shown + " is out of range", "an integer of 64 bits");
  }
  const bool written_zero =
      digits.substr(0, digits.find_first_of("eE")).find_first_of("123456789") == std::string::npos;
  if (value == 0 && !written_zero) {
    FailAt(TokenStart(), "the number " + shown + " is too small", "a number within double precision's range");
  }
  return AddNumber(value);
}

bool Builder::key(std::string& name) {
  Level& level = levels_.back();
  if (!level.keys.insert(name).second) {
    FailAt(TokenStart(), "duplicate key " + Quote(name), "each key once per object");
  }
  pointer_.resize(level.pointer_size);
  pointer_ += "/" + EscapePointerPart(name);
  key_ = std::move(name);
  EndToken();
  return true;
}

Json* Builder::Place(Json value) {
  if (++values_ > limits_.max_values) {
    FailAt(TokenStart(), "more than " + std::to_string(limits_.max_values) + " values", "fewer");
  }
  Json* placed = &document_.root;
  if (!levels_.empty()) {
    Level& level = levels_.back();
    if (level.container->is_array()) {
      pointer_.resize(level.pointer_size);
      pointer_ += "/" + std::to_string(level.container->size());
      level.container->push_back(std::move(value));
      placed = &level.container->back();
    } else {
      // Straight to the vector below: the ordered map would search all members for a key known to be new.
      auto& members = level.container->get_ref<Json::object_t&>();
      members.Json::object_t::Container::emplace_back(std::move(key_), std::move(value));
      placed = &members.back().second;
    }
  } else {
    document_.root = std::move(value);
  }
  if (pointer_.size() <= kMaxPointerBytes && document_.positions.size() < kMaxPositions) {
    document_.positions.emplace(pointer_, lines_.At(TokenStart()));
  }
  return placed;
}

bool Builder::Open(Json container) {
  if (levels_.size() >= static_cast<size_t>(limits_.max_depth)) {
    FailAt(TokenStart(), "nested more than " + std::to_string(limits_.max_depth) + " deep",
           "at most " + std::to_string(limits_.max_depth) + " levels");
  }
  Json* placed = Place(std::move(container));
  levels_.push_back({.container = placed, .pointer_size = pointer_.size(), .keys = {}});
  EndToken();
  return true;
}

bool Builder::Close() {
  pointer_.resize(levels_.back().pointer_size);
  levels_.pop_back();
  EndToken();
  return true;
}

bool Builder::parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception& error) {
  constexpr int kNumberOverflow = 406;
  if (error.id == kNumberOverflow) {
    FailAt(TokenStart(), "the number " + Quote(token, 60) + " is too large",
           "a number within double precision's range");
  }
  const SyntaxError fault = Describe(error.what());
  const size_t last = position > 0 ? position - 1 : 0;
  // A well-formed token in the wrong place is reported at its start, other errors where reading stopped.
  const bool whole_token = fault.found.starts_with("unexpected") && last < text_.size() &&
                           std::string_view(",:[]{}").find(text_[last]) == std::string_view::npos;
  FailAt(whole_token ? TokenStart() : last, fault.found, fault.expected);
}

}  // namespace

JsonDocument ParseJson(std::string_view text, const std::string& file, ExitCode code, JsonLimits limits) {
  JsonDocument document{.file = file, .root = nullptr, .positions = {}};
  auto fail = [&](size_t offset, const std::string& found, const std::string& expected) {
    const TextPosition at = LineCounter(text).At(offset);
    Fail(code, {.file = file, .found = found, .expected = expected, .line = at.line, .column = at.column});
  };
  if (text.size() > limits.max_bytes) {
    Fail(code, {.file = file,
                .found = "has " + FormatBytes(text.size()),
                .expected = "at most " + FormatBytes(limits.max_bytes)});
  }
  if (text.empty()) Fail(code, {.file = file, .found = "is empty", .expected = "a JSON document"});
  if (text.starts_with("\xEF\xBB\xBF")) fail(0, "starts with a byte order mark", "UTF-8 without it");
  // The parser takes a NUL for the end of its input.
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) fail(nul, "contains a NUL byte", "JSON text");
  Builder builder(text, &document, code, limits);
  const CountingIterator first(text.data(), &builder.furthest);
  const CountingIterator last(text.data() + text.size(), &builder.furthest);
  TINT_CHECK(Json::sax_parse(first, last, &builder)) << "the reader of JSON stopped without a detail";
  return document;
}

}  // namespace tint
