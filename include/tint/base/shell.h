// SPDX-License-Identifier: Apache-2.0
// Words of a shell's command line.
#pragma once

#include <string>
#include <string_view>

namespace tint {

// The text as one word for bash and zsh: unchanged if no character of it is special to them, otherwise in single
// quotes.
std::string ShellQuoted(std::string_view text);

}  // namespace tint
