// Labelled pictures on disk: splits -> classes -> files. Read-only; bytes are decoded by the image door.
//
// Forms: TINT_DATA/miniimagenet with {train,val,test}.zip (stored; entries <split>/<class>/<file>) or {train,val,test}/<class>/ folders;
// and a plain folder of class folders (users' photos), which has one unnamed split.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
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
// Unknown: Error(kUsage) with the nearest name. Known now: miniimagenet, and any folder below TINT_DATA in the {train,val,test}/<class>/ form.
DatasetFacts FactsOfDataset(const std::string& name);

class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual const std::vector<std::string>& Classes() const = 0;                             // byte order of names
  virtual const std::vector<std::string>& Files(const std::string& class_name) const = 0;  // byte order; absent class: kBadInput
  virtual std::string ReadBytes(const std::string& class_name, const std::string& file) const = 0;
  // For messages: "…/test.zip/test/n01/a.jpg".
  virtual std::string Describe(const std::string& class_name, const std::string& file) const = 0;
  // SHA-256 over the lines "<class>/<file> <sha256 of its bytes>\n" in byte order: the same for a zip and its unpacked folder.
  std::string ContentSha256() const;
};

// One split of a data set. Root, data set or split missing: Error(kMissingInput) that says where it looked and how to get it;
// archive damaged, entries outside <split>/, absolute or with "..", links, too many or too large: Error(kBadInput).
std::unique_ptr<ImageSource> OpenSplit(const std::filesystem::path& data_root, const std::string& dataset, const std::string& split);

// A folder per class with photos in it (files directly inside; hidden files and sub-folders ignored with one warning each). No class
// folder or a class without files: Error(kBadInput). Names may hold any bytes but must be valid UTF-8 without control characters.
std::unique_ptr<ImageSource> OpenClassFolders(const std::filesystem::path& folder);

// $TINT_DATA; unset: Error(kMissingInput) with the remedy.
std::filesystem::path DataRoot();

}  // namespace tint
