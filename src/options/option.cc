// SPDX-License-Identifier: Apache-2.0
#include "tint/options/option.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <regex>

#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/base/unicode.h"

namespace tint {
namespace {

constexpr size_t kShownBytes = 80;  // of a value in a message

// A bound in decimal. 2^63 - 1, which is not a double, arrives as 2^63.
std::string Number(double value) {
  if (value == 0x1p63) return std::to_string(INT64_MAX);
  if (value == std::floor(value) && std::abs(value) < 1e18) return std::to_string(static_cast<int64_t>(value));
  return Json(value).dump();
}

std::string Found(const std::string& text) { return text.empty() ? "is empty" : "is " + Quote(text, kShownBytes); }

std::string Found(const Json& value) {
  if (value.is_object()) return "is an object with " + std::to_string(value.size()) + " members";
  if (value.is_array()) return "is a list of " + std::to_string(value.size());
  if (value.is_string()) return "is the string \"" + Quote(value.get_ref<const std::string&>(), kShownBytes) + "\"";
  return "is " + value.dump();
}

// The whole of `text`, or false. from_chars knows no locale, no blanks and no plus sign.
template <class T>
bool ReadWhole(const std::string& text, T* value) {
  const char* end = text.data() + text.size();
  const auto [stopped, fault] = std::from_chars(text.data(), end, *value);
  return fault == std::errc() && stopped == end;
}

bool IsOneOf(const std::string& text, std::initializer_list<const char*> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

}  // namespace

Option::Option(std::string name, Value value, std::string help)
    : name_(std::move(name)), value_(value), help_(std::move(help)), default_(Get()) {}

Option& Option::Range(double low, double high) {
  const bool number = std::holds_alternative<int64_t*>(value_) || std::holds_alternative<double*>(value_);
  TINT_CHECK(number && low <= high) << "a range for " << name_;
  has_range_ = true;
  low_ = low;
  high_ = high;
  return *this;
}

Option& Option::Choices(std::vector<std::string> choices) {
  TINT_CHECK(std::holds_alternative<std::string*>(value_) || std::holds_alternative<EnumPlace>(value_))
      << "choices for " << name_;
  choices_ = std::move(choices);
  return *this;
}

Option& Option::Matching(const std::string& pattern, std::string expected) {
  TINT_CHECK(std::holds_alternative<std::string*>(value_)) << "a pattern for " << name_;
  pattern_ = pattern;
  pattern_expected_ = std::move(expected);
  return *this;
}

Option& Option::Is(TextKind kind) {
  TINT_CHECK(std::holds_alternative<std::string*>(value_)) << "a text's kind for " << name_;
  text_kind_ = kind;
  return *this;
}

Option& Option::Offers(std::vector<std::string> values) {
  TINT_CHECK(std::holds_alternative<std::string*>(value_)) << "values to offer for " << name_;
  offers_ = std::move(values);
  return *this;
}

Option& Option::Unit(std::string unit) {
  unit_ = std::move(unit);
  return *this;
}

Option& Option::Preset(const std::string& preset, Json value) {
  presets_[preset] = std::move(value);
  return *this;
}

Option& Option::Source(std::string source) {
  source_ = std::move(source);
  return *this;
}

Option& Option::NotInKey() {
  in_key_ = false;
  return *this;
}

Option& Option::Repeatable() {
  TINT_CHECK(std::holds_alternative<std::string*>(value_)) << name_;
  repeatable_ = true;
  return *this;
}

Json Option::Get() const {
  if (const auto* place = std::get_if<EnumPlace>(&value_)) return place->get(place->place);
  return std::visit(
      [](const auto& place) {
        if constexpr (std::is_pointer_v<std::decay_t<decltype(place)>>) return Json(*place);
        return Json();  // an EnumPlace, answered above
      },
      value_);
}

std::string Option::TypeName() const {
  if (std::holds_alternative<int64_t*>(value_)) return "integer";
  if (std::holds_alternative<double*>(value_)) return "number";
  return is_flag() ? "true or false" : "text";
}

std::string Option::Expected() const {
  if (!pattern_.empty()) return pattern_expected_;
  if (is_flag()) return "true or false";
  if (TypeName() == "text") return choices_.empty() ? "a string" : "one of " + Join(choices_, ", ");
  const std::string kind = std::holds_alternative<int64_t*>(value_) ? "an integer" : "a number";
  if (std::isfinite(low_) && std::isfinite(high_)) return kind + " in [" + Number(low_) + ", " + Number(high_) + "]";
  if (std::isfinite(low_)) return kind + " of at least " + Number(low_);
  if (std::isfinite(high_)) return kind + " of at most " + Number(high_);
  return kind;
}

std::string Option::SetFromText(const std::string& text) {
  const std::string found = Found(text);
  if (std::holds_alternative<int64_t*>(value_)) {
    int64_t value = 0;
    return ReadWhole(text, &value) ? SetInteger(value, found) : found;
  }
  if (std::holds_alternative<double*>(value_)) {
    double value = 0;
    return ReadWhole(text, &value) ? SetNumber(value, found) : found;
  }
  if (!is_flag()) return SetText(text, found);
  const bool yes = IsOneOf(text, {"true", "1", "yes"});
  if (!yes && !IsOneOf(text, {"false", "0", "no"})) return found;
  *std::get<bool*>(value_) = yes;
  return "";
}

std::string Option::SetFromJson(const Json& value) {
  const std::string found = Found(value);
  if (std::holds_alternative<int64_t*>(value_)) {
    const bool fits = value.is_number_integer() &&
                      (!value.is_number_unsigned() || value.get<uint64_t>() <= static_cast<uint64_t>(INT64_MAX));
    return fits ? SetInteger(value.get<int64_t>(), found) : found;
  }
  if (std::holds_alternative<double*>(value_)) return value.is_number() ? SetNumber(value.get<double>(), found) : found;
  if (!is_flag()) return value.is_string() ? SetText(value.get<std::string>(), found) : found;
  if (!value.is_boolean()) return found;
  *std::get<bool*>(value_) = value.get<bool>();
  return "";
}

std::string Option::SetInteger(int64_t value, const std::string& found) {
  // long double holds every int64 exactly, so that no bound is rounded.
  const auto exact = static_cast<long double>(value);
  if (exact < static_cast<long double>(low_) || exact > static_cast<long double>(high_)) return found;
  *std::get<int64_t*>(value_) = value;
  return "";
}

std::string Option::SetNumber(double value, const std::string& found) {
  if (!std::isfinite(value) || value < low_ || value > high_) return found;
  *std::get<double*>(value_) = value == 0 ? 0.0 : value;
  return "";
}

std::string Option::SetText(const std::string& text, const std::string& found) {
  if (!choices_.empty() && std::find(choices_.begin(), choices_.end(), text) == choices_.end()) return found;
  if (!pattern_.empty() && !std::regex_match(text, std::regex(pattern_))) return found;
  if (text.find('\0') != std::string::npos) return found + ", which contains a zero byte";
  if (in_key_ && !IsValidUtf8(text)) return found + ", which is not UTF-8";
  if (const auto* place = std::get_if<EnumPlace>(&value_)) return place->set(place->place, text) ? "" : found;
  *std::get<std::string*>(value_) = text;
  return "";
}

std::string Option::NearestChoice(const std::string& text) const { return DidYouMean(text, choices_); }

Option& OptionList::Add(std::string name, Option::Value value, std::string help) {
  TINT_CHECK(Find(name) == nullptr) << "option " << name << " is declared twice";
  return options_.emplace_back(std::move(name), value, std::move(help));
}

Option* OptionList::Find(const std::string& name) {
  const auto at = std::find_if(options_.begin(), options_.end(), [&](const Option& o) { return o.name() == name; });
  return at == options_.end() ? nullptr : &*at;
}

const Option* OptionList::Find(const std::string& name) const { return const_cast<OptionList*>(this)->Find(name); }

Json OptionList::KeyValues() const {
  Json values = Json::object();
  for (const Option& option : options_) {
    if (option.in_key()) values[option.name()] = option.Get();
  }
  return values;
}

}  // namespace tint
