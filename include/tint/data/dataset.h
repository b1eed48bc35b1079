// Labelled images on disk: splits -> classes -> files. Read-only; bytes are decoded by the image door.
//
// Forms, below TINT_DATA/<name>, the first that is there (docs/data.md shows each):
//   {train,val,test}.zip, entries <split>/<class>/<file>, stored or deflated;
//   {train,val,test}/<class>/<file>;
//   {train,val,test}.csv with the header `filename,label`, images in images/ (Ravi & Larochelle's lists);
//   splits/{ravi-larochelle,bertinetto}/{train,val,test}.txt, a class a line, images in data/<class>/;
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

#include "tint/image/image.h"

namespace tint {

// What the field knows about a data set (docs/method.md, Data sets and normalisation).
struct DatasetInfo {
  std::string name;         // "miniimagenet"; "folder" for class folders
  int64_t image_size = 84;  // height = width that its classifiers see
  std::vector<double> mean = {0.472138, 0.453308, 0.409961};
  std::vector<double> std = {0.277184, 0.267751, 0.284490};
};
// Known now: miniimagenet, cifar-fs (32 pixels, its own statistics), cub, cub-center, cub-none, "folder", and any other
// folder below TINT_DATA that holds a split (with miniImageNet's normalisation, and its size unless `tint dataset
// synthesize` drew another). Unknown: Error(kUsage) with the nearest name.
DatasetInfo InfoOfDataset(const std::string& name);

// All members may be called by several threads at once.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual const std::vector<std::string>& Classes() const = 0;  // byte order of names
  virtual const std::vector<std::string>& Files(
      const std::string& class_name) const = 0;  // byte order; absent class: kBadInput
  // A file that Files does not list: kBadInput. Bytes that fail the archive's checksum: kBadInput.
  // For rows of a binary file: the row's pixels.
  virtual std::string ReadBytes(const std::string& class_name, const std::string& file) const = 0;
  // The image as everything but hashes sees it: decoded through the door and cut as the data set says; the hashes in
  // it are of the whole file and of the pixels given. A bad image: Error(kBadInput).
  virtual Image Decode(const std::string& class_name, const std::string& file) const;
  // SHA-256 of the file's bytes and, where the data set cuts its images, of how this one is cut: what Decode gives is
  // the same where this is the same.
  virtual std::string FileSha256(const std::string& class_name, const std::string& file) const;
  // For messages: "…/test.zip/test/n01/a.jpg".
  virtual std::string Describe(const std::string& class_name, const std::string& file) const = 0;
  // True where images lie one by one in folders: reading all of them would open queries before they may be seen.
  virtual bool is_folder() const { return false; }
  // SHA-256 over the lines "<class>/<file> <FileSha256>\n" in byte order: the same for a zip and its unpacked
  // folder. Reads everything once (38,400 stored images: under a second) and remembers the answer.
  std::string ContentSha256() const;

 private:
  mutable std::once_flag content_hashed_;
  mutable std::string content_sha256_;
};

// One split of a data set. Root, data set or split missing: Error(kMissingInput) that says where it looked and how to
// get it; archive damaged, entries outside <split>/, absolute or with "..", links, too many or too large; lists that
// contradict each other, name absent files or other classes than the split's; binary files cut short:
// Error(kBadInput), with file and line where there is one.
std::unique_ptr<ImageSource> OpenSplit(const std::filesystem::path& data_root, const std::string& dataset,
                                       const std::string& split);

// A folder per class with photos in it (files directly inside; hidden files and sub-folders ignored with one warning
// each). No class folder or a class without files: Error(kBadInput). Names may hold any bytes but must be valid UTF-8
// without control characters.
std::unique_ptr<ImageSource> OpenClassFolders(const std::filesystem::path& folder);

// $TINT_DATA; unset: Error(kMissingInput) with the remedy.
std::filesystem::path DataRoot();

}  // namespace tint
