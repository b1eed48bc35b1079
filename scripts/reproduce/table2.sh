#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Table 2: sources of synthetic images, and teachers of synthetic and base images.
# shellcheck source-path=SCRIPTDIR source=common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"

help() {
  cat <<'TEXT'
scripts/reproduce/table2.sh --models DIR [OPTIONS] [-- OPTIONS OF tint specialize]

The ablation of sources and teachers (Table 2): one row for each, on 5 fixed validation episodes of miniImageNet with
the pre-trained student. The name of each row contains the published accuracy. Rows of other generators need their
images, a folder for each class of the five episodes; without them, they are skipped.

  --student NAME   resnet12 (default, the paper's) or conv4
  --nao DIR        images of NAO with SeedSelect
  --laion DIR      images retrieved from LAION
  --only NAME      only this row (the first word of its name)
TEXT
}

student=resnet12 nao='' laion=''
own_option() {
  case $1 in
    --student) student=$2 ;;
    --nao) nao=$2 ;;
    --laion) laion=$2 ;;
    --only) only=$2 ;;
    *) return 1 ;;
  esac
}
parse "$@"
episodes=$(list miniimagenet-val-5way-5shot-5)

# name (published %) | folder | options
table2() {
  local name=$1 folder=$2
  shift 2
  if ! selected "$name"; then return; fi
  row "$name" "$run/$folder" "$episodes" 5 --dataset miniimagenet --student "$student" "$@"
}

# Teachers of synthetic and base images: PMF is the model set's teacher, LH is LabelHalluc's logistic regression, none
# means the class that an image was generated for.
lh_base=(--distill.base-labels logistic-regression)
lh_synthetic=(--distill.synthetic-labels logistic-regression)
no_teacher=(--distill.synthetic-labels class)
# Generators without null-text inversion: the learned embedding, the empty prompt, and noise (alpha 1).
embedding_only=(--null-text-inversion.method bypass --generate.alpha 1)

table2 'lh-lh (87.7)' tint "${lh_synthetic[@]}" "${lh_base[@]}"
table2 'none-lh (89.5)' tint "${no_teacher[@]}" "${lh_base[@]}"
table2 'none-pmf (91.9)' tint "${no_teacher[@]}"
table2 'pmf-pmf (94.1)' tint
table2 'tint-1k (93.6)' tint --distill.synthetic-images 1000
table2 'no-synthetic (91.4)' base --distill.synthetic-weight 0
table2 'ti (92.1)' ti "${embedding_only[@]}" --super-resolve.super-resolution never --textual-inversion.min-timestep 0
table2 'ti-sr-full-t (93.3)' ti-sr-full "${embedding_only[@]}" --textual-inversion.min-timestep 0
table2 'ti-sr-limited-t (93.5)' ti-sr "${embedding_only[@]}"
if [ -n "$nao" ]; then
  table2 'nao-1k-none (89.3)' nao --synthetic-folder "$nao" --distill.synthetic-images 1000 "${no_teacher[@]}"
  table2 'nao-1k-pmf (90.4)' nao --synthetic-folder "$nao" --distill.synthetic-images 1000
fi
if [ -n "$laion" ]; then table2 'laion (92.9)' laion --synthetic-folder "$laion"; fi
