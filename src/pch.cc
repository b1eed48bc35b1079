// SPDX-License-Identifier: Apache-2.0
// The object library whose precompiled header the others share needs a source.
