// SPDX-License-Identifier: Apache-2.0
#include "fixtures.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "tint/base/file.h"
#include "tint/models/script_module.h"
#include "tint/tensor/safetensors.h"

namespace tint::testing {
namespace {

struct Row {
  std::string quantity;
  double difference, tolerance;
};

// One row a quantity: the largest difference of all that were compared under that name.
std::vector<Row>& Rows() {
  static std::vector<Row> rows;
  return rows;
}

class PrintTable : public ::testing::Environment {
  void TearDown() override {
    std::printf("| quantity | largest difference | tolerance |\n|---|---|---|\n");
    for (const Row& row : Rows())
      std::printf("| %s | %.2g | %.0e |\n", row.quantity.c_str(), row.difference, row.tolerance);
  }
};
[[maybe_unused]] const ::testing::Environment* const kTable = ::testing::AddGlobalTestEnvironment(new PrintTable);

std::string Path(const std::string& file) { return std::string(TINT_PARITY_FIXTURES) + "/" + file; }

ScriptModule Load(const std::string& file) {
  return ScriptModule::FromBytes(ReadFile(Path(file)), file, c10::Device(c10::kCPU), at::kFloat);
}

}  // namespace

const at::Tensor& Number(const std::string& name) {
  static const NamedTensors numbers = ParseSafetensors(ReadFile(Path("numbers.safetensors")), "numbers.safetensors");
  return numbers.at(name);
}

Denoiser ParityDenoiser() {
  return Denoiser(Load("denoiser.pt"),
                  {.sample_size = 8, .latent_channels = 4, .context_length = 77, .context_width = 16});
}

Autoencoder ParityAutoencoder() {
  return Autoencoder(Load("autoencoder.pt"), {.scale_factor = 0.18215, .image_size = 16, .spatial_factor = 2});
}

TextEncoder ParityTextEncoder() {
  return TextEncoder(Load("text_encoder.pt"),
                     {.embedding_width = 16, .context_width = 16, .context_length = 77, .vocabulary_size = 64});
}

void ExpectParity(const std::string& quantity, const at::Tensor& found, const at::Tensor& expected, double tolerance) {
  ASSERT_EQ(found.sizes(), expected.sizes()) << quantity;
  const at::Tensor wanted = expected.to(at::kDouble);
  const double difference =
      (found.to(at::kDouble) - wanted).abs().max().item<double>() / std::max(wanted.abs().max().item<double>(), 1e-30);
  EXPECT_LE(difference, tolerance) << quantity;
  for (Row& row : Rows()) {
    if (row.quantity != quantity) continue;
    row.difference = std::max(row.difference, difference);
    return;
  }
  Rows().push_back({quantity, difference, tolerance});
}

}  // namespace tint::testing
