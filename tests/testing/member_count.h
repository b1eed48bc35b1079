// SPDX-License-Identifier: Apache-2.0
// How many data members an aggregate has, so that a test notices a member that Declare forgot:
//   EXPECT_EQ(list.options().size(), kMemberCount<GenerateOptions>);
#pragma once

#include <cstddef>
#include <utility>

namespace tint::testing {
namespace internal {

// Stands for a value of whatever type a member has.
struct AnyValue {
  template <class T>
  constexpr operator T() const;
};

template <class Aggregate, std::size_t... kIndices>
constexpr bool TakesValues(std::index_sequence<kIndices...>) {
  return requires { Aggregate{(static_cast<void>(kIndices), AnyValue{})...}; };
}

// The largest number of initialisers that the aggregate takes: one a member.
template <class Aggregate, std::size_t kCount = 0>
constexpr std::size_t CountMembers() {
  if constexpr (TakesValues<Aggregate>(std::make_index_sequence<kCount + 1>())) {
    return CountMembers<Aggregate, kCount + 1>();
  } else {
    return kCount;
  }
}

}  // namespace internal

// Members may be of any kind but arrays (a C array counts as its elements) and references.
template <class Aggregate>
inline constexpr std::size_t kMemberCount = internal::CountMembers<Aggregate>();

}  // namespace tint::testing
