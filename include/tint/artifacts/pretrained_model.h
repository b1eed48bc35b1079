// SPDX-License-Identifier: Apache-2.0
// The results of `tint pretrain student` and `tint pretrain teacher`, in WORK/pretrain-student/<key>/ and
// WORK/pretrain-teacher/<key>/:
//
//   backbone.pt     TorchScript: the student with the best validation accuracy, images -> features
//   pretrainer.pt   TorchScript: the last student with its heads, from which generation 1 learns
//   teacher.pt      TorchScript: the teacher with the best validation accuracy
//   curve.json      training_curves.h
//
// A student's result has the first two, a teacher's the third.
#pragma once

namespace tint {

inline constexpr char kBackboneFile[] = "backbone.pt";
inline constexpr char kPretrainerFile[] = "pretrainer.pt";
inline constexpr char kTeacherFile[] = "teacher.pt";

}  // namespace tint
