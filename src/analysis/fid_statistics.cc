// SPDX-License-Identifier: Apache-2.0
#include "fid_statistics.h"

#include <ATen/ATen.h>

#include <cstring>
#include <map>
#include <optional>
#include <regex>

#include "tint/artifacts/image_shards.h"
#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 28;  // 2048 features need 32 MiB
constexpr char kMagic[] = "\x93NUMPY";
constexpr size_t kPrefix = 10;  // magic, version 1.0, length of the header in two bytes
constexpr double kAsymmetry = 1e-6;

struct Array {
  std::string type;  // "<f8"
  std::vector<int64_t> shape = {};
  bool fortran_order = false;
  std::string bytes = {};
};

// The header ends in a newline and is padded with blanks so that the data begin at a multiple of 64:
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
std::string WriteArray(const Array& array) {
  std::string shape;
  for (const int64_t side : array.shape) shape += (shape.empty() ? "" : " ") + std::to_string(side) + ",";
  if (array.shape.size() > 1) shape.pop_back();  // only (64,) has its comma
  std::string header = "{'descr': '" + array.type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.append(63 - (kPrefix + header.size()) % 64, ' ');
  header += '\n';
  std::string text(kMagic);
  text += {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  return text + header + array.bytes;
}

class ArrayReader {
 public:
  explicit ArrayReader(const std::string& file) : file_(file) {}

  Array Read(const std::string& name, const std::string& text) const {
    if (text.size() < kPrefix || text.compare(0, 6, kMagic) != 0 || text[6] < 1 || text[6] > 3)
      FailArray(name, "not a NumPy array", "an .npy file of version 1 to 3");
    const size_t prefix = text[6] == 1 ? kPrefix : kPrefix + 2;
    size_t length = 0;
    for (size_t k = prefix; k-- > 8;)
      length = length << 8 | (k < text.size() ? static_cast<unsigned char>(text[k]) : 0);
    if (length > text.size() - std::min(prefix, text.size())) FailArray(name, "a truncated header", "a complete array");
    const std::string header = text.substr(prefix, length);
    static const std::regex kHeaderPattern(
        R"(\s*\{\s*'descr':\s*'([^']*)',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([0-9, ]*)\),?\s*\}\s*)");
    std::smatch parts;
    if (!std::regex_match(header, parts, kHeaderPattern)) FailArray(name, Quote(header), "the header of a plain array");
    Array array;
    array.type = parts[1];
    array.fortran_order = parts[2] == "True";
    array.bytes = text.substr(prefix + length);
    for (const std::string& side : Split(parts[3].str(), ',')) {
      const size_t first = side.find_first_not_of(' ');
      if (first == std::string::npos) continue;
      if (side.size() - first > 9) FailArray(name, "a side of " + side.substr(first), "a smaller side");
      array.shape.push_back(std::stoll(side.substr(first)));
    }
    return array;
  }

  // float64, of floats in the order of the processors that tint runs on.
  at::Tensor Floats(const std::string& name, const Array& array, size_t dimensions) const {
    if (array.type != "<f8" && array.type != "<f4") FailArray(name, "type " + Quote(array.type), "<f8 or <f4");
    if (array.shape.size() != dimensions)
      FailArray(name, std::to_string(array.shape.size()) + " dimensions", std::to_string(dimensions));
    const at::ScalarType type = array.type == "<f8" ? at::kDouble : at::kFloat;
    at::Tensor values = at::empty(array.shape, type);
    RequireBytes(name, array, values.nbytes());
    if (values.numel() > 0) std::memcpy(values.data_ptr(), array.bytes.data(), values.nbytes());
    if (array.fortran_order && dimensions == 2) values = values.t();
    values = values.to(at::kDouble).contiguous();
    if (!values.isfinite().all().item<bool>()) FailArray(name, "values that are not finite", "finite values");
    return values;
  }

  int64_t Integer(const std::string& name, const Array& array) const {
    int64_t value = 0;
    if (array.type != "<i8" || !array.shape.empty()) FailArray(name, "type " + Quote(array.type), "one <i8");
    RequireBytes(name, array, sizeof value);
    std::memcpy(&value, array.bytes.data(), sizeof value);
    if (value < 0) FailArray(name, std::to_string(value), "a non-negative number");
    return value;
  }

  [[noreturn]] void FailArray(const std::string& name, const std::string& found, const std::string& expected) const {
    Fail(ExitCode::kBadInput, {.file = file_, .field = name, .found = found, .expected = expected});
  }

 private:
  void RequireBytes(const std::string& name, const Array& array, size_t count) const {
    if (array.bytes.size() != count)
      FailArray(name, std::to_string(array.bytes.size()) + " bytes", std::to_string(count) + " by its shape");
  }

  const std::string& file_;
};

template <typename T>
std::string BytesOf(const T* values, int64_t count) {
  return {reinterpret_cast<const char*>(values), sizeof(T) * static_cast<size_t>(count)};
}

ShardEntry Floats(const std::string& name, const at::Tensor& tensor) {
  const at::Tensor values = tensor.to(at::kCPU, at::kDouble).contiguous();
  return {name + ".npy", WriteArray({.type = "<f8",
                                     .shape = values.sizes().vec(),
                                     .bytes = BytesOf(values.const_data_ptr<double>(), values.numel())})};
}

ShardEntry Integer(const std::string& name, int64_t value) {
  return {name + ".npy", WriteArray({.type = "<i8", .shape = {}, .bytes = BytesOf(&value, 1)})};
}

}  // namespace

std::string WriteFidStatistics(const FidStatistics& statistics) {
  const std::string& hash = statistics.inception_sha256;
  std::vector<ShardEntry> entries = {Floats("mu", statistics.moments.mean),
                                     Floats("sigma", statistics.moments.covariance),
                                     Integer("count", statistics.moments.count), Integer("size", statistics.size)};
  if (!hash.empty())
    entries.push_back(
        {"inception_sha256.npy", WriteArray({.type = "|S" + std::to_string(hash.size()), .shape = {}, .bytes = hash})});
  return WriteShard(entries);
}

FidStatistics ReadFidStatistics(const std::string& bytes, const std::string& file) {
  const ArrayReader reader(file);
  std::map<std::string, std::string> texts;
  for (ShardEntry& entry : ReadShard(bytes, file, kMaxBytes)) texts[entry.name] = std::move(entry.bytes);
  const auto find = [&](const std::string& name, bool required) -> std::optional<Array> {
    const auto found = texts.find(name + ".npy");
    if (found != texts.end()) return reader.Read(name, found->second);
    if (required) reader.FailArray(name, "no such array", "mu and sigma, as pytorch-fid writes them");
    return std::nullopt;
  };
  FidStatistics statistics;
  FeatureMoments& moments = statistics.moments;
  moments.mean = reader.Floats("mu", *find("mu", true), 1);
  moments.covariance = reader.Floats("sigma", *find("sigma", true), 2);
  const int64_t width = moments.mean.size(0);
  if (width < 1 || moments.covariance.size(0) != width || moments.covariance.size(1) != width)
    reader.FailArray("sigma",
                     std::to_string(moments.covariance.size(0)) + " x " + std::to_string(moments.covariance.size(1)),
                     std::to_string(width) + " x " + std::to_string(width) + ", the size of mu");
  const at::Tensor off = (moments.covariance - moments.covariance.t()).abs().max();
  if (off.item<double>() > kAsymmetry * moments.covariance.abs().max().item<double>())
    reader.FailArray("sigma", "a matrix that is not symmetric", "a covariance matrix");
  if (const auto count = find("count", false)) moments.count = reader.Integer("count", *count);
  if (const auto size = find("size", false)) statistics.size = reader.Integer("size", *size);
  if (const auto hash = find("inception_sha256", false)) statistics.inception_sha256 = hash->bytes;
  return statistics;
}

}  // namespace tint
