#!/usr/bin/env python3
"""Trains the models of the drawn world (tint demo draw), and writes them as a model set.

  scripts/setup --export                                                    once: the Python environment .venv
  .venv/bin/python scripts/train_demo_world.py --work DIR                   trains what is not trained yet
  .venv/bin/python scripts/train_demo_world.py --work DIR --minutes 50      as much of it as 50 minutes allow
  .venv/bin/python scripts/train_demo_world.py --work DIR --judge           how many pictures of captions are recognised
  .venv/bin/python scripts/train_demo_world.py --work DIR --judge-run RUN   how many of a run's generated pictures are
  .venv/bin/python scripts/train_demo_world.py --work DIR --out MODELS      the set, with students and a model card

Stages: autoencoder, diffusion (U-Net and text encoder), upscaler, teacher, frechet (features for Frechet distances),
judge. Each goes on where it was stopped, to the same numbers. Three are shown labels: the teacher those of base classes
alone, frechet and the judge all, for they measure and teach nobody. Exit code 75: the minutes were not enough, the same command goes on.
"""

import pathlib
import sys
import time

from tint_export.command_line import Parser, run

PROGRAM = "train_demo_world.py"
STOPPED = 75


def say(message):
    print(time.strftime("[%H:%M:%S]"), message, file=sys.stderr, flush=True)


def make_parser():
    parser = Parser(__doc__)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder of pictures and states, about 2 GB")
    parser.add_argument("--out", type=pathlib.Path, help="folder of the model set")
    parser.add_argument("--tint", default="build/release/tint", help="the program, which draws the pictures")
    parser.add_argument("--stages", default="autoencoder,upscaler,teacher,frechet,judge,diffusion", help="which, with commas")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so many")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, help="of every stage, for a trial")
    parser.add_argument("--per-class", type=int, default=500, help="pictures of a class in the pool")
    parser.add_argument("--judge", action="store_true", help="judge pictures of captions, and write them as a sheet")
    parser.add_argument("--judge-run", type=pathlib.Path, help="judge the generated pictures of this run folder")
    return parser


def train(options, stages):
    """True when all stages asked for are finished."""
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
        from tint_demo import card, export, judging, students
        from tint_demo.stages import STEPS, Stages

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
