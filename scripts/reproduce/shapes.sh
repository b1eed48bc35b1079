#!/usr/bin/env bash
# The drawn world: what generated pictures are worth, on 40 test episodes.
# shellcheck source-path=SCRIPTDIR source=common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"

help() {
  cat <<'TEXT'
scripts/reproduce/demo-world.sh --models DIR [OPTIONS] [-- OPTIONS OF tint specialize]

Three arms with the same student, teacher and budget, paired by episode, on the first 40 test episodes of the drawn
world (5-way 5-shot, all other pictures as queries): no synthetic pictures, plain textual inversion, TINT. Then the differences of
each two, each generating arm's Frechet distance, and a report. The world is drawn into $TINT_DATA/demo unless it is
there; without TINT_DATA, into the run folder.

  --split NAME     test (default), or val: what may be looked at while choices are made
  --part NAME      arms (default); or an ablation on the first 10 episodes: alpha, components, images, teachers
  --only NAME      this row alone (the first word of its name): another machine or session does the rest
  --config FILE    options of all rows (default configs/demo-world.json)
TEXT
}

split=test part=arms config=$root/configs/demo-world.json
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

call demo draw --out "$TINT_DATA/demo"
case $split in
  test) episodes=$(list demo-test-5way-5shot) ;;
  val) episodes=$(list demo-val-5way-5shot-40) ;;
esac
if [ "$dry" = 0 ]; then mkdir -p "$run"; fi

names=() # of the rows so far, as the report takes them
# name | folder | number of episodes | options; rows share a folder where only what follows generation differs.
arm() {
  local name=$1 folder=$run/$split-$2 number=$3
  shift 3
  if ! chosen "$name"; then return; fi
  row "$name" "$folder" "$episodes" "$number" --dataset demo --config "$config" "$@"
  names+=(--name "$row_configuration=${name%% *}")
  call_to "$run/$split-${name%% *}.json" collect "$folder" --configuration "$row_configuration" --json
}

# A minus B, paired by episode, when both are there.
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
  arm 'none (no synthetic pictures)' tint 40 "${none[@]}"
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

# A folder of an ablation's own: the report shows all that the arm's folder holds, and its distance is that of all pictures
# there. What that arm has learnt, inverted and generated is not computed again.
beside_tint() {
  local folder=$run/$split-$1
  if [ "$dry" = 0 ] && [ -d "$run/$split-tint" ] && [ ! -e "$folder" ]; then
    rm -rf "$folder.part"
    cp -r "$run/$split-tint" "$folder.part"
    mv "$folder.part" "$folder"
  fi
}

alphas() {
  local alpha
  beside_tint alpha
  for alpha in 0 0.25 0.5 0.75 1; do arm "alpha-$alpha" alpha 10 --generate.alpha "$alpha"; done
}

# Each without one of what TINT has beyond plain textual inversion.
components() {
  beside_tint components
  arm 'plain-upscaling (bicubic, no super-resolution)' components 10 --super-resolve.super-resolution never
  arm 'all-timesteps (textual inversion draws them all)' components 10 --textual-inversion.min-timestep 0
  arm 'empty-prompt (in place of null-text embeddings)' components 10 --null-text-inversion.method bypass
}

counts() {
  local images # not `count`, which is --count's
  beside_tint images
  for images in 5 20 60; do arm "images-$images" images 10 --distill.synthetic-images "$images"; done
}

teachers() {
  beside_tint teachers
  arm 'labels-class (the class that a picture was generated for)' teachers 10 --distill.synthetic-labels class
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
