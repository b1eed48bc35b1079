#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# FID of each generator's images.
# shellcheck source-path=SCRIPTDIR source=common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"

help() {
  cat <<'TEXT'
scripts/reproduce/fid.sh --models DIR [OPTIONS] [-- OPTIONS OF every stage]

FID of the generators (64 features, 300 generated against 300 real images of each class, mean over 5 classes and then
over 5 validation episodes of miniImageNet). Published: NAO+SS 13.0, textual inversion alone 8.0, with
super-resolution and limited timesteps 4.0, TINT 2.7. With the --run of table2.sh its images are used again.

  --images N       number of images to generate per class (default 4000, as in table2.sh; 300 are compared)
  --nao DIR        images of NAO with SeedSelect, a folder per class; without it, its row is skipped
TEXT
}

images=4000 nao=''
own_option() {
  case $1 in
    --images) images=$2 ;;
    --nao) nao=$2 ;;
    *) return 1 ;;
  esac
}
parse "$@"
episodes=$(list miniimagenet-val-5way-5shot-5)

measure() {
  title "$1"
  call fid miniimagenet:val "$2" --models "$models" --per-class
}

# name (published) | folder | options of super-resolve | textual-inversion | null-text-inversion
generator() {
  local name=$1 folder=$run/$2 episode number=${count:-$((5 - first))} common
  local -a enlarge learn invert
  read -ra enlarge <<<"$3"
  read -ra learn <<<"$4"
  read -ra invert <<<"$5"
  for ((episode = first; episode < first + number; ++episode)); do
    common=(--dataset miniimagenet --episodes "$episodes" --episode "$episode" --models "$models" --run "$folder")
    call super-resolve "${common[@]}" "${enlarge[@]}" "${extra[@]}"
    call textual-inversion "${common[@]}" "${enlarge[@]}" "${learn[@]}" "${extra[@]}"
    call null-text-inversion "${common[@]}" "${enlarge[@]}" "${learn[@]}" "${invert[@]}" "${extra[@]}"
    call generate "${common[@]}" "${enlarge[@]}" "${learn[@]}" "${invert[@]}" --generate.images "$images" \
      --generate.alpha 1 "${extra[@]}"
  done
  measure "$name" "$folder"
}

if [ -n "$nao" ]; then measure 'nao (13.0)' "$nao"; fi
all_timesteps='--textual-inversion.min-timestep 0' empty_prompt='--null-text-inversion.method bypass'
generator 'ti (8.0)' ti '--super-resolve.super-resolution never' "$all_timesteps" "$empty_prompt"
generator 'ti-sr-full-t' ti-sr-full '' "$all_timesteps" "$empty_prompt"
generator 'ti-sr-limited-t (4.0)' ti-sr '' '' "$empty_prompt"
generator 'tint (2.7)' tint '' '' ''
