// SPDX-License-Identifier: Apache-2.0
// Folders for tests, and expectations about errors.
#pragma once

#include <gmock/gmock.h>

#include <filesystem>
#include <functional>
#include <string>

#include "tint/base/error.h"

namespace tint::testing {

// A folder named after the running test, emptied at construction and removed at the end unless the test failed.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

std::string ReadAll(const std::filesystem::path& path);
void WriteAll(const std::filesystem::path& path, const std::string& bytes);

// Runs `action` and returns the Error it throws; fails the test if it throws none or something else.
Error CatchError(const std::function<void()>& action);

// EXPECT_THAT(CatchError([&] {...}), FailsWith(ExitCode::kBadInput, HasSubstr("file.jpg")));
MATCHER_P2(FailsWith, code, message, "exits with " + std::to_string(static_cast<int>(code))) {
  *result_listener << "code " << static_cast<int>(arg.code()) << ", message: " << arg.what();
  return arg.code() == code && ::testing::ExplainMatchResult(message, std::string(arg.what()), result_listener);
}

// $TINT_DATA, or "" (the test then says so and is skipped).
std::string DataRoot();

}  // namespace tint::testing
