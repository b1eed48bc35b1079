// SPDX-License-Identifier: Apache-2.0
// Small data sets in their official formats.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tint::testing {

// CUB-200-2011: classes 001.Bird_A, 002.Bird_B, ... (at most 26), `images` images in each, 40 x 30 pixels, whose
// boxes begin at (2, 4) and are 20 x 16. Image k of class c is Pattern(30, 40, 10 c + k), counted from 0.
void WriteCub(const std::filesystem::path& folder, int classes, int images);
std::string CubClass(int class_idx);
std::string CubFile(int class_idx, int image_idx);

// CIFAR-100's binary files: `train` and `test` records of each of its 100 classes. The pixels of a record identify it:
// its part (0, 1), fine label, number in the class, then the index of each byte, modulo 256.
void WriteCifar(const std::filesystem::path& folder, int train, int test);
const std::vector<std::string>& CifarFineNames();

// Replaces `from`, which must be there, by `to` in a text file.
void EditText(const std::filesystem::path& path, const std::string& from, const std::string& to);

}  // namespace tint::testing
