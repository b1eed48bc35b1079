// SPDX-License-Identifier: Apache-2.0
#include "tint/base/error.h"

#include <cstring>

#include "tint/base/text.h"

namespace tint {
namespace {

constexpr size_t kLongestPath = 4096;  // PATH_MAX: a file's name is never cut

std::string Place(const ErrorDetail& detail) {
  std::string place = detail.file.empty() ? "" : Quote(detail.file, kLongestPath);
  if (detail.line == 0) return place;
  if (place.empty()) place = "line";
  place += ":" + std::to_string(detail.line);
  if (detail.column != 0) place += ":" + std::to_string(detail.column);
  return place;
}

}  // namespace

std::string ToString(const ErrorDetail& detail) {
  std::string text = Place(detail);
  auto add = [&text](const std::string& part, const char* separator) {
    if (part.empty()) return;
    if (!text.empty()) text += separator;
    text += part;
  };
  add(detail.field.empty() ? "" : Quote(detail.field), ": ");
  add(detail.found, ": ");
  add(detail.expected.empty() ? "" : "expected " + detail.expected, detail.found.empty() ? ": " : "; ");
  add(detail.remedy, ". ");
  return text;
}

void Fail(ExitCode code, const ErrorDetail& detail) { throw Error(code, ToString(detail)); }

namespace internal {

CheckFailure::CheckFailure(const char* file, int line, const std::string& what) {
  const char* slash = std::strrchr(file, '/');
  stream_ << "internal error at " << (slash ? slash + 1 : file) << ":" << line << ": check failed: " << what << ". ";
}

CheckFailure::~CheckFailure() noexcept(false) { throw Error(ExitCode::kInternal, stream_.str()); }

}  // namespace internal
}  // namespace tint
