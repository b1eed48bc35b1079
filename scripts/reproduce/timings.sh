#!/usr/bin/env bash
# Table 4: what an episode costs.
# shellcheck source-path=SCRIPTDIR source=common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"

help() {
  cat <<'TEXT'
scripts/reproduce/timings.sh --models DIR [OPTIONS] [-- OPTIONS OF tint specialize]

The timings (Table 4): each stage's unit of work (`tint bench`), then whole validation episodes of miniImageNet, whose
end lists seconds and peak memory of every stage: with 50 timesteps of inversion and generation, and with 25, the
setting of the published code's demo. One episode unless --count says more; each wants a machine to itself.

  --student NAME   resnet12 (default) or conv4
  --device NAME    auto (default), cpu, cuda or cuda:N, for all of it
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
