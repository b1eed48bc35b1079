// SPDX-License-Identifier: Apache-2.0
// Labelled images on disk: splits -> classes -> files. Read-only.
//
// Formats, below TINT_DATA/<name>; the first that is found is used (docs/data.md shows each):
//   {train,val,test}.zip, entries <split>/<class>/<file>, stored or deflated;
//   {train,val,test}/<class>/<file>;
//   {train,val,test}.csv with the header `filename,label`, images in images/ (Ravi & Larochelle's lists);
//   splits/{ravi-larochelle,bertinetto}/{train,val,test}.txt, one class per line, images in data/<class>/;
//   cub, cub-center, cub-none: the official CUB-200-2011 folder, in TINT_DATA/cub or TINT_DATA/CUB_200_2011;
//   cifar-fs: the official binary files of CIFAR-100, in TINT_DATA/cifar-fs or cifar-100-binary below it.
// And a plain folder of class folders (users' photos), which has one unnamed split.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tint/image/decode.h"

namespace tint {

// Properties of a data set (docs/method.md, section "Data sets and normalisation").
struct DatasetInfo {
  std::string name;         // "miniimagenet"; "folder" for class folders
  int64_t image_size = 84;  // height = width of its classifiers' input
  std::vector<double> mean = {0.472138, 0.453308, 0.409961};
  std::vector<double> std = {0.277184, 0.267751, 0.284490};
};
// Known: miniimagenet, cifar-fs (32 pixels, its own statistics), cub, cub-center, cub-none, "folder", and any other
// folder below TINT_DATA that holds a split (with miniImageNet's normalisation, and its size unless `tint dataset
// synthesize` wrote another). Unknown: Error(kUsage) with the nearest name.
DatasetInfo InfoOfDataset(const std::string& name);

// All members are safe to call from several threads.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual const std::vector<std::string>& Classes() const = 0;  // byte order of names
  virtual const std::vector<std::string>& Files(
      const std::string& class_name) const = 0;  // byte order; unknown class: kBadInput
  // A file that Files does not list: kBadInput. Bytes that fail the archive's checksum: kBadInput.
  // For records of a binary file: the record's pixels.
  virtual std::string ReadBytes(const std::string& class_name, const std::string& file) const = 0;
  // The image, decoded and cropped by the rule of the data set; its hashes are of the whole file and of the cropped
  // pixels. A bad image: Error(kBadInput).
  virtual DecodedImage Decode(const std::string& class_name, const std::string& file) const;
  // SHA-256 of the file's bytes and, where the data set crops its images, of the crop: equal values mean equal results
  // of Decode.
  virtual std::string FileSha256(const std::string& class_name, const std::string& file) const;
  // For messages: "…/test.zip/test/n01/a.jpg".
  virtual std::string Describe(const std::string& class_name, const std::string& file) const = 0;
  // True if images are single files in folders: hashing all of them would open queries before evaluation.
  virtual bool is_folder() const { return false; }
  // SHA-256 over the lines "<class>/<file> <FileSha256>\n" in byte order: the same for a zip and its unpacked
  // folder. Reads everything once (38,400 stored images: under a second) and caches the result.
  std::string ContentSha256() const;

 private:
  mutable std::once_flag content_hashed_;
  mutable std::string content_sha256_;
};

// One split of a data set. Root, data set or split missing: Error(kMissingInput) that says where it was searched and
// how to get it; archive damaged, entries outside <split>/, absolute or with "..", links, too many or too large; lists
// that contradict each other, name missing files or classes of other splits; truncated binary files: Error(kBadInput),
// with file and line where there is one.
std::unique_ptr<ImageSource> OpenSplit(const std::filesystem::path& data_root, const std::string& dataset,
                                       const std::string& split);

// A folder per class with images in it (files directly inside; hidden files and sub-folders ignored with one warning
// each). No class folder or a class without files: Error(kBadInput). Names may hold any bytes but must be valid UTF-8
// without control characters.
std::unique_ptr<ImageSource> OpenClassFolders(const std::filesystem::path& folder);

// $TINT_DATA; unset: Error(kMissingInput) with the remedy.
std::filesystem::path DataRoot();

}  // namespace tint
