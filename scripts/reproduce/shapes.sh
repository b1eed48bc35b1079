#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The benefit of generated images on the synthetic shapes data set, on 40 test episodes.
# shellcheck source-path=SCRIPTDIR source=common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"

help() {
  cat <<'TEXT'
scripts/reproduce/shapes.sh --models DIR [OPTIONS] [-- OPTIONS OF tint specialize]

Three arms with the same student, teacher and number of steps, paired by episode, on the first 40 test episodes of the
synthetic shapes data set (5-way 5-shot, all other images as queries): no synthetic images, plain textual inversion, and
TINT. Then the pairwise differences, the Frechet distance of each generating arm, and a report. The data set is created
in $TINT_DATA/demo if it is missing; without TINT_DATA, in the run folder.

  --split NAME     test (default), or val for choosing options
  --part NAME      arms (default), or an ablation on the first 10 episodes: alpha, components, images, teachers
  --only NAME      only this row (the first word of its name), for instance to use several machines
  --config FILE    options of all rows (default configs/shapes.json)
TEXT
}

split=test part=arms config=$root/configs/shapes.json
own_option() {
  case $1 in
    --split) split=$2 ;;
    --part) part=$2 ;;
    --only) only=$2 ;;
    --config) config=$2 ;;
    *) return 1 ;;
  esac
}
parse "$@"
export TINT_DATA=${TINT_DATA:-$run/data}
case $split in test | val) ;; *) usage "--split $split: test or val" ;; esac
case $part in
  arms | alpha | components | images | teachers) ;;
  *) usage "--part $part: arms, alpha, components, images or teachers" ;;
esac

call dataset synthesize --out "$TINT_DATA/demo"
case $split in
  test) episodes=$(list demo-test-5way-5shot) ;;
  val) episodes=$(list demo-val-5way-5shot-40) ;;
esac
if [ "$dry" = 0 ]; then mkdir -p "$run"; fi

names=() # of the rows so far, as options of the report
# name | folder | number of episodes | options; rows that differ only after generation share a folder.
arm() {
  local name=$1 folder=$run/$split-$2 number=$3
  shift 3
  if ! selected "$name"; then return; fi
  row "$name" "$folder" "$episodes" "$number" --dataset demo --config "$config" "$@"
  names+=(--name "$row_configuration=${name%% *}")
  call_to "$run/$split-${name%% *}.json" collect "$folder" --configuration "$row_configuration" --json
}

# A minus B, paired by episode, if both exist.
difference() {
  local a=$run/$split-$1.json b=$run/$split-$2.json
  if [ "$dry" = 0 ] && { [ ! -e "$a" ] || [ ! -e "$b" ]; }; then return; fi
  title "$1 - $2"
  call compare "$a" "$b"
}

none=(--distill.synthetic-weight 0)
plain=(--super-resolve.super-resolution never --textual-inversion.min-timestep 0 --null-text-inversion.method bypass
  --generate.alpha 1)

arms() {
  local folder
  arm 'none (no synthetic images)' tint 40 "${none[@]}"
  arm 'ti (plain textual inversion)' ti 40 "${plain[@]}"
  arm 'tint' tint 40
  difference tint none
  difference ti none
  difference tint ti
  if [ -n "$only" ]; then return; fi
  for folder in ti tint; do
    title "Frechet distance per class: $folder"
    call_to "$run/$split-fid-$folder.json" fid "demo:$split" "$run/$split-$folder" --models "$models" --per-class --json
  done
  call report "$run/$split-tint" "$run/$split-ti" --out "$run/$split.html" --force "${names[@]}" \
    --fid "$run/$split-fid-ti.json" --fid "$run/$split-fid-tint.json"
}

# A separate folder for an ablation, because the report and the Frechet distance cover everything in a folder. It starts
# as a copy of the tint arm's folder, so that embeddings, inversions and images are not computed again.
copy_of_tint() {
  local folder=$run/$split-$1
  if [ "$dry" = 0 ] && [ -d "$run/$split-tint" ] && [ ! -e "$folder" ]; then
    rm -rf "$folder.part"
    cp -r "$run/$split-tint" "$folder.part"
    mv "$folder.part" "$folder"
  fi
}

alphas() {
  local alpha
  copy_of_tint alpha
  for alpha in 0 0.25 0.5 0.75 1; do arm "alpha-$alpha" alpha 10 --generate.alpha "$alpha"; done
}

# TINT without one of its additions to plain textual inversion.
components() {
  copy_of_tint components
  arm 'plain-upscaling (bicubic, no super-resolution)' components 10 --super-resolve.super-resolution never
  arm 'all-timesteps (textual inversion samples them all)' components 10 --textual-inversion.min-timestep 0
  arm 'empty-prompt (instead of null-text embeddings)' components 10 --null-text-inversion.method bypass
}

counts() {
  local images # not `count`, which is the value of --count
  copy_of_tint images
  for images in 5 20 60; do arm "images-$images" images 10 --distill.synthetic-images "$images"; done
}

teachers() {
  copy_of_tint teachers
  arm 'labels-class (the class that an image was generated for)' teachers 10 --distill.synthetic-labels class
  arm 'labels-lr (logistic regression on the teacher)' teachers 10 --distill.synthetic-labels teacher-logistic-regression \
    --distill.base-labels teacher-logistic-regression
}

case $part in
  arms) arms ;;
  alpha) alphas ;;
  components) components ;;
  images) counts ;;
  teachers) teachers ;;
esac
