// SPDX-License-Identifier: Apache-2.0
#include "tint/base/sha256.h"

#include <openssl/evp.h>

#include <vector>

#include "file_internal.h"
#include "tint/base/error.h"

namespace tint {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  TINT_CHECK(state_->context != nullptr && EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1)
      << "OpenSSL offers no SHA-256";
}

Sha256::~Sha256() = default;

void Sha256::Update(std::string_view bytes) {
  TINT_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::Hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  TINT_CHECK(EVP_DigestFinal_ex(state_->context, digest, &length) == 1) << "Hex was called twice";
  std::string out;
  out.reserve(2 * length);
  for (unsigned i = 0; i < length; ++i) {
    out += "0123456789abcdef"[digest[i] >> 4];
    out += "0123456789abcdef"[digest[i] & 15];
  }
  return out;
}

std::string Sha256Hex(std::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Hex();
}

std::string Sha256OfFile(const std::filesystem::path& path) {
  uint64_t size = 0;
  internal::Descriptor file(internal::OpenForReading(path, &size));
  std::vector<char> buffer(1 << 20);
  Sha256 hash;
  while (const size_t count = internal::ReadSome(file.number(), buffer.data(), buffer.size(), path)) {
    hash.Update({buffer.data(), count});
  }
  return hash.Hex();
}

}  // namespace tint
