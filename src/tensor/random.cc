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

// Constants of Philox4x32 (Salmon et al. 2011, table 2 and section 3.3; Random123's philox.h): multipliers, and the
// Weyl steps of the key (golden ratio, square root of 3 less 1).
constexpr uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

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

uint32_t Word(const std::string& hex, size_t index) {
  return static_cast<uint32_t>(std::stoul(hex.substr(8 * index, 8), nullptr, 16));
}

}  // namespace

std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = uint64_t{kMultiplier0} * counter[0];
    const uint64_t product1 = uint64_t{kMultiplier1} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

// 128 bits of the hash choose the stream; the other half of the counter numbers its 2^64 blocks.
RandomStream::RandomStream(const StreamKey& key) : block_{} {
  const std::string hash = Sha256Hex(Encode(key));
  key_ = {Word(hash, 0), Word(hash, 1)};
  counter_ = {0, 0, Word(hash, 2), Word(hash, 3)};
}

uint32_t RandomStream::Bits() {
  if (used_ == 4) {
    block_ = Philox4x32(counter_, key_);
    if (++counter_[0] == 0) ++counter_[1];
    used_ = 0;
  }
  return block_[static_cast<size_t>(used_++)];
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
  const uint64_t count = last + 1;  // 0 stands for 2^64
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
