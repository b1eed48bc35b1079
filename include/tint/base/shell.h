// Words of a shell's command line.
#pragma once

#include <string>
#include <string_view>

namespace tint {

// As bash and zsh read it as one word: as it is where no character of it means anything to them, else in single quotes.
std::string ShellQuoted(std::string_view text);

}  // namespace tint
