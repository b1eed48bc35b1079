// SPDX-License-Identifier: Apache-2.0
// An option is declared once: name, place of the value, bounds, unit, meaning, presets. Flags, JSON, environment, help,
// --print-config, stored configurations and keys all derive from the declaration.
//
//   struct BlendOptions {
//     double alpha = 1.0;
//     void Declare(OptionList& list) {
//       list.Add("alpha", &alpha, "Share of fresh noise in the starting latent.").Range(0, 1).Source("paper eq. 3");
//     }
//   };
//
// The member's initial value is the default, which is the preset `paper`; other presets are given where they differ.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "tint/base/json.h"
#include "tint/options/enum_names.h"

namespace tint {

// What a text names, where that is something on disk: completion offers it, help and manual show it.
enum class TextKind { kPlain, kFile, kFolder, kFileOrFolder, kDataset };  // kDataset: a folder below $TINT_DATA

// A member of an enum type with names, without that type.
struct EnumPlace {
  void* place;
  std::string (*get)(const void* place);
  bool (*set)(void* place, std::string_view name);  // false: no such name
};

class Option {
 public:
  using Value = std::variant<int64_t*, double*, bool*, std::string*, EnumPlace>;

  Option(std::string name, Value value, std::string help);

  // Both ends included. Numbers only.
  Option& Range(double low, double high);
  // Strings: the values it may take. Enums: the names that this option allows; without it, all of them.
  Option& Choices(std::vector<std::string> choices);
  // Strings only: what the whole of it must match (ECMAScript), in words: "auto, cpu, cuda or cuda:N".
  Option& Matching(const std::string& pattern, std::string expected);
  Option& Unit(std::string unit);
  // What a preset ("upstream", "smoke") sets it to.
  Option& Preset(const std::string& preset, Json value);
  // Where the default comes from: a section of the paper, another paper, released code.
  Option& Source(std::string source);
  // An option that cannot change a byte of any result (progress, paths, number of workers): not part of keys, and not
  // stored.
  Option& NotInKey();
  // Strings only.
  Option& Is(TextKind kind);
  // Strings only: values worth offering where others are accepted too, or are refused later.
  Option& Offers(std::vector<std::string> values);
  // Strings only: may be given several times on the command line; the values are joined by commas.
  Option& Repeatable();

  const std::string& name() const { return name_; }  // kebab-case
  const std::string& help() const { return help_; }
  const std::string& unit() const { return unit_; }
  const std::string& source() const { return source_; }
  const std::vector<std::string>& choices() const { return choices_; }
  // What completion offers: the choices, or what was declared by Offers.
  const std::vector<std::string>& offers() const { return choices_.empty() ? offers_ : choices_; }
  TextKind text_kind() const { return text_kind_; }
  bool in_key() const { return in_key_; }
  bool repeatable() const { return repeatable_; }
  bool has_range() const { return has_range_; }
  double low() const { return low_; }
  double high() const { return high_; }
  const std::map<std::string, Json>& presets() const { return presets_; }
  const Json& default_value() const { return default_; }

  Json Get() const;
  // "integer", "number", "true or false", "text"
  std::string TypeName() const;
  bool is_flag() const {
    return std::holds_alternative<bool*>(value_);
  }  // on the command line the name alone means true
  // "an integer in [1, 1000000]", "one of adam, adamw"
  std::string Expected() const;
  // Both set the value, or leave it and return what was found instead (ErrorDetail::found). Text is read strictly: the
  // whole of it must be a number; true/false/1/0/yes/no for booleans. JSON integers must be integers (3.0 is refused).
  // Texts that enter keys must be UTF-8. -0.0 becomes 0.0, so that both have one key.
  std::string SetFromText(const std::string& text);
  std::string SetFromJson(const Json& value);
  // The choice most similar to `text`: "Did you mean 'adam'?", or "".
  std::string NearestChoice(const std::string& text) const;

 private:
  std::string SetInteger(int64_t value, const std::string& found);
  std::string SetNumber(double value, const std::string& found);
  std::string SetText(const std::string& text, const std::string& found);

  std::string name_;
  Value value_;
  std::string help_, unit_, source_;
  std::vector<std::string> choices_, offers_;
  std::string pattern_, pattern_expected_;
  std::map<std::string, Json> presets_;
  Json default_;
  TextKind text_kind_ = TextKind::kPlain;
  bool in_key_ = true;
  bool repeatable_ = false;
  bool has_range_ = false;
  double low_ = -std::numeric_limits<double>::infinity();
  double high_ = std::numeric_limits<double>::infinity();
};

// The options of one group: a stage, or the global ones. Pointers stay valid while the declaring struct lives.
class OptionList {
 public:
  Option& Add(std::string name, Option::Value value, std::string help);
  template <NamedEnum Enum>
  Option& Add(std::string name, Enum* value, std::string help) {
    const EnumPlace place{.place = value,
                          .get = [](const void* at) { return ToString(*static_cast<const Enum*>(at)); },
                          .set =
                              [](void* at, std::string_view text) {
                                const std::optional<Enum> read = FromString<Enum>(text);
                                if (read) *static_cast<Enum*>(at) = *read;
                                return read.has_value();
                              }};
    return Add(std::move(name), Option::Value(place), std::move(help)).Choices(AllNames<Enum>());
  }
  std::deque<Option>& options() { return options_; }
  const std::deque<Option>& options() const { return options_; }
  // nullptr if no option has that name.
  Option* Find(const std::string& name);
  const Option* Find(const std::string& name) const;
  // {"alpha": 1.0, ...} of the options that are in the key, in order of declaration.
  Json KeyValues() const;

 private:
  std::deque<Option> options_;
};

}  // namespace tint
