#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ablation of generators with the small student.
# shellcheck source-path=SCRIPTDIR source=common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"

help() {
  cat <<'TEXT'
scripts/reproduce/conv4.sh --models DIR [OPTIONS] [-- OPTIONS OF tint specialize]

The ablation with Conv4 on 5 fixed validation episodes of miniImageNet: images of TINT (published 81.7), of another
generator (67.3) and none, and methods without distillation.

  --nao DIR        images of NAO with SeedSelect, a folder per class; without it, its row is skipped
TEXT
}

nao=''
own_option() {
  case $1 in
    --nao) nao=$2 ;;
    *) return 1 ;;
  esac
}
parse "$@"
episodes=$(list miniimagenet-val-5way-5shot-5)

conv4() { row "$1" "$run/$2" "$episodes" 5 --dataset miniimagenet --student conv4 "${@:3}"; }

conv4 'tint (81.7)' tint
if [ -n "$nao" ]; then conv4 'nao (67.3)' nao --synthetic-folder "$nao"; fi
conv4 'no-synthetic' base --distill.synthetic-weight 0
conv4 'support-only' base --distill.synthetic-weight 0 --distill.base-weight 0
for method in nearest-centroid logistic-regression; do
  title "$method on the pre-trained student"
  call evaluate --dataset miniimagenet --episodes "$episodes" --method "$method" --backbone student --student conv4 \
    --models "$models"
done
