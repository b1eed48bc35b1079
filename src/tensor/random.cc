// SPDX-License-Identifier: Apache-2.0
#include "tint/tensor/random.h"

#include <ATen/ops/empty.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <string>

#include "tint/base/error.h"
#include "tint/base/sha256.h"

namespace tint {
namespace {

// No two keys have the same bytes: numbers have 8 of them, the text is preceded by its length.
std::string Encode(const StreamKey& key) {
  std::string bytes = "tint stream 1\n";
  auto add = [&bytes](uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(number >> shift & 0xFF);
  };
  add(key.seed);
  add(key.stage.size());
  bytes += key.stage;
  add(key.episode_idx);
  add(key.class_idx);
  add(key.index);
  return bytes;
}

// Words `index` and `index` + 1 of 32 bits of a hash; the first is the lower one.
uint64_t WordPair(const std::string& hex, size_t index) {
  const auto word = [&](size_t i) { return uint64_t{std::stoul(hex.substr(8 * i, 8), nullptr, 16)}; };
  return word(index + 1) << 32 | word(index);
}

}  // namespace

// 128 bits of the hash choose the stream: the seed is the key, the subsequence the upper half of the counter. Its lower
// half numbers the stream's 2^64 blocks.
RandomStream::RandomStream(const StreamKey& key) : engine_(0, 0, 0) {
  const std::string hash = Sha256Hex(Encode(key));
  engine_ = at::Philox4_32(WordPair(hash, 0), WordPair(hash, 2), 0);
}

uint64_t RandomStream::Bits64() {
  const uint64_t high = Bits();
  return high << 32 | Bits();
}

double RandomStream::Uniform() { return static_cast<double>(Bits64() >> 11) * 0x1p-53; }

double RandomStream::Normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));  // 1 - [0, 1) is never 0
  const double angle = 2.0 * std::numbers::pi * Uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

int64_t RandomStream::Integer(int64_t low, int64_t high) {
  TINT_CHECK_LE(low, high);
  const uint64_t last = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  const uint64_t count = last + 1;  // 0: 2^64
  uint64_t bits = Bits64();
  if (count != 0) {
    const uint64_t unfair = (0 - count) % count;  // 2^64 mod count: so many words would make some results likelier
    while (bits < unfair) bits = Bits64();
    bits %= count;
  }
  return static_cast<int64_t>(static_cast<uint64_t>(low) + bits);
}

at::Tensor RandomStream::Normal(c10::IntArrayRef shape) {
  at::Tensor out = at::empty(shape, at::kFloat);
  float* values = out.mutable_data_ptr<float>();
  for (int64_t i = 0; i < out.numel(); ++i) values[i] = static_cast<float>(Normal());
  return out;
}

at::Tensor RandomStream::Uniform(c10::IntArrayRef shape) {
  at::Tensor out = at::empty(shape, at::kFloat);
  float* values = out.mutable_data_ptr<float>();
  // 24 bits are what a float holds exactly; more would round up to 1.
  for (int64_t i = 0; i < out.numel(); ++i) values[i] = static_cast<float>(Bits() >> 8) * 0x1p-24f;
  return out;
}

std::vector<int64_t> RandomStream::Permutation(int64_t n) {
  TINT_CHECK_GE(n, 0);
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (int64_t i = n - 1; i > 0; --i)
    std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(Integer(0, i))]);
  return order;
}

}  // namespace tint
