#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Table 4: the cost of an episode.
# shellcheck source-path=SCRIPTDIR source=common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"

help() {
  cat <<'TEXT'
scripts/reproduce/timings.sh --models DIR [OPTIONS] [-- OPTIONS OF tint specialize]

The timings (Table 4): each stage's unit of work (`tint bench`), then complete validation episodes of miniImageNet,
which report seconds and peak memory of every stage: with 50 timesteps of inversion and generation, and with 25, as in
the published code's demo. One episode unless --count is given. Run it on a machine without other load.

  --student NAME   resnet12 (default) or conv4
  --device NAME    device to run on: auto (default), cpu, cuda or cuda:N
TEXT
}

student=resnet12 device=auto
own_option() {
  case $1 in
    --student) student=$2 ;;
    --device) device=$2 ;;
    *) return 1 ;;
  esac
}
parse "$@"
episodes=$(list miniimagenet-val-5way-5shot-5)

title 'units of work'
call bench --models "$models" --device "$device"
for steps in 50 25; do
  for ((episode = first; episode < first + ${count:-1}; ++episode)); do
    title "episode $episode, $steps timesteps"
    call specialize --dataset miniimagenet --episodes "$episodes" --episode "$episode" --models "$models" \
      --student "$student" --device "$device" --run "$run/steps-$steps" \
      --null-text-inversion.steps "$steps" "${extra[@]}"
  done
done
