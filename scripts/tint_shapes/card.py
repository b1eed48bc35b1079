"""The model card of the set: what it is, what made it, what it has seen, how good it is."""

import json
import platform

from tint_export.archive import write_durably

TEXT = """# Models of the drawn world

A latent diffusion model of Stable Diffusion's architecture at small width, an upscaler, a teacher and two students, for
the pictures of `tint demo draw` and for nothing else: `scripts/demo`, `scripts/reproduce/demo-world.sh`. Every
picture they learnt from was drawn by a program; the weights are under {licence}, as tint is. `models.json` has each
file's SHA-256, its probes, and what it has seen.

| role | file | bytes | has seen |
|---|---|---|---|
{roles}

Made by `{command}` (`--work DIR`, in parts; `--judge`; `--out`, which calls `tint pretrain student` and
`tint models calibrate`), on {machine}.
The draws follow from the seed; another processor or number of threads rounds otherwise. Minutes are those on the clock,
of one thread or two, beside other work.

| stage | steps | minutes of training |
|---|---|---|
{stages}

The judge, a classifier of the pool that is no part of the set, names {pool:.1%} of the pool's own pictures rightly,
{autoencoder:.1%} after the autoencoder's round trip, and of pictures generated from the captions of the 100 classes,
four of each, {captions}.

**Limits.** The pool's pictures are disjoint from those of the data set, yet the diffusion model has seen all 100 classes
with captions, as Stable Diffusion has seen what few-shot benchmarks call novel. The teacher and the students have seen
the 64 base classes alone. The models know nothing of photographs.
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
            row(name, role["file"], (folder / role["file"]).stat().st_size, role.get("seen", ""))
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
