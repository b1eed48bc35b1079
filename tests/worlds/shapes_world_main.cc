// tint_world FOLDER CLIP_MODEL [SHOTS QUERIES BASE_IMAGES SEED]: writes the shapes world, for scripts/demo and system
// tests.
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "shapes_world.h"
#include "tint/tensor/device.h"

int main(int argc, char** argv) {
  if (argc < 3 || argc > 7) {
    std::fprintf(stderr, "usage: tint_world FOLDER CLIP_MODEL [SHOTS QUERIES BASE_IMAGES SEED]\n");
    return 64;
  }
  try {
    tint::SetUpTensorLibrary(0);
    tint::testing::ShapesWorldSize size;
    if (argc > 3) size.shots = std::atoll(argv[3]);
    if (argc > 4) size.queries = std::atoll(argv[4]);
    if (argc > 5) size.base_images = std::atoll(argv[5]);
    if (argc > 6) size.seed = static_cast<uint64_t>(std::atoll(argv[6]));
    tint::testing::WriteShapesWorld(argv[1], argv[2], size);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tint_world: %s\n", error.what());
    return 70;
  }
  return 0;
}
