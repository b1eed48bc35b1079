// SPDX-License-Identifier: Apache-2.0
// The exception of the program, and the exit codes that scripts rely on.
#pragma once

#include <concepts>
#include <sstream>
#include <stdexcept>
#include <string>

namespace tint {

// Exit codes, after sysexits.h. 75 and 79 mean "run the same command again"; no other does.
enum class ExitCode : int {
  kDone = 0,
  kUsage = 64,             // command line
  kBadInput = 65,          // an input's content
  kMissingInput = 66,      // an input, a model role or an earlier stage is absent
  kNoDevice = 69,          // device or driver missing
  kInternal = 70,          // an internal error, or non-finite numbers
  kOutOfMemory = 71,       // host or GPU
  kCannotCreate = 73,      // output cannot be created
  kInputOutput = 74,       // I/O error, disk full
  kStopped = 75,           // stopped by a signal, state saved
  kCorrupt = 76,           // an artifact does not match its hash
  kUntrusted = 77,         // a model that no list names, or permission denied
  kBadConfiguration = 78,  // configuration file or option value
  kLeased = 79,            // another worker has this episode
};

// Every failure of the program is an Error; main prints what() and exits with code().
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

// The parts of an error message about input. Prints as
//   FILE:LINE:COLUMN: FIELD: found; expected EXPECTED. REMEDY
// where parts left empty (and lines that are 0) are left out. `file` is quoted if it holds odd characters.
struct ErrorDetail {
  std::string file = {};
  std::string field = {};
  std::string found = {};
  std::string expected = {};
  std::string remedy = {};
  int line = 0;
  int column = 0;
};
std::string ToString(const ErrorDetail& detail);

[[noreturn]] void Fail(ExitCode code, const ErrorDetail& detail);
// A template, so that a braced list always means an ErrorDetail: GCC would also try std::string's constructors on it.
template <std::convertible_to<std::string> Text>
[[noreturn]] void Fail(ExitCode code, const Text& message) {
  throw Error(code, message);
}

namespace internal {
// Collects `TINT_CHECK(...) << why` and throws Error(kInternal) when the statement ends.
class CheckFailure {
 public:
  CheckFailure(const char* file, int line, const std::string& what);
  [[noreturn]] ~CheckFailure() noexcept(false);
  std::ostream& stream() { return stream_; }

 private:
  std::ostringstream stream_;
};
template <class A, class B>
std::string BothValues(const char* expression, const A& a, const B& b) {
  std::ostringstream out;
  out << expression << " (" << a << " vs. " << b << ")";
  return out.str();
}
}  // namespace internal

// Contracts between our own functions. Never for user input: that gets an ErrorDetail.
// The empty switch keeps an `if` around the check from taking the `else` below as its own.
#define TINT_CHECK(condition) \
  switch (0)                  \
  case 0:                     \
  default:                    \
    if (condition) {          \
    } else                    \
      ::tint::internal::CheckFailure(__FILE__, __LINE__, #condition).stream()
#define TINT_CHECK_OP(a, b, op)                                                                                     \
  switch (0)                                                                                                        \
  case 0:                                                                                                           \
  default:                                                                                                          \
    if ((a)op(b)) {                                                                                                 \
    } else                                                                                                          \
      ::tint::internal::CheckFailure(__FILE__, __LINE__, ::tint::internal::BothValues(#a " " #op " " #b, (a), (b))) \
          .stream()
#define TINT_CHECK_EQ(a, b) TINT_CHECK_OP(a, b, ==)
#define TINT_CHECK_NE(a, b) TINT_CHECK_OP(a, b, !=)
#define TINT_CHECK_LT(a, b) TINT_CHECK_OP(a, b, <)
#define TINT_CHECK_LE(a, b) TINT_CHECK_OP(a, b, <=)
#define TINT_CHECK_GT(a, b) TINT_CHECK_OP(a, b, >)
#define TINT_CHECK_GE(a, b) TINT_CHECK_OP(a, b, >=)

}  // namespace tint
