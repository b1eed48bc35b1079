// SPDX-License-Identifier: Apache-2.0
// Contracts at borders: shape, dtype, range, with the tensor's name and both values in the message.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/ArrayRef.h>

#include <string>

namespace tint {

// -1 in `shape` accepts any size. Throws Error(kInternal).
void CheckShape(const at::Tensor& tensor, c10::IntArrayRef shape, const std::string& name);
void CheckDtype(const at::Tensor& tensor, at::ScalarType dtype, const std::string& name);

// Throws Error(kInternal, "<what>: N of M values are not finite ...") if any value is NaN or infinite. Reads the tensor
// once; on a GPU it costs one synchronisation, so call it on sums and at the end of loops.
void CheckFinite(const at::Tensor& tensor, const std::string& what);

// "float32 [2, 3, 84, 84] cpu"
std::string DescribeTensor(const at::Tensor& tensor);

}  // namespace tint
