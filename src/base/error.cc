#include "tint/base/error.h"

#include <cstring>

#include "tint/base/text.h"

namespace tint {
namespace {

constexpr size_t kLongestPath = 4096;  // PATH_MAX: a file's name is never cut

std::string Place(const Complaint& complaint) {
  std::string place = complaint.file.empty() ? "" : Quote(complaint.file, kLongestPath);
  if (complaint.line == 0) return place;
  if (place.empty()) place = "line";
  place += ":" + std::to_string(complaint.line);
  if (complaint.column != 0) place += ":" + std::to_string(complaint.column);
  return place;
}

}  // namespace

std::string ToString(const Complaint& complaint) {
  std::string text = Place(complaint);
  auto add = [&text](const std::string& part, const char* separator) {
    if (part.empty()) return;
    if (!text.empty()) text += separator;
    text += part;
  };
  add(complaint.field.empty() ? "" : Quote(complaint.field), ": ");
  add(complaint.found, ": ");
  add(complaint.expected.empty() ? "" : "expected " + complaint.expected, complaint.found.empty() ? ": " : "; ");
  add(complaint.remedy, ". ");
  return text;
}

void Fail(ExitCode code, const Complaint& complaint) { throw Error(code, ToString(complaint)); }

namespace internal {

CheckFailure::CheckFailure(const char* file, int line, const std::string& what) {
  const char* slash = std::strrchr(file, '/');
  stream_ << "internal fault at " << (slash ? slash + 1 : file) << ":" << line << ": not so: " << what << ". ";
}

CheckFailure::~CheckFailure() noexcept(false) { throw Error(ExitCode::kInternal, stream_.str()); }

}  // namespace internal
}  // namespace tint
