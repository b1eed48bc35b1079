// SPDX-License-Identifier: Apache-2.0
// The names of an enum's values as users write them, declared once beside the enum:
//
//   enum class Sampler { kDdim, kDpmSolver };
//   template <>
//   struct EnumNames<Sampler> {
//     static constexpr EnumName<Sampler> kNames[] = {{Sampler::kDdim, "ddim"}, {Sampler::kDpmSolver, "dpm-solver++"}};
//   };
//
// OptionList::Add then takes a Sampler*, whose choices are these names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tint {

template <class Enum>
struct EnumName {
  Enum value;
  std::string_view name;
};

template <class Enum>
struct EnumNames;

template <class Enum>
concept NamedEnum = std::is_enum_v<Enum> && requires {
  EnumNames<Enum>::kNames;
};

// "" for a value without a name.
template <NamedEnum Enum>
std::string ToString(Enum value) {
  for (const EnumName<Enum>& one : EnumNames<Enum>::kNames) {
    if (one.value == value) return std::string(one.name);
  }
  return "";
}

template <NamedEnum Enum>
std::optional<Enum> FromString(std::string_view name) {
  for (const EnumName<Enum>& one : EnumNames<Enum>::kNames) {
    if (one.name == name) return one.value;
  }
  return std::nullopt;
}

// In order of declaration.
template <NamedEnum Enum>
std::vector<std::string> AllNames() {
  std::vector<std::string> names;
  for (const EnumName<Enum>& one : EnumNames<Enum>::kNames) names.emplace_back(one.name);
  return names;
}

}  // namespace tint
