// SPDX-License-Identifier: Apache-2.0
// CIFAR-FS from the official binary files of CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html): records
// of a coarse label, a fine label and 32 x 32 pixels as planes of red, green, blue. train.bin and test.bin are merged
// and divided by class. An image is named after its file and record: train-00017.
#include <ATen/ops/from_blob.h>
#include <fmt/format.h>

#include "dataset_formats.h"
#include "known_splits.h"
#include "listed_source.h"
#include "text_lines.h"
#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/image/decode.h"
#include "tint/image/pixels.h"

namespace tint::internal {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSide = 32;
constexpr size_t kPixels = 3 * kSide * kSide;
constexpr size_t kRecordBytes = 2 + kPixels;
constexpr int kCoarse = 20, kFine = 100;
constexpr uint64_t kMaxBinBytes = 1ull << 30;  // the official train.bin has 153,700,000 bytes
constexpr char kRemedy[] = "Unpack cifar-100-binary.tar.gz of https://www.cs.toronto.edu/~kriz/cifar.html there again";

class CifarSource : public ListedSource {
 public:
  // The numbers of the listing are record indices in `pixels`.
  CifarSource(fs::path location, const Listing& listing, std::string pixels)
      : ListedSource(std::move(location), listing), pixels_(std::move(pixels)) {}

  std::string ReadBytes(const std::string& class_name, const std::string& file) const override {
    return pixels_.substr(Find(class_name, file) * kPixels, kPixels);
  }
  DecodedImage Decode(const std::string& class_name, const std::string& file) const override;
  // "…/train.bin/train-00017", the record counted from 0.
  std::string Describe(const std::string& class_name, const std::string& file) const override {
    Find(class_name, file);
    return location() / (file.substr(0, file.find('-')) + ".bin") / file;
  }

 private:
  std::string pixels_;
};

DecodedImage CifarSource::Decode(const std::string& class_name, const std::string& file) const {
  std::string bytes = ReadBytes(class_name, file);
  DecodedImage image;
  image.pixels = at::from_blob(bytes.data(), {3, kSide, kSide}, at::kByte).clone();
  image.format = "raw";
  image.file_sha256 = Sha256Hex(bytes);
  image.pixel_sha256 = PixelSha256(image.pixels);
  return image;
}

// The class names by fine label; all 100, since they define the split.
std::vector<std::string> ReadFineNames(const fs::path& path) {
  const TextLines list(path);
  std::vector<std::string> names;
  std::map<std::string, int> seen;
  for (const TextLine& line : list.lines()) {
    if (SplitOfCifarClass(line.text).empty())
      list.FailAt(line.number, Quote(line.text, 80) + " is not a fine class of CIFAR-100", "its official list of names",
                  kRemedy);
    const auto [earlier, is_new] = seen.emplace(line.text, line.number);
    if (!is_new)
      list.FailAt(line.number, Quote(line.text) + " is already in line " + std::to_string(earlier->second),
                  "each class once");
    names.push_back(line.text);
  }
  if (names.size() != kFine)
    list.FailAt(0, "has " + std::to_string(names.size()) + " names", std::to_string(kFine), kRemedy);
  return names;
}

[[noreturn]] void FailCifar(const fs::path& path, const std::string& field, const std::string& found,
                            const std::string& expected) {
  Fail(ExitCode::kBadInput, {.file = path, .field = field, .found = found, .expected = expected, .remedy = kRemedy});
}

std::string RecordName(const std::string& part, size_t record) { return fmt::format("{}-{:05}", part, record); }

// Adds the records of PART.bin whose class is in the split.
void ReadRecords(const fs::path& folder, const std::string& part, const std::vector<std::string>& names,
                 const std::string& split, Listing* listing, std::string* pixels) {
  const fs::path path = folder / (part + ".bin");
  const std::string bytes = ReadFile(path, kMaxBinBytes);
  if (bytes.empty() || bytes.size() % kRecordBytes != 0) {
    FailCifar(
        path, "",
        "has " + std::to_string(bytes.size()) + " bytes, " + std::to_string(bytes.size() % kRecordBytes) +
            " more than " + std::to_string(bytes.size() / kRecordBytes) + " complete records",
        "records of " + std::to_string(kRecordBytes) + " bytes (official: 50,000 in train.bin, 10,000 in test.bin)");
  }
  std::vector<std::string> splits;
  for (const std::string& name : names) splits.push_back(SplitOfCifarClass(name));
  for (size_t record = 0; record < bytes.size() / kRecordBytes; ++record) {
    const char* start = bytes.data() + record * kRecordBytes;
    const int coarse = static_cast<unsigned char>(start[0]), fine = static_cast<unsigned char>(start[1]);
    if (coarse >= kCoarse || fine >= kFine) {
      FailCifar(path, "record " + std::to_string(record) + " (byte " + std::to_string(record * kRecordBytes) + ")",
                "its labels are " + std::to_string(coarse) + " and " + std::to_string(fine),
                "a coarse label of 0 to 19 and a fine label of 0 to 99");
    }
    if (splits[fine] != split) continue;
    (*listing)[names[fine]].emplace(RecordName(part, record), pixels->size() / kPixels);
    pixels->append(start + 2, kPixels);
  }
}

}  // namespace

std::unique_ptr<ImageSource> OpenCifar(const fs::path& folder, const std::string& split) {
  const std::vector<std::string> names = ReadFineNames(folder / "fine_label_names.txt");
  Listing listing;
  std::string pixels;
  for (const std::string part : {"train", "test"}) ReadRecords(folder, part, names, split, &listing, &pixels);
  for (const std::string& name : names) {
    if (SplitOfCifarClass(name) != split || listing.contains(name)) continue;
    FailCifar(folder, split, "class " + Quote(name) + " has no image in train.bin and test.bin", "600 of each class");
  }
  pixels.shrink_to_fit();
  return std::make_unique<CifarSource>(folder, listing, std::move(pixels));
}

}  // namespace tint::internal
