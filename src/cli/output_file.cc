// SPDX-License-Identifier: Apache-2.0
#include "output_file.h"

#include <filesystem>

#include "tint/artifacts/layout.h"
#include "tint/base/durable.h"
#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint {

void CheckOut(const std::string& out, const std::string& extension, bool force) {
  namespace fs = std::filesystem;
  if (out.empty()) Fail(ExitCode::kUsage, {.field = "--out", .found = "not given", .expected = "a file to write"});
  const fs::path path = fs::absolute(out);
  if (path.extension() != extension || path.stem().empty())
    Fail(ExitCode::kUsage,
         {.field = "--out",
          .found = "is " + Quote(out),
          .expected = "a name ending in " + extension + ", by which other tools recognize the format"});
  if (StateOfResult(path.parent_path()) == ResultState::kComplete)
    Fail(ExitCode::kCannotCreate, {.file = out,
                                   .found = "is inside a result folder",
                                   .expected = "a file elsewhere",
                                   .remedy = "Finished results are never changed."});
  if (!force && fs::exists(fs::symlink_status(path)))
    Fail(ExitCode::kCannotCreate,
         {.file = out, .found = "already exists", .expected = "a new file", .remedy = "Use --force to replace it."});
}

void WriteOut(const std::string& out, const std::string& bytes, bool force) {
  force ? WriteFileDurably(out, bytes) : CommitFileOnce(out, bytes);
}

}  // namespace tint
