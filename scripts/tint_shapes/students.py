# SPDX-License-Identifier: Apache-2.0
"""What tint adds to the set: students pre-trained on the base classes, and the teacher's logit scale."""

import os
import pathlib
import subprocess

VALIDATION = pathlib.Path(__file__).parents[2] / "configs" / "episodes" / "demo-val-5way-5shot-40.json"
STUDENTS = {
    "conv4": ["--epochs", "12", "--decay-epochs", "9,11"],
    "resnet12": ["--epochs", "6", "--decay-epochs", "4,5", "--resnet12-widths", "16-32-40-56"],
}


def add(stages, folder, threads):
    """Resumes an interrupted training; each finished student is added to the set at once."""
    stages.synthesize_data_set()
    environment = {**os.environ, "TINT_DATA": str(stages.work)}

    def tint(*words):
        subprocess.run([stages.tint, *map(str, words)], check=True, env=environment)

    for student, options in STUDENTS.items():
        tint("pretrain", "student", "--dataset", "demo", "--student", student, "--models", folder, "--threads", threads,
             "--work", stages.work / "pretrain", "--validation", VALIDATION, "--seed", stages.seed, *options)  # fmt: skip
    tint("models", "calibrate", folder, "--dataset", "demo", "--episodes", VALIDATION)
