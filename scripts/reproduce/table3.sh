#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Table 3: the main comparison on three data sets with both students.
# shellcheck source-path=SCRIPTDIR source=common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"

help() {
  cat <<'TEXT'
scripts/reproduce/table3.sh --models DIR [OPTIONS] [-- OPTIONS OF tint specialize]

The main comparison (Table 3): 120 test episodes, 5-way 5-shot, all queries, of miniImageNet, CUB-200-2011 and CIFAR-FS;
both students use the same images. DIR contains one model set per data set: DIR/miniimagenet and so on. A GPU
needs hours for an episode: scripts/slurm runs the same rows as an array, in the same folders (--dry-run prints them).

  --datasets LIST   one or more of miniimagenet,cub,cifar-fs (default: all)
  --students LIST   one or both of conv4,resnet12 (default: both)
  --pretrain yes    first meta-train the teacher and pre-train the students of each set (generations 0 and 1)
  --baselines yes   also run LabelHalluc, fine-tuning on the support set, and nearest centroid and logistic regression
                    on the pre-trained student
TEXT
}

datasets=miniimagenet,cub,cifar-fs students=conv4,resnet12 pretrain=no baselines=no
own_option() {
  case $1 in
    --datasets) datasets=$2 ;;
    --students) students=$2 ;;
    --pretrain) pretrain=$2 ;;
    --baselines) baselines=$2 ;;
    *) return 1 ;;
  esac
}
parse "$@"
sets=$models

pretrain_student() {
  local dataset=$1 student=$2 common
  common=(--recipe ier --dataset "$dataset" --student "$student" --models "$models")
  call_to "$run/pretrain-$dataset-$student-0.json" pretrain student "${common[@]}" --work "$models/pretrain-0" --json
  local generation_0=GENERATION_0 # printed by --dry-run
  if [ "$dry" = 0 ]; then generation_0=$(json_string "$run/pretrain-$dataset-$student-0.json" folder); fi
  call pretrain student "${common[@]}" --work "$models/pretrain-1" --generation-0 "$generation_0"
}

baseline_rows() {
  local dataset=$1 student=$2 method
  for method in nearest-centroid logistic-regression; do
    call_to "$run/$dataset-$student-$method.json" evaluate --dataset "$dataset" --episodes "$episodes" \
      --method "$method" --backbone student --student "$student" --models "$models" --json
    title "$dataset $student $method"
    call collect "$run/$dataset-$student-$method.json" --format "$format"
  done
  row "$dataset-$student-support-only" "$run/$dataset" "$episodes" 120 --dataset "$dataset" --student "$student" \
    --distill.synthetic-weight 0 --distill.base-weight 0
  # The recipe of its published code, with the widths and the head of the students used here.
  row "$dataset-$student-labelhalluc" "$run/$dataset" "$episodes" 120 --preset upstream --dataset "$dataset" \
    --student "$student" --distill.synthetic-weight 0 --conv4-head flatten --resnet12-widths 64-128-256-512 \
    --activation relu
}

if [ "$dry" = 0 ]; then mkdir -p "$run"; fi
for dataset in ${datasets//,/ }; do
  models=$sets/$dataset
  episodes=$(list "$dataset-test-5way-5shot")
  if [ ! -f "$episodes" ]; then
    episodes=$run/$dataset-test-5way-5shot.json
    if [ ! -f "$episodes" ]; then
      call episodes draw --dataset "$dataset" --split test --ways 5 --shots 5 --count 120 --seed 0 --out "$episodes"
    fi
  fi
  if [ "$pretrain" = yes ]; then
    call pretrain teacher --preset paper --dataset "$dataset" --models "$models"
    for student in ${students//,/ }; do pretrain_student "$dataset" "$student"; done
  fi
  for student in ${students//,/ }; do
    row "$dataset-$student" "$run/$dataset" "$episodes" 120 --dataset "$dataset" --student "$student"
    if [ "$baselines" = yes ]; then baseline_rows "$dataset" "$student"; fi
  done
done
