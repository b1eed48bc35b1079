// SPDX-License-Identifier: Apache-2.0
// The images of each class after every stage, cut from the stages' contact sheets.
#include <algorithm>

#include "report_arms.h"
#include "tint/analysis/results.h"
#include "tint/artifacts/contact_sheets.h"
#include "tint/base/text.h"

namespace tint::internal {
namespace {

// A stage's sheet has a block of rows for each class; `shown` selects and describes the rows on the page.
struct SheetRow {
  size_t row;
  const char *caption, *what;
};
struct Sheet {
  const char* stage;
  size_t rows_of_class;
  std::vector<SheetRow> shown;
};

const std::vector<Sheet>& Sheets() {
  static const std::vector<Sheet> sheets = {
      {"super-resolve", 2, {{0, "support photos", "Support photos"}, {1, "super-resolved", "Super-resolved photos"}}},
      // Its first row shows the enlarged photos again.
      {"null-text-inversion",
       3,
       {{1, "autoencoder only", "Autoencoder reconstructions of the photos"},
        {2, "reconstructed", "Reconstructions by null-text inversion"}}},
      {"generate", 1, {{0, "generated", "Generated images"}}},
  };
  return sheets;
}

void AddSheet(const Sheet& sheet, const CompletedStage& stage, std::vector<Gallery>* galleries) {
  const std::vector<ContactStrip> rows = ReadContactSheet(stage, sheet.rows_of_class * galleries->size());
  for (size_t c = 0; c < galleries->size(); ++c) {
    for (const SheetRow& shown : sheet.shown) {
      const ContactStrip& strip = rows[c * sheet.rows_of_class + shown.row];
      (*galleries)[c].images.push_back({.caption = shown.caption,
                                        .alt = std::string(shown.what) + " of class " + (*galleries)[c].title,
                                        .png = strip.png,
                                        .width = static_cast<int>(strip.width),
                                        .height = static_cast<int>(strip.height)});
    }
  }
}

std::vector<Gallery> GalleriesOf(const StagesOfEpisode& stages) {
  std::vector<Gallery> galleries;
  for (const std::string& name : ClassesOf(stages).names) galleries.push_back({.title = name});
  if (galleries.empty()) return galleries;
  for (const Sheet& sheet : Sheets()) {
    const auto found = stages.find(sheet.stage);
    if (found != stages.end()) AddSheet(sheet, found->second, &galleries);
  }
  std::erase_if(galleries, [](const Gallery& gallery) { return gallery.images.empty(); });
  return galleries;
}

}  // namespace

PageSection ImageSection(const std::vector<ReportArm>& arms, int64_t episodes) {
  PageSection section{.id = "images", .title = "Images", .blocks = {}};
  for (const ReportArm& arm : arms) {
    int64_t shown = 0;
    std::vector<std::string> others;
    for (const auto& [episode_idx, stages] : arm.episodes) {
      if (shown == episodes) {
        if (stages.count("super-resolve") > 0) others.push_back(EpisodeLabel(episode_idx));
        continue;
      }
      const std::vector<Gallery> galleries = GalleriesOf(stages);
      if (galleries.empty()) continue;
      ++shown;
      const bool photos = episode_idx == kSupportEpisode;
      section.blocks.push_back(SubHeading{(arms.size() > 1 ? Heading(arm, arms) + ", " : "") +
                                          (photos ? "support photos" : "episode " + EpisodeLabel(episode_idx))});
      section.blocks.insert(section.blocks.end(), galleries.begin(), galleries.end());
    }
    if (!others.empty())
      section.blocks.push_back(Paragraph{"Not shown, because --image-episodes is " + std::to_string(episodes) +
                                         ": episodes " + Join(others, ", ") + " of " + Heading(arm, arms) + "."});
  }
  return section;
}

}  // namespace tint::internal
