#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fig. 5: accuracy over iterations.
# shellcheck source-path=SCRIPTDIR source=common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"

help() {
  cat <<'TEXT'
scripts/reproduce/iterations.sh --models DIR [OPTIONS] [-- OPTIONS OF tint specialize]

Accuracy over the iterations of distillation (Fig. 5), on 5 fixed validation episodes of miniImageNet: runs of 300 and
of 10,000 steps, with and without synthetic images, evaluated 30 and 40 times. The curves are in the distill results;
the images are generated once.

  --student NAME   resnet12 (default) or conv4
TEXT
}

student=resnet12
own_option() {
  case $1 in
    --student) student=$2 ;;
    *) return 1 ;;
  esac
}
parse "$@"
episodes=$(list miniimagenet-val-5way-5shot-5)

for steps in 300 10000; do
  every=$((steps == 300 ? 10 : 250))
  curve=(--dataset miniimagenet --student "$student" --distill.steps "$steps" --distill.evaluate-every "$every")
  row "tint-$steps" "$run/tint" "$episodes" 5 "${curve[@]}"
  row "no-synthetic-$steps" "$run/tint" "$episodes" 5 "${curve[@]}" --distill.synthetic-weight 0
done
