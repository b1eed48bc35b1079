// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <sstream>

#include "tint/base/json.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"

namespace tint {
namespace {

constexpr char kSeal[] = "self_sha256";
constexpr size_t kShownParts = 3;  // of a pointer, in the name of a field

std::string Unescape(std::string part) {
  for (size_t at = 0; (at = part.find('~', at)) != std::string::npos; ++at) {
    part.replace(at, 2, part.compare(at, 2, "~1") == 0 ? "/" : "~");
  }
  return part;
}

// "/generate/alpha" -> "generate.alpha"; "/classes/3" -> "classes[3]".
std::string FieldName(const std::string& pointer) {
  if (pointer.empty()) return "";
  std::vector<std::string> parts = Split(std::string_view(pointer).substr(1), '/');
  if (parts.size() > kShownParts) parts.erase(parts.begin(), parts.end() - kShownParts);
  std::string field;
  for (const std::string& part : parts) {
    const bool index = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
    if (index && !field.empty()) {
      field += "[" + part + "]";
    } else {
      field += (field.empty() ? "" : ".") + Unescape(part);
    }
  }
  return field;
}

const Json* Find(const JsonDocument& document, const std::string& pointer) {
  const Json::json_pointer path(pointer);
  return document.root.contains(path) ? &document.root.at(path) : nullptr;
}

std::string Describe(const Json& value) {
  if (value.is_object()) return "an object with " + std::to_string(value.size()) + " members";
  if (value.is_array()) return "a list of " + std::to_string(value.size());
  if (value.is_string()) return "the string \"" + Quote(value.get_ref<const std::string&>(), 80) + "\"";
  return value.dump();
}

std::string Number(double value) { return Json(value).dump(); }

// The value if it is there and of the right kind.
const Json& Require(const JsonDocument& document, const std::string& pointer, bool (*is_kind)(const Json&),
                    const std::string& expected, ExitCode code) {
  const Json* value = Find(document, pointer);
  if (value == nullptr) document.Fail(code, pointer, "is missing", expected);
  if (!is_kind(*value)) document.Fail(code, pointer, "is " + Describe(*value), expected);
  return *value;
}

void CheckFiniteNumbers(const Json& value) {
  const bool finite = !value.is_number_float() || std::isfinite(value.get<double>());
  TINT_CHECK(finite) << "JSON has no NaN and no infinity";
  if (!value.is_structured()) return;
  for (const Json& member : value) CheckFiniteNumbers(member);
}

std::string HashWithoutSeal(Json object) {
  object.erase(kSeal);
  return Sha256Hex(CanonicalJson(object));
}

}  // namespace

TextPosition JsonDocument::Where(const std::string& pointer) const {
  for (std::string place = pointer;; place.resize(place.rfind('/'))) {
    const auto found = positions.find(place);
    if (found != positions.end()) return found->second;
    if (place.rfind('/') == std::string::npos) return {};
  }
}

void JsonDocument::Fail(ExitCode code, const std::string& pointer, const std::string& found,
                        const std::string& expected, const std::string& remedy) const {
  const TextPosition at = Where(pointer);
  tint::Fail(code, {.file = file,
                    .field = FieldName(pointer),
                    .found = found,
                    .expected = expected,
                    .remedy = remedy,
                    .line = at.line,
                    .column = at.column});
}

int64_t RequireInteger(const JsonDocument& document, const std::string& pointer, int64_t low, int64_t high,
                       ExitCode code) {
  const std::string expected = "an integer in [" + std::to_string(low) + ", " + std::to_string(high) + "]";
  const Json& value = Require(
      document, pointer, [](const Json& v) { return v.is_number_integer(); }, expected, code);
  const bool fits = !value.is_number_unsigned() || value.get<uint64_t>() <= static_cast<uint64_t>(INT64_MAX);
  if (!fits || value.get<int64_t>() < low || value.get<int64_t>() > high) {
    document.Fail(code, pointer, "is " + value.dump(), expected);
  }
  return value.get<int64_t>();
}

double RequireNumber(const JsonDocument& document, const std::string& pointer, double low, double high, ExitCode code) {
  const std::string expected = "a number in [" + Number(low) + ", " + Number(high) + "]";
  const Json& value = Require(
      document, pointer, [](const Json& v) { return v.is_number(); }, expected, code);
  const double number = value.get<double>();
  if (!(number >= low && number <= high)) document.Fail(code, pointer, "is " + value.dump(), expected);
  return number;
}

std::string RequireString(const JsonDocument& document, const std::string& pointer, ExitCode code) {
  return Require(
      document, pointer, [](const Json& v) { return v.is_string(); }, "a string in quotes", code);
}

bool RequireBool(const JsonDocument& document, const std::string& pointer, ExitCode code) {
  return Require(
      document, pointer, [](const Json& v) { return v.is_boolean(); }, "true or false", code);
}

const Json& RequireArray(const JsonDocument& document, const std::string& pointer, ExitCode code) {
  return Require(
      document, pointer, [](const Json& v) { return v.is_array(); }, "a list [...]", code);
}

const Json& RequireObject(const JsonDocument& document, const std::string& pointer, ExitCode code) {
  return Require(
      document, pointer, [](const Json& v) { return v.is_object(); }, "an object {...}", code);
}

void RejectUnknownKeys(const JsonDocument& document, const std::string& pointer, const std::vector<std::string>& known,
                       ExitCode code) {
  for (const auto& member : RequireObject(document, pointer, code).items()) {
    if (std::find(known.begin(), known.end(), member.key()) != known.end()) continue;
    const std::string inner = (Json::json_pointer(pointer) / member.key()).to_string();
    document.Fail(code, inner, "is an unknown key", "one of " + Join(known, ", "), DidYouMean(member.key(), known));
  }
}

std::string CanonicalJson(const Json& value) {
  CheckFiniteNumbers(value);
  const nlohmann::json sorted = value;  // its objects are std::maps
  try {
    return sorted.dump();
  } catch (const nlohmann::json::exception& error) {
    Fail(ExitCode::kInternal, std::string("a string is not UTF-8: ") + error.what());
  }
}

std::string SealJson(Json object) {
  TINT_CHECK(object.is_object());
  const std::string hash = HashWithoutSeal(object);
  object.erase(kSeal);
  object[kSeal] = hash;
  return object.dump(2) + "\n";
}

void CheckSeal(const JsonDocument& document) {
  const std::string pointer = std::string("/") + kSeal;
  RequireObject(document, "", ExitCode::kCorrupt);
  const std::string found = RequireString(document, pointer, ExitCode::kCorrupt);
  const std::string expected = HashWithoutSeal(document.root);
  if (found == expected) return;
  document.Fail(ExitCode::kCorrupt, pointer, "is " + Quote(found, 80), expected + ", the hash of the file's content",
                "The file was changed after it was written.");
}

}  // namespace tint
