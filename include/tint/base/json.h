// SPDX-License-Identifier: Apache-2.0
// JSON read strictly: what nlohmann's parser accepts silently (duplicate keys, numbers that do not fit, deep nesting)
// is an error here, with file, line and column.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tint/base/error.h"
#include "tint/base/json_fwd.h"

namespace tint {

struct TextPosition {
  int line = 0;    // from 1; 0 = unknown
  int column = 0;  // from 1, in bytes
};

// A parsed document with the position of each value in the file. Paths are JSON pointers ("/generate/alpha", "" the
// root).
struct JsonDocument {
  std::string file;
  Json root;
  std::map<std::string, TextPosition> positions;

  // The position of the value, or of the nearest value around it.
  TextPosition Where(const std::string& pointer) const;
  // Error(code) with file, position and the pointer's last parts as the field.
  [[noreturn]] void Fail(ExitCode code, const std::string& pointer, const std::string& found,
                         const std::string& expected, const std::string& remedy = "") const;
};

struct JsonLimits {
  size_t max_bytes = 10 << 20;
  int max_depth = 32;
  size_t max_values = ~size_t{0};  // numbers, strings, containers...: what a document costs in memory
};

// Throws Error(code) at the first syntax error: not UTF-8, duplicate key, trailing text, too deep, too long, NaN, a
// number out of double's or int64/uint64's range.
JsonDocument ParseJson(std::string_view text, const std::string& file, ExitCode code, JsonLimits limits = {});

// Typed member access with errors that name what was found. An integer must be written as one (3.0 and 3.7 are
// rejected). Each throws Error(code) if absent, of another type or out of bounds.
int64_t RequireInteger(const JsonDocument& document, const std::string& pointer, int64_t low, int64_t high,
                       ExitCode code);
double RequireNumber(const JsonDocument& document, const std::string& pointer, double low, double high, ExitCode code);
std::string RequireString(const JsonDocument& document, const std::string& pointer, ExitCode code);
bool RequireBool(const JsonDocument& document, const std::string& pointer, ExitCode code);
const Json& RequireArray(const JsonDocument& document, const std::string& pointer, ExitCode code);
const Json& RequireObject(const JsonDocument& document, const std::string& pointer, ExitCode code);
// Rejects members of the object at `pointer` that are not in `known`, naming the nearest.
void RejectUnknownKeys(const JsonDocument& document, const std::string& pointer, const std::vector<std::string>& known,
                       ExitCode code);

// The bytes that are hashed: keys sorted, no blanks, shortest round-trip numbers, UTF-8 unescaped.
std::string CanonicalJson(const Json& value);

// "self_sha256": SHA-256 of the canonical JSON of the object without that member. SealJson adds it (last) and returns
// the pretty-printed text with a final newline; CheckSeal throws Error(kCorrupt) when it is absent or wrong.
std::string SealJson(Json object);
void CheckSeal(const JsonDocument& document);

// "/episodes" and 3: "/episodes/3", the JSON pointer of an element of a list.
inline std::string ElementPointer(const std::string& pointer, size_t i) { return pointer + "/" + std::to_string(i); }

}  // namespace tint
