#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the models of the synthetic shapes data set (tint dataset synthesize) and writes them as a model set.

  scripts/setup --export                                                     once: the Python environment .venv
  .venv/bin/python scripts/train_shapes_models.py --work DIR                 trains every stage that is not finished
  .venv/bin/python scripts/train_shapes_models.py --work DIR --minutes 50    the same, for at most 50 minutes
  .venv/bin/python scripts/train_shapes_models.py --work DIR --judge         judges images generated from captions
  .venv/bin/python scripts/train_shapes_models.py --work DIR --judge-run RUN  judges the generated images of a run
  .venv/bin/python scripts/train_shapes_models.py --work DIR --out MODELS    writes the set, students and a model card

Stages: autoencoder, diffusion (U-Net and text encoder), upscaler, teacher, frechet (features for Frechet distances),
judge. An interrupted stage resumes at its last saved step and gives the same weights. Three stages use labels: the
teacher uses those of the base classes only; frechet and the judge use all labels, because they only measure results.
Exit code 75: the time limit was reached; run the same command again to resume.
"""

import pathlib
import sys
import time

from tint_export.command_line import Parser, run

PROGRAM = "train_shapes_models.py"
STOPPED = 75


def say(message):
    print(time.strftime("[%H:%M:%S]"), message, file=sys.stderr, flush=True)


def make_parser():
    parser = Parser(__doc__)
    parser.add_argument(
        "--work", type=pathlib.Path, required=True, help="folder for images and training states, about 2 GB"
    )
    parser.add_argument("--out", type=pathlib.Path, help="folder of the model set to write")
    parser.add_argument("--tint", default="build/release/tint", help="the tint program, which makes the images")
    parser.add_argument(
        "--stages",
        default="autoencoder,upscaler,teacher,frechet,judge,diffusion",
        help="stages to train, separated by commas",
    )
    parser.add_argument("--minutes", type=float, default=1e9, help="time limit in minutes")
    parser.add_argument("--threads", type=int, default=2, help="number of threads (2)")
    parser.add_argument("--seed", type=int, default=1, help="seed of weights and images (1)")
    parser.add_argument("--steps", type=int, help="number of steps of every stage, for a quick test")
    parser.add_argument("--per-class", type=int, default=500, help="number of images per class in the pool (500)")
    parser.add_argument(
        "--judge", action="store_true", help="judge images generated from captions, and write contact sheets"
    )
    parser.add_argument("--judge-run", type=pathlib.Path, help="judge the generated images of this run folder")
    return parser


def train(options, stages):
    """True when all selected stages are finished."""
    until = time.monotonic() + 60 * options.minutes
    for name in options.stages.split(","):
        training = getattr(stages, name)()
        sizes = ", ".join(
            f"{key} {sum(p.numel() for p in m.parameters()) / 1e6:.2f} M" for key, m in training.modules.items()
        )
        say(f"{name}: {sizes}, from step {training.step}")
        finished = training.run(until, say)
        say(stages.report().replace("\n", ""))
        if not finished:
            return False
    return True


def main():
    options = make_parser().parse_args()

    def work():
        import torch
        from tint_shapes import card, export, judging, students
        from tint_shapes.stages import STEPS, Stages

        torch.set_num_threads(options.threads)
        steps = {name: options.steps for name in STEPS} if options.steps else None
        stages = Stages(options.work, options.tint, options.seed, steps, options.per_class)
        if options.judge:
            judging.judge_captions(stages, say)
        elif options.judge_run:
            judging.judge_run(stages, options.judge_run, say)
        elif options.out:
            command = f"scripts/{PROGRAM} --seed {options.seed}"
            export.write(stages, options.out, command)
            students.add(stages, options.out, options.threads)
            card.write(stages, options.out, command)
        elif not train(options, stages):
            sys.exit(STOPPED)

    return run(PROGRAM, work)


if __name__ == "__main__":
    sys.exit(main())
