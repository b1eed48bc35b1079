// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) of bytes and of files, as 64 lower-case hexadecimal digits.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace tint {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void Update(std::string_view bytes);
  // Ends the computation; call once.
  std::string Hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256Hex(std::string_view bytes);
// Reads in chunks, so a file of any size needs 1 MiB. Errors as ReadFile.
std::string Sha256OfFile(const std::filesystem::path& path);

}  // namespace tint
