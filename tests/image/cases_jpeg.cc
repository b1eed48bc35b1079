// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include "cases.h"
#include "encoders.h"

namespace tint::testing {
namespace {

using namespace std::string_literals;

// `tail` grows the scan data, so that a cut at 99 % lies inside them.
std::string Plain(const JpegFile& change = {}) {
  JpegFile file = change;
  if (!file.samples.defined()) file.samples = Gradient();
  return MakeJpeg(file);
}

std::string Cut(const std::string& bytes, int percent) {
  return bytes.substr(0, bytes.size() * static_cast<size_t>(percent) / 100);
}

std::string Replaced(std::string bytes, size_t at, const std::string& with) {
  return bytes.replace(at, with.size(), with);
}

at::Tensor Expected() { return Gradient(); }

void AddTruncated(std::vector<ImageCase>* cases) {
  for (const int percent : {20, 50, 90, 99}) {
    cases->push_back({"truncated JPEG", "cut" + std::to_string(percent) + ".jpg", [=] { return Cut(Plain(), percent); },
                      "a damaged JPEG"});
    cases->push_back({"truncated JPEG", "progressive cut" + std::to_string(percent) + ".jpg",
                      [=] { return Cut(Plain({.scans = 10}), percent); }, "a damaged JPEG"});
  }
  cases->push_back({"truncated JPEG", "no end marker.jpg", [] { return Plain().substr(0, Plain().size() - 2); },
                    "Premature end of JPEG file"});
  cases->push_back({"truncated JPEG", "three bytes.jpg", [] { return "\xff\xd8\xff"s; }, "a damaged JPEG"});
}

void AddDamaged(std::vector<ImageCase>* cases) {
  const auto add = [&](const std::string& file, const std::function<std::string()>& bytes, const std::string& reason) {
    cases->push_back({"damaged JPEG", file, bytes, "a damaged JPEG (" + reason});
  };
  const auto middle = [](const std::string& bytes) { return bytes.size() - 200; };  // in the scan
  add(
      "early end.jpg", [=] { return Replaced(Plain(), middle(Plain()), "\xff\xd9"); },
      "Corrupt JPEG data: premature end");
  add(
      "restart order.jpg",
      [] {
        std::string bytes = Plain({.restart_rows = 1});
        return Replaced(bytes, bytes.find("\xff\xd1"), "\xff\xd5");
      },
      "Corrupt JPEG data: found marker 0xd5 instead of RST1");
  add(
      "impossible Huffman table.jpg", [] { return Replaced(Plain(), FindSegment(Plain(), 0xC4) + 5, "\xff\xff"); },
      "Bogus Huffman table definition");
  add(
      "no quantization table.jpg", [] { return WithoutSegment(Plain(), 0xDB); }, "Quantization table 0x00 was not def");
  add(
      "bytes between segments.jpg",
      [] {
        std::string bytes = Plain();
        return bytes.insert(FindSegment(bytes, 0xDA), "????");
      },
      "Corrupt JPEG data: 4 extraneous bytes before marker 0xda");
  add(
      "twelve bits.jpg", [] { return Replaced(Plain(), FindSegment(Plain(), 0xC0) + 4, "\x0c"); },
      "Unsupported JPEG data precision 12");
  add(
      "two beginnings.jpg", [] { return "\xff\xd8"s + Plain(); }, "Invalid JPEG file structure: two SOI markers");
  add(
      "no frame.jpg", [] { return WithoutSegment(Plain(), 0xC0); }, "Invalid JPEG file structure");
  add(
      "no pixels in the header.jpg", [] { return Replaced(Plain(), FindSegment(Plain(), 0xC0) + 5, "\0\0"s); },
      "Empty JPEG image");
}

void AddScans(std::vector<ImageCase>* cases) {
  for (const int scans : {2, 99, 100})
    cases->push_back({"progressive JPEG",
                      std::to_string(scans) + " scans.jpg",
                      [=] { return Plain({.scans = scans}); },
                      "",
                      {},
                      Expected,
                      scans < 90 ? 30 : kJpegTolerance});
  for (const int scans : {101, 110, 150, 190})
    cases->push_back({"progressive JPEG", std::to_string(scans) + " scans.jpg", [=] { return Plain({.scans = scans}); },
                      "more than 100 scans"});
}

void AddGrey(std::vector<ImageCase>* cases) {
  const auto grey = [](int scans) {
    return Plain({.samples = Gradient().narrow(0, 1, 1), .colour = JpegColour::kGrey, .scans = scans});
  };
  const auto expected = [] { return Gradient().narrow(0, 1, 1).expand({3, -1, -1}); };
  cases->push_back({"greyscale", "grey.jpg", [=] { return grey(0); }, "", {kGreyWarning}, expected, kJpegTolerance});
  cases->push_back(
      {"greyscale", "progressive grey.jpg", [=] { return grey(64); }, "", {kGreyWarning}, expected, kJpegTolerance});
  cases->push_back({"greyscale",
                    "grey with profile.jpg",
                    [] {
                      return Plain(
                          {.samples = Gradient().narrow(0, 1, 1),
                           .colour = JpegColour::kGrey,
                           .segments = {{0xE2, "ICC_PROFILE\0\1\1"s + IccProfile("Dot Gain 20%", false, "GRAY")}}});
                    },
                    "",
                    {kGreyWarning, kProfileWarning},
                    expected,
                    kJpegTolerance});
}

// Inverted, as Adobe writes: 255 = no ink. R = C K / 255.
at::Tensor Cmyk() {
  const at::Tensor black = at::full({1, 40, 48}, 200, at::kByte);
  return at::cat({Gradient(), black});
}

at::Tensor CmykAsRgb() { return (Gradient().to(at::kFloat) * (200.0 / 255.0)).round().to(at::kByte); }

void AddFourColours(std::vector<ImageCase>* cases) {
  const std::string row = "CMYK or YCCK JPEG";
  const auto make = [](JpegColour colour) { return Plain({.samples = Cmyk(), .colour = colour}); };
  const auto adobe_transform = [=](JpegColour colour, char transform) {
    const std::string bytes = make(colour);
    return Replaced(bytes, FindSegment(bytes, 0xEE) + 15, std::string{transform});
  };
  cases->push_back(
      {row, "cmyk.jpg", [=] { return make(JpegColour::kCmyk); }, "", {kCmykWarning}, CmykAsRgb, kJpegTolerance});
  cases->push_back(
      {row, "ycck.jpg", [=] { return make(JpegColour::kYcck); }, "", {kCmykWarning}, CmykAsRgb, kJpegTolerance});
  cases->push_back({row, "cmyk without marker.jpg", [=] { return WithoutSegment(make(JpegColour::kCmyk), 0xEE); },
                    "a four-colour JPEG without Adobe's marker"});
  cases->push_back({row, "ycck without marker.jpg", [=] { return WithoutSegment(make(JpegColour::kYcck), 0xEE); },
                    "convert INPUT -colorspace sRGB"});
  cases->push_back({row, "cmyk, transform unknown.jpg", [=] { return adobe_transform(JpegColour::kCmyk, 7); },
                    "Unknown Adobe color transform code 7"});
  cases->push_back({row, "ycck marked as three-colour.jpg", [=] { return adobe_transform(JpegColour::kYcck, 1); },
                    "Unknown Adobe color transform code 1"});
  cases->push_back({row,
                    "rgb, Adobe transform 0.jpg",
                    [] { return Plain({.colour = JpegColour::kRgb}); },
                    "",
                    {},
                    Expected,
                    kJpegTolerance});
  cases->push_back({row,
                    "rgb by its component names.jpg",
                    [] { return WithoutSegment(Plain({.colour = JpegColour::kRgb}), 0xEE); },
                    "",
                    {},
                    Expected,
                    kJpegTolerance});
  cases->push_back({row, "two components.jpg",
                    [] { return Plain({.samples = Gradient().narrow(0, 0, 2), .colour = JpegColour::kTwo}); },
                    "Unsupported color conversion request"});
}

void AddExif(std::vector<ImageCase>* cases) {
  const std::string row = "EXIF orientation";
  const auto with = [](const std::vector<std::string>& structures) {
    JpegFile file;
    for (const std::string& structure : structures) file.segments.push_back({0xE1, "Exif\0\0"s + structure});
    return Plain(file);
  };
  const auto turned = [](int orientation) {
    return std::vector<std::string>{"rotated by its EXIF orientation " + std::to_string(orientation)};
  };
  const auto rotated = [](int64_t quarters) { return [=] { return at::rot90(Gradient(), quarters, {1, 2}); }; };
  cases->push_back(
      {row, "6, little endian.jpg", [=] { return with({Exif(6)}); }, "", turned(6), rotated(-1), kJpegTolerance});
  cases->push_back(
      {row, "8, big endian.jpg", [=] { return with({Exif(8, false)}); }, "", turned(8), rotated(1), kJpegTolerance});
  cases->push_back({row, "3, then 6.jpg",
                    [=] {
                      return with({Exif(3), Exif(6)});
                    },
                    "", turned(3), rotated(2), kJpegTolerance});
  for (const int odd : {0, 1, 9, 65535})
    cases->push_back(
        {row, std::to_string(odd) + ".jpg", [=] { return with({Exif(odd)}); }, "", {}, Expected, kJpegTolerance});
  cases->push_back(
      {row, "of the wrong type.jpg", [=] { return with({Exif(6, true, 4)}); }, "", {}, Expected, kJpegTolerance});
  cases->push_back({row, "cut.jpg", [=] { return with({Exif(6).substr(0, 12)}); }, "", {}, Expected, kJpegTolerance});
  cases->push_back({row,
                    "directory outside.jpg",
                    [=] { return with({Replaced(Exif(6), 4, "\xf0\xff\xff\xff")}); },
                    "",
                    {},
                    Expected,
                    kJpegTolerance});
  cases->push_back({row,
                    "65,535 entries.jpg",
                    [=] { return with({Replaced(Exif(6), 8, "\xff\xff\x13")}); },
                    "",
                    {},
                    Expected,
                    kJpegTolerance});
  ImageCase ignored{row, "6, ignored.jpg", [=] { return with({Exif(6)}); }, "", {}, Expected, kJpegTolerance};
  ignored.rules.apply_exif = false;
  cases->push_back(ignored);
}

void AddProfiles(std::vector<ImageCase>* cases) {
  const auto with = [](const std::string& profile, size_t batches = 1) {
    JpegFile file;
    const size_t length = (profile.size() + batches - 1) / batches;
    for (size_t i = 0; i < batches; ++i) {
      const std::string numbers{static_cast<char>(i + 1), static_cast<char>(batches)};
      file.segments.push_back({0xE2, "ICC_PROFILE\0"s + numbers + profile.substr(i * length, length)});
    }
    return Plain(file);
  };
  const auto add = [&](const std::string& file, const std::function<std::string()>& bytes, bool warns) {
    const std::vector<std::string> warnings =
        warns ? std::vector<std::string>{kProfileWarning} : std::vector<std::string>{};
    cases->push_back({"colour profile", file, bytes, "", warnings, Expected, kJpegTolerance});
  };
  add(
      "srgb.jpg", [=] { return with(IccProfile("sRGB IEC61966-2.1")); }, false);
  add(
      "srgb version 4.jpg", [=] { return with(IccProfile("sRGB built-in", true)); }, false);
  add(
      "srgb in three batches.jpg", [=] { return with(IccProfile("sRGB IEC61966-2.1"), 3); }, false);
  add(
      "adobe.jpg", [=] { return with(IccProfile("Adobe RGB (1998)")); }, true);
  add(
      "display p3 version 4.jpg", [=] { return with(IccProfile("Display P3", true)); }, true);
  add(
      "adobe in two batches.jpg", [=] { return with(IccProfile("Adobe RGB (1998)"), 2); }, true);
  add(
      "cut profile.jpg", [=] { return with(IccProfile("sRGB IEC61966-2.1").substr(0, 130)); }, true);
}

}  // namespace

std::vector<ImageCase> JpegCases() {
  std::vector<ImageCase> cases;
  cases.push_back({"progressive JPEG", "sequential.jpg", [] { return Plain(); }, "", {}, Expected, kJpegTolerance});
  AddTruncated(&cases);
  AddDamaged(&cases);
  AddScans(&cases);
  AddGrey(&cases);
  AddFourColours(&cases);
  AddExif(&cases);
  AddProfiles(&cases);
  return cases;
}

}  // namespace tint::testing
