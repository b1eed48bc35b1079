// Labelled pictures on disk: splits -> classes -> files. Read-only; bytes are decoded by the image door.
//
// Forms: TINT_DATA/miniimagenet with {train,val,test}.zip (entries <split>/<class>/<file>, stored or deflated) or
// {train,val,test}/<class>/ folders (where both are there, the archive is read); and a plain folder of class folders
// (users' photos), which has one unnamed split.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tint {

// What the field knows about a data set (method.md S22).
struct DatasetFacts {
  std::string name;         // "miniimagenet"; "folder" for class folders
  int64_t image_size = 84;  // height = width that its classifiers see
  std::vector<double> mean = {0.472138, 0.453308, 0.409961};
  std::vector<double> std = {0.277184, 0.267751, 0.284490};
};
// Known now: miniimagenet, cifar-fs (32 pixels, its own statistics), "folder", and any other folder below TINT_DATA
// that holds a split (with miniImageNet's normalisation and size). Unknown: Error(kUsage) with the nearest name.
DatasetFacts FactsOfDataset(const std::string& name);

// All members may be called by several threads at once.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual const std::vector<std::string>& Classes() const = 0;  // byte order of names
  virtual const std::vector<std::string>& Files(
      const std::string& class_name) const = 0;  // byte order; absent class: kBadInput
  // A file that Files does not list: kBadInput. Bytes that fail the archive's checksum: kBadInput.
  virtual std::string ReadBytes(const std::string& class_name, const std::string& file) const = 0;
  // For messages: "…/test.zip/test/n01/a.jpg".
  virtual std::string Describe(const std::string& class_name, const std::string& file) const = 0;
  // True where pictures lie one by one in folders: reading all of them would open queries before they may be seen.
  virtual bool is_folder() const { return false; }
  // SHA-256 over the lines "<class>/<file> <sha256 of its bytes>\n" in byte order: the same for a zip and its unpacked
  // folder. Reads everything once (38,400 stored pictures: under a second) and remembers the answer.
  std::string ContentSha256() const;

 private:
  mutable std::once_flag content_hashed_;
  mutable std::string content_sha256_;
};

// One split of a data set. Root, data set or split missing: Error(kMissingInput) that says where it looked and how to
// get it; archive damaged, entries outside <split>/, absolute or with "..", links, too many or too large:
// Error(kBadInput).
std::unique_ptr<ImageSource> OpenSplit(const std::filesystem::path& data_root, const std::string& dataset,
                                       const std::string& split);

// A folder per class with photos in it (files directly inside; hidden files and sub-folders ignored with one warning
// each). No class folder or a class without files: Error(kBadInput). Names may hold any bytes but must be valid UTF-8
// without control characters.
std::unique_ptr<ImageSource> OpenClassFolders(const std::filesystem::path& folder);

// $TINT_DATA; unset: Error(kMissingInput) with the remedy.
std::filesystem::path DataRoot();

}  // namespace tint
