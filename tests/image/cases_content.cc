// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <sys/stat.h>

#include "cases.h"
#include "encoders.h"
#include "files.h"
#include "tint/image/encode.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

std::string Jpeg() { return MakeJpeg({.samples = Gradient()}); }
std::string Png() { return EncodePng(Gradient()); }
at::Tensor Expected() { return Gradient(); }

void AddFormats(std::vector<ImageCase>* cases) {
  const auto add = [&](const std::string& file, const std::string& bytes, const std::string& format) {
    cases->push_back({"another format", file, [=] { return bytes + std::string(200, '\1'); },
                      format + "; expected a JPEG or PNG image. Convert it, for example: convert INPUT OUTPUT.png"});
  };
  add("image.gif", "GIF89a", "a GIF image");
  add("old.gif", "GIF87a", "a GIF image");
  add("image.webp", "RIFF\x10\2\0\0WEBPVP8 "s, "a WebP image");
  add("little endian.tif", "II*\0"s, "a TIFF image");
  add("big endian.tif", "MM\0*"s, "a TIFF image");
  add("big.tif", "II+\0"s, "a BigTIFF image");
  add("image.bmp", "BM\x36\x10\0\0"s, "a BMP image");
  add("photo.heic",
      "\0\0\0\x18"
      "ftypheic"s,
      "a HEIC image");
  add("photo.heif",
      "\0\0\0\x18"
      "ftypmif1"s,
      "a HEIC image");
  add("image.avif",
      "\0\0\0\x18"
      "ftypavif"s,
      "an AVIF image");
  add("scan.dcm", std::string(128, '\0') + "DICM", "a DICOM image");
  add("drawing.svg", "<svg xmlns='http://www.w3.org/2000/svg'>", "an SVG image");
  add("declared.svg", "<?xml version='1.0'?>\n<!-- a drawing -->\n<svg>", "an SVG image");
  add("marked.svg", "\xEF\xBB\xBF  <!DOCTYPE svg>\n<SVG>", "an SVG image");
  add("paper.pdf", "%PDF-1.7", "a PDF document");
  add("image.jp2", "\0\0\0\x0cjP  \r\n\x87\n"s, "a JPEG 2000 image");
  add("image.jxl", "\xff\x0a", "a JPEG XL image");
  add("image.psd", "8BPS\0\1"s, "a Photoshop image");
  add("images.zip", "PK\3\4", "a zip archive");
  add("a gif named.jpg", "GIF89a", "a GIF image");
}

void AddNoImages(std::vector<ImageCase>* cases) {
  const auto add = [&](const std::string& file, const std::string& bytes, const std::string& reason) {
    cases->push_back({"no image", file, [=] { return bytes; }, reason});
  };
  add("empty.jpg", "", "an empty file; expected a JPEG or PNG image");
  add("one byte.jpg", "x", "not a known image format; it begins with x");
  add("half a signature.jpg", "\xff\xd8", R"(not a known image format; it begins with '\xff\xd8')");
  add("text.jpg", "These are no pixels at all.", "it begins with These are no pix");
  add("error.json.jpg", "{\"error\": \"not found\"}", "it begins with {\"error\": \"not f");
  add("zeros.jpg", std::string(1000, '\0'),
      R"(it begins with '\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00')");
  add("page.jpg", "<!DOCTYPE html>\n<html><head>", "an HTML page that begins with '<!DOCTYPE html>\\n'");
  add("second page.png", "\n\n  <HTML lang='en'><body>404</body>", "The download failed: fetch it again.");
  add("third page.jpg", "<!-- cached --><html>", "an HTML page that begins with <!-- cached --><");
}

void AddExtensions(std::vector<ImageCase>* cases) {
  const auto add = [&](const std::string& file, bool is_png, bool warns) {
    const std::string warning =
        is_png ? "is a png file; its extension does not match" : "is a jpeg file; its extension does not match";
    cases->push_back({"wrong extension", file, [=] { return is_png ? Png() : Jpeg(); }, "",
                      warns ? std::vector<std::string>{warning} : std::vector<std::string>{}, Expected,
                      is_png ? 0 : kJpegTolerance});
  };
  add("right.PNG", true, false);
  add("right.Jpg", false, false);
  add("right.jpeg", false, false);
  add("png.jpg", true, true);
  add("jpeg.png", false, true);
  add("no extension", false, true);
  add("text.txt", true, true);
  add(".png", true, true);  // the whole name, no extension
}

void AddSizes(std::vector<ImageCase>* cases) {
  const auto add = [&](int64_t width, int64_t height, const std::string& reason, bool warns = false) {
    const auto warnings = warns ? std::vector<std::string>{kLongWarning} : std::vector<std::string>{};
    const std::string name = std::to_string(width) + "x" + std::to_string(height);
    const auto pixels = [=] { return Gradient(height, width); };
    cases->push_back({"size", name + ".png", [=] { return EncodePng(pixels()); }, reason, warnings, pixels});
  };
  add(1, 1, "1 x 1 pixels; expected at least 16 pixels on each side");
  add(8, 3000, "8 x 3000 pixels");
  add(15, 16, "15 x 16 pixels");
  add(16, 15, "16 x 15 pixels");
  add(16, 16, "");
  add(16, 48, "");
  add(16, 49, "", true);
  add(49, 16, "", true);
  add(3000, 20, "", true);
  const auto photo = [] { return Gradient(3648, 5472); };
  cases->push_back(
      {"size", "20 megapixels.jpg", [=] { return MakeJpeg({.samples = photo()}); }, "", {}, photo, kJpegTolerance});
  ImageCase small{"size", "1x1, allowed.png",           [] { return EncodePng(Gradient(1, 1)); }, "",
                  {},     [] { return Gradient(1, 1); }};
  small.rules.min_side = 1;
  cases->push_back(small);
  ImageCase large{"size", "too many bytes.png", Png, "expected at most"};
  large.rules.max_bytes = 100;
  cases->push_back(large);
}

void AddTrailing(std::vector<ImageCase>* cases) {
  const auto add = [&](const std::string& file, const std::string& bytes, double tolerance) {
    cases->push_back({"bytes after the end", file, [=] { return bytes; }, "", {kTrailingWarning}, Expected, tolerance});
  };
  add("garbage.jpg", Jpeg() + "garbage", kJpegTolerance);
  add("second image.jpg", Jpeg() + Jpeg(), kJpegTolerance);
  add("one zero.jpg", Jpeg() + '\0', kJpegTolerance);
  add("garbage.png", Png() + "garbage", 0);
  add("second image.png", Png() + Png(), 0);
}

void AddPaths(std::vector<ImageCase>* cases) {
  const auto good = [&](const std::string& file) { cases->push_back({"path", file, Png, "", {}, Expected}); };
  good("with blanks .png");
  good("it's \"quoted\".png");
  good("new\nline.png");
  good(
      "gr\xC3\xBC\xC3\x9F"
      "e.png");
  good("\xff\xfe not UTF-8.png");
  good("-rf.png");
  good(std::string(251, 'n') + ".png");
  const auto text = [] { return "no pixels"s; };
  for (const char* file : {"text in a new\nline.png", " text 'quoted'.png", "text \xff.png",
                           "text gr\xC3\xBC\xC3\x9F"
                           "e.png"})
    cases->push_back({"path", file, text, "not a known image format"});
  const auto bad = [&](const std::string& file, const std::string& reason,
                       const std::function<void(const fs::path&)>& prepare, ExitCode code = ExitCode::kBadInput) {
    ImageCase entry{"path", file, {}, reason};
    entry.prepare = prepare;
    entry.code = code;
    cases->push_back(entry);
  };
  bad("folder.png", "is a folder", [](const fs::path& path) { fs::create_directory(path); });
  bad("pipe.png", "is a pipe, socket or device", [](const fs::path& path) { mkfifo(path.c_str(), 0600); });
  bad("device.png", "is a pipe, socket or device", [](const fs::path& path) { fs::create_symlink("/dev/zero", path); });
  bad("loop.png", "cannot be opened", [](const fs::path& path) { fs::create_symlink(path, path); });
  bad(std::string(300, 'n') + ".png", "cannot be opened", [](const fs::path&) {});
  std::string deep;
  while (deep.size() < 4096) deep += std::string(60, 'd') + "/";
  bad(deep + "x.png", "cannot be opened", [](const fs::path&) {});
  bad(
      "missing.png", "does not exist", [](const fs::path&) {}, ExitCode::kMissingInput);
  bad(
      "broken link.png", "does not exist", [](const fs::path& path) { fs::create_symlink("nowhere", path); },
      ExitCode::kMissingInput);
  ImageCase link{"path", "link.png", {}, "", {}, Expected};
  link.prepare = [](const fs::path& path) {
    WriteAll(path.parent_path() / "real.png", Png());
    fs::create_symlink("real.png", path);
  };
  cases->push_back(link);
}

}  // namespace

std::vector<ImageCase> ContentCases() {
  std::vector<ImageCase> cases;
  AddFormats(&cases);
  AddNoImages(&cases);
  AddExtensions(&cases);
  AddSizes(&cases);
  AddTrailing(&cases);
  AddPaths(&cases);
  return cases;
}

}  // namespace tint::testing
