#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fig. 3: the weight of fresh noise.
# shellcheck source-path=SCRIPTDIR source=common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"

help() {
  cat <<'TEXT'
scripts/reproduce/alpha.sh --models DIR [OPTIONS] [-- OPTIONS OF tint specialize]

The weight alpha of fresh noise in the initial latent (Fig. 3), on 5 fixed validation episodes of miniImageNet: images
(contact.png of each generate result) and accuracy for each alpha. Embeddings and inversions are computed once.

  --alphas LIST    default 0,0.2,0.4,0.6,0.8,1,random (random: uniform for each image)
  --student NAME   resnet12 (default) or conv4
TEXT
}

alphas=0,0.2,0.4,0.6,0.8,1,random student=resnet12
own_option() {
  case $1 in
    --alphas) alphas=$2 ;;
    --student) student=$2 ;;
    *) return 1 ;;
  esac
}
parse "$@"
episodes=$(list miniimagenet-val-5way-5shot-5)

for alpha in ${alphas//,/ }; do
  blend=(--generate.alpha "$alpha")
  if [ "$alpha" = random ]; then blend=(--generate.random-alpha); fi
  row "alpha-$alpha" "$run/tint" "$episodes" 5 --dataset miniimagenet --student "$student" "${blend[@]}"
done
