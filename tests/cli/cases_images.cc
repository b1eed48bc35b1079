// SPDX-License-Identifier: Apache-2.0
// Each kind of bad image once as a support photo (tests/image has each in many forms). Also records
// of a run that were changed by hand or made by a newer program.
#include <ATen/ATen.h>
#include <sys/stat.h>

#include <utility>

#include "bad_cases.h"
#include "encoders.h"
#include "files.h"
#include "tint/base/json.h"
#include "tint/image/encode.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

constexpr ExitCode kBad = ExitCode::kBadInput;

std::string Photo(int64_t width = 48) { return EncodePng(Gradient(40, width)); }

// Two classes with a good photo each.
void WriteGoodPhotos(const fs::path& here) {
  WriteAll(here / "photos/cat/1.png", Photo(48));
  WriteAll(here / "photos/dog/1.png", Photo(50));
}

std::string Transparent() {
  return MakePng({.colour = 6, .sample = [](int64_t, int64_t, int64_t c) { return c == 3 ? 0u : 200u; }});
}

// Only the header says so; the pixels would take 2.7 GB.
std::string Bomb(uint32_t side) {
  return kPngSignature + Header(side, side, 8, 2) + Chunk("IDAT", Compress("x")) + Chunk("IEND", "");
}

void AddContents(std::vector<BadCase>* cases) {
  const auto add = [&](const std::string& name, const std::string& file, const std::string& bytes,
                       const std::string& reason) {
    cases->push_back({.name = "Image" + name,
                      .arguments = Photos({}, "{here}/photos"),
                      .code = kBad,
                      .message = {"{here}/photos/cat/" + file + ": image: " + reason},
                      .prepare = [file, bytes](const fs::path& here) {
                        WriteGoodPhotos(here);
                        WriteAll(here / "photos/cat" / file, bytes);
                      }});
  };
  const std::string jpeg = MakeJpeg({.samples = Gradient()});
  const std::string damaged = "a damaged ";
  std::string flipped = Photo();
  flipped[flipped.find("IDAT") + 40] ^= 4;
  add("TruncatedJpeg", "half.jpg", jpeg.substr(0, jpeg.size() / 2), damaged + "JPEG (");
  add("JpegWithManyScans", "scans.jpg", MakeJpeg({.samples = Gradient(), .scans = 150}),
      damaged + "JPEG (more than 100 scans)");
  add("TruncatedPng", "half.png", Photo().substr(0, Photo().size() / 2), damaged + "PNG (");
  add("FlippedPng", "flipped.png", flipped, damaged + "PNG (");
  add("NoBytes", "empty.jpg", "", "an empty file; expected a JPEG or PNG image");
  add("Html", "page.jpg", "<!DOCTYPE html>\n<html><head>", "an HTML page that begins with '<!DOCTYPE html>");
  add("Gif", "moving.gif", "GIF89a" + std::string(200, '\1'), "a GIF image; expected a JPEG or PNG image. Convert it");
  add("Bomb", "bomb.png", Bomb(30000), "30000 x 30000 pixels; expected at most ");
  add("OnePixel", "one.png", EncodePng(Gradient(1, 1)), "1 x 1 pixels; expected at least 16 pixels on each side");
  add("Transparent", "glass.png", Transparent(), "");
}

void AddRepeated(std::vector<BadCase>* cases) {
  const auto add = [&](const std::string& name, const std::string& message, const std::string& second) {
    cases->push_back({.name = "Image" + name,
                      .arguments = Photos({}, "{here}/photos"),
                      .code = kBad,
                      .message = {message},
                      .prepare = [second](const fs::path& here) {
                        WriteGoodPhotos(here);
                        WriteAll(here / "photos" / second, Photo(48));
                      }});
  };
  add("TwiceInAClass",
      "{here}/photos/cat/2.png: this support is the same image, byte for byte, as the support "
      "{here}/photos/cat/1.png; "
      "expected different images",
      "cat/2.png");
  add("InTwoClasses",
      "{here}/photos/dog/2.png: this support is the same image, byte for byte, as the support "
      "{here}/photos/cat/1.png; "
      "expected different images",
      "dog/2.png");
  const auto add_folder = [&](const std::string& name, const std::string& message,
                              const std::function<void(const fs::path& here)>& prepare) {
    cases->push_back({"Image" + name, Photos({}, "{here}/photos"), kBad, {message}, "", {}, prepare});
  };
  add_folder("IsAPipe", "{here}/photos/cat/2.png: is a pipe, socket or device; expected an image",
             [](const fs::path& here) {
               WriteGoodPhotos(here);
               ASSERT_EQ(mkfifo((here / "photos/cat/2.png").c_str(), 0600), 0);
             });
  add_folder("ClassWithoutPhotos", "{here}/photos/emu: the class has no files; expected JPEG or PNG images",
             [](const fs::path& here) {
               WriteGoodPhotos(here);
               fs::create_directory(here / "photos/emu");
             });
  add_folder("NoClass", "{here}/photos: contains no class folder, only 1 files; expected one folder per class",
             [](const fs::path& here) { WriteAll(here / "photos/1.png", Photo()); });
  cases->push_back({.name = "ImageOfAnotherClass",
                    .arguments = Photos({"--query", "{here}/queries"}),
                    .code = kBad,
                    .message = {"{here}/queries: query classes without supports: red-disk; expected the classes of the "
                                "supports: ",
                                "Did you mean 'red-disc'?"},
                    .prepare = [](const fs::path& here) { WriteAll(here / "queries/red-disk/1.png", Photo()); }});
  // No stage before the last may open a query, so the whole pipeline runs until it is seen.
  cases->push_back({.name = "ImageOfSupportAndQuery",
                    .arguments = {"specialize", "--json", "--progress", "none", "--config", "{small}", "--run", "{run}",
                                  "--models", "{models}", "--support", "{here}/photos", "--query", "{here}/queries"},
                    .code = kBad,
                    .message = {"{here}/queries/dog/2.png: this query is the same image, byte for byte, as the support "
                                "{here}/photos/cat/1.png; expected different images"},
                    .prepare = [](const fs::path& here) {
                      WriteGoodPhotos(here);
                      WriteAll(here / "queries/cat/1.png", Photo(52));
                      WriteAll(here / "queries/dog/2.png", Photo(48));
                    }});
}

}  // namespace

std::vector<BadCase> ImageCases() {
  std::vector<BadCase> cases;
  AddContents(&cases);
  AddRepeated(&cases);
  return cases;
}

std::vector<BadCase> RunFolderCases() {
  std::vector<BadCase> cases;
  const auto add = [&](const std::string& name, ExitCode code, const std::string& message,
                       const std::function<void(const fs::path& manifest)>& change) {
    cases.push_back({.name = "Run" + name,
                     .arguments = {"verify", "--json", "{here}/copy"},
                     .code = code,
                     .message = {"{here}/copy/run.json" + message},
                     .prepare = [change](const fs::path& here) {
                       fs::copy(ThePlaces().whole, here / "copy", fs::copy_options::recursive);
                       change(here / "copy/run.json");
                     }});
  };
  add("ManifestEdited", ExitCode::kCorrupt, "", [](const fs::path& manifest) {
    std::string text = ReadAll(manifest);
    text[text.find("\"float32\"") + 1] = 'F';
    WriteAll(manifest, text);
  });
  add("ManifestOfANewerProgram", ExitCode::kBadConfiguration, ":2:13: schema: is 3, as tint 3.1 writes it; ",
      [](const fs::path& manifest) {
        Json json = Json::parse(ReadAll(manifest));
        json["schema"] = 3;
        json["tint"] = "3.1";
        WriteAll(manifest, SealJson(json));
      });
  add("ManifestCutOff", ExitCode::kCorrupt, ":",
      [](const fs::path& manifest) { WriteAll(manifest, ReadAll(manifest).substr(0, 100)); });
  add("ManifestIsALink", ExitCode::kCorrupt, ": is a link, a folder or a device; expected the regular file",
      [](const fs::path& manifest) {
        fs::rename(manifest, manifest.parent_path().parent_path() / "moved.json");
        fs::create_symlink("../moved.json", manifest);
      });
  return cases;
}

}  // namespace tint::testing
