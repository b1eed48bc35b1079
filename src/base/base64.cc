// SPDX-License-Identifier: Apache-2.0
#include "tint/base/base64.h"

#include <openssl/evp.h>

#include <climits>

#include "tint/base/error.h"

namespace tint {

std::string Base64(std::string_view bytes) {
  TINT_CHECK_LE(bytes.size(), static_cast<size_t>(INT_MAX) / 2) << "too large for one data: URI";
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends with a NUL
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(length));
  return text;
}

}  // namespace tint
