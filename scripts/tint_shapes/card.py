# SPDX-License-Identifier: Apache-2.0
"""The model card of the set: contents, origin, training data and quality."""

import json
import platform

from tint_export.archive import write_durably

TEXT = """# Models of the synthetic shapes data set

A latent diffusion model with Stable Diffusion's architecture at small width, an upscaler, a teacher and two students.
They are made for the images of `tint dataset synthesize` only; `scripts/demo` and `scripts/reproduce/shapes.sh` use
them. All training images are synthetic. The weights are licensed under {licence}, as tint is. `models.json` lists each
file's SHA-256, probes and training data.

| role | file | bytes | training data |
|---|---|---|---|
{roles}

Made by `{command}` (`--work DIR`, in several runs; `--judge`; `--out`, which calls `tint pretrain student` and
`tint models calibrate`) on {machine}. The seed determines all random numbers; another processor or number of threads rounds
differently. Minutes are wall-clock time with one or two threads, on a machine that had other work to do.

| stage | steps | minutes of training |
|---|---|---|
{stages}

The judge is a classifier of the pool and not part of the set. It classifies {pool:.1%} of the pool's own images
correctly, {autoencoder:.1%} after the autoencoder's round trip, and of images generated from the captions of the 100
classes, four per class, {captions}.

**Limits.** The pool and the data set have no image in common, but the diffusion model was trained on all 100 classes
with captions, just as Stable Diffusion was trained on classes that few-shot benchmarks call novel. The teacher and the
students were trained on the 64 base classes only. The models cannot be used for photographs.
"""


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def processor():
    lines = open("/proc/cpuinfo").read().splitlines() if platform.system() == "Linux" else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} cores of {names[0]}" if names else platform.machine()


def write(stages, folder, command):
    roles = json.loads((folder / "models.json").read_text())["roles"]
    judged = json.loads((stages.work / "judged.json").read_text())
    trained = json.loads(stages.report())
    captions = ", ".join(f"{share:.1%} at guidance {guidance}" for guidance, share in judged["captions"].items())
    text = TEXT.format(
        licence=roles["denoiser"]["licence"],
        roles="\n".join(
            row(name, role["file"], (folder / role["file"]).stat().st_size, role.get("training_data", ""))
            for name, role in sorted(roles.items())
        ),
        command=command,
        machine=processor(),
        stages="\n".join(row(name, s["steps"], round(s["seconds"] / 60)) for name, s in trained.items()),
        pool=judged["pool"],
        autoencoder=judged["autoencoder"],
        captions=captions,
    )
    write_durably(folder / "README.md", text.encode())
