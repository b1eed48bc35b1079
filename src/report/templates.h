// SPDX-License-Identifier: Apache-2.0
// The files of src/report/templates, compiled in.
#pragma once

namespace tint::internal {

extern const char kPageTemplate[];
extern const char kBlockTemplate[];
extern const char kPageStyle[];

}  // namespace tint::internal
