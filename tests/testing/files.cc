// SPDX-License-Identifier: Apache-2.0
#include "files.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace tint::testing {

namespace fs = std::filesystem;

TestFolder::TestFolder() {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(info->test_suite_name()) + "." + info->name();
  for (char& c : name) {
    if (c == '/') c = '_';
  }
  path_ = fs::temp_directory_path() / ("tint-tests-" + std::to_string(getpid())) / name;
  fs::remove_all(path_);
  fs::create_directories(path_);
}

TestFolder::~TestFolder() {
  if (::testing::Test::HasFailure()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  fs::remove(path_.parent_path(), ignored);
}

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void WriteAll(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  EXPECT_TRUE(out.good()) << path;
}

Error CatchError(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "threw no tint::Error but: " << error.what();
    return Error(ExitCode::kDone, error.what());
  }
  ADD_FAILURE() << "threw nothing";
  return Error(ExitCode::kDone, "");
}

std::string DataRoot() {
  const char* root = std::getenv("TINT_DATA");
  return root ? root : "";
}

}  // namespace tint::testing
