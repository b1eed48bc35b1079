#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times tint and diffusers or PyTorch on the same work, alternately, and prints the ratios of the medians.

  .venv/bin/python scripts/export_models.py --size bench --out DIR        the models, once
  .venv/bin/python scripts/bench_peers.py --models DIR [--tint build/release/tint] [--rounds 5] [--json]

Each round times tint and then the peer on every kind of work, each after a warm-up, so that other load on the machine
affects both. Both use the same number of threads, the same OpenMP spin count and the same settings of glibc's malloc
(large blocks are not returned to the system). The peers are the loops that diffusers publishes:

  textual-inversion    examples/textual_inversion/textual_inversion.py: batch size 1; each step encodes the image, and
                       AdamW updates the whole token table, whose other rows are then restored
  null-text-inversion  the community pipeline, one image at a time, U-Net frozen; with --unfrozen the weights'
                       gradients are computed as well, as in the published code
  generate             DDIM with guidance, one image at a time, and 16 in a batch
  training             a step of Conv4 and of ResNet12 on 150 images (training_peers.py); tint starts from decoded
                       images, which it keeps in memory, the peer from files; the peer computes in float32, as such
                       projects do, tint in bfloat16 where the processor has AMX (--precision)
"""

import argparse
import ctypes
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

os.environ.setdefault("GOMP_SPINCOUNT", "2000")

import torch  # noqa: E402
from torch.nn import functional  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from tint_export import bench  # noqa: E402

T_TRAIN, GUIDANCE, INNER, NULL_STEPS, STEPS, IMAGES = 1000, 7.5, 10, 2, 10, 16
PHOTOS = CLASSES = 5


def keep_memory():
    """The settings of src/tensor/device.cc and processor.cc."""
    libc = ctypes.CDLL(None)
    libc.mallopt(-3, 32 << 20)  # M_MMAP_THRESHOLD
    libc.mallopt(-1, (1 << 31) - 1)  # M_TRIM_THRESHOLD
    libc.mallopt(-4, 0)  # M_MMAP_MAX
    libc.mallopt(-2, 64 << 20)  # M_TOP_PAD


def scheduler(steps):
    from diffusers import DDIMScheduler

    made = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        timestep_spacing="trailing",
    )
    made.set_timesteps(steps)
    return made


class Peers:
    """The weights of the set `--size bench --seed 1`, as diffusers and transformers objects."""

    def __init__(self, seed):
        self.parts = bench.modules(seed)
        for part in vars(self.parts).values():
            part.requires_grad_(False)
        self.side = self.parts.unet.config.sample_size
        self.width = self.parts.unet.config.cross_attention_dim
        self.context = torch.randn(1, 77, self.width)
        self.empty = torch.randn(1, 77, self.width)
        self.image = torch.rand(1, 3, 8 * self.side, 8 * self.side) * 2 - 1
        self.optimizer = None

    def latents(self, count):
        return torch.randn(count, 4, self.side, self.side)

    def _open_token_table(self):
        encoder = self.parts.text_encoder
        encoder.resize_token_embeddings(encoder.config.vocab_size + 1)
        self.table = encoder.get_input_embeddings().weight
        self.table.requires_grad_(True)
        self.optimizer = torch.optim.AdamW([self.table], lr=1e-3)
        self.ids = torch.full((1, 77), 49407)
        self.ids[0, :7] = torch.tensor([49406, 320, 1125, 539, 550, len(self.table) - 1, 49407])
        self.noise_scheduler = scheduler(50)

    def textual_inversion(self):
        """One step of one class."""
        if self.optimizer is None:
            self._open_token_table()
        unet, vae, text = self.parts.unet, self.parts.vae, self.parts.text_encoder
        with torch.no_grad():
            latents = vae.encode(self.image).latent_dist.sample().detach() * vae.config.scaling_factor
        noise = torch.randn_like(latents)
        timesteps = torch.randint(0, T_TRAIN, (1,))
        noisy = self.noise_scheduler.add_noise(latents, noise, timesteps)
        before = self.table.data.clone()
        predicted = unet(noisy, timesteps, text(self.ids)[0]).sample
        loss = functional.mse_loss(predicted.float(), noise.float())
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        others = torch.ones(len(self.table), dtype=torch.bool)
        others[-1] = False
        with torch.no_grad():
            self.table[others] = before[others]

    def _move(self, made, latents, t, s, noise):
        """DDIM from t to s (0 after the last), as in the published notebook."""
        a_t, a_s = made.alphas_cumprod[t], made.alphas_cumprod[s]
        clean = (latents - (1 - a_t) ** 0.5 * noise) / a_t**0.5
        return a_s**0.5 * clean + (1 - a_s) ** 0.5 * noise

    def null_text(self):
        """One photo over NULL_STEPS timesteps with INNER steps each, without early stopping."""
        unet, made = self.parts.unet, scheduler(NULL_STEPS)
        timesteps = [int(t) for t in made.timesteps]
        path = [self.latents(1)]
        with torch.no_grad():
            for s, t in zip([0, *timesteps[::-1]], timesteps[::-1]):
                path.append(self._move(made, path[-1], s, t, unet(path[-1], t, self.context).sample))
        current, empty = path[-1], self.empty.clone()
        for i, t in enumerate(timesteps):
            following = timesteps[i + 1] if i + 1 < len(timesteps) else 0
            empty = empty.clone().detach().requires_grad_(True)
            optimizer = torch.optim.Adam([empty], lr=1e-2 * (1 - i / 100))
            with torch.no_grad():
                conditional = unet(current, t, self.context).sample
            for _ in range(INNER):
                unconditional = unet(current, t, empty).sample
                noise = unconditional + GUIDANCE * (conditional - unconditional)
                loss = functional.mse_loss(self._move(made, current, t, following, noise), path[len(path) - i - 2])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                loss.item()
            with torch.no_grad():
                both = unet(torch.cat([current] * 2), t, torch.cat([empty, self.context])).sample
                noise = both[:1] + GUIDANCE * (both[1:] - both[:1])
                current = self._move(made, current, t, following, noise)

    @torch.no_grad()
    def generate(self, count):
        """`count` images in one batch, decoded and reduced to 84 x 84."""
        unet, vae, made = self.parts.unet, self.parts.vae, scheduler(STEPS)
        latents = self.latents(count)
        contexts = torch.cat([self.empty.expand(count, -1, -1), self.context.expand(count, -1, -1)])
        for t in made.timesteps:
            both = unet(torch.cat([latents] * 2), t, contexts).sample
            noise = both[:count] + GUIDANCE * (both[count:] - both[:count])
            latents = made.step(noise, t, latents).prev_sample
        images = vae.decode(latents / vae.config.scaling_factor).sample
        functional.interpolate((images / 2 + 0.5).clamp(0, 1), size=(84, 84), mode="bilinear", antialias=True)


def timed(work, units):
    work()
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) / units


def tint_seconds(options, name, repetitions):
    """Median of `repetitions` runs, after a warm-up."""
    command = [options.tint, "bench", "--models", options.models, "--only", name, "--json"]
    command += ["--repetitions", str(repetitions)]
    command += ["--threads", str(options.threads), "--device", "cpu", "--log-level", "error"]
    command += ["--batch-classes", str(CLASSES), "--batch-photos", str(PHOTOS)]
    command += ["--precision", options.precision]
    command += ["--batch-images", str(IMAGES), "--image-steps", str(STEPS)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(result.stdout)["rows"][0]["seconds"]


def comparisons(peers, unfrozen):
    """name -> (tint's unit, peer's work, peer's units, target)."""

    def null_text():
        peers.parts.unet.requires_grad_(unfrozen)
        peers.null_text()
        peers.parts.unet.requires_grad_(False)
        peers.parts.unet.zero_grad()

    return {
        f"textual-inversion, per class, {CLASSES} classes": ("textual-inversion", peers.textual_inversion, 1, 5),
        f"null-text-inversion, per photo and timestep, {PHOTOS} photos": (
            "null-text-inversion",
            null_text,
            NULL_STEPS,
            3,
        ),
        f"generated image of {IMAGES}, peer one at a time": ("generate", lambda: peers.generate(1), 1, 2),
        f"generated image of {IMAGES}, peer {IMAGES} at a time": (
            "generate",
            lambda: peers.generate(IMAGES),
            IMAGES,
            1,
        ),
    }


def training(workers):
    """As `comparisons`, for training steps."""
    from training_peers import TrainingPeer

    works = {}
    for architecture, steps, target in (("conv4", 4, 4), ("resnet12", 2, 2)):
        peer = TrainingPeer(architecture, workers)
        works[f"training step of 150 images, {architecture}"] = (
            f"distill-{architecture}",
            lambda peer=peer, steps=steps: peer.steps(steps),
            steps,
            target,
        )
    return works


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", required=True, help="the model set of export_models.py --size bench")
    parser.add_argument("--seed", type=int, default=1, help="seed of the model set (1)")
    parser.add_argument("--tint", default="build/release/tint", help="the tint program")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds (5)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="number of threads (one per core)")
    parser.add_argument("--only", choices=("diffusion", "training"), help="kind of work (default: both)")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count(), help="number of processes that load the peer's images"
    )
    parser.add_argument(
        "--precision", default="auto", help="precision of tint's training: auto, float32, bfloat16 (auto)"
    )
    parser.add_argument(
        "--unfrozen", action="store_true", help="the null-text peer also computes the weights' gradients"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    keep_memory()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    works = {}
    if options.only != "training":
        works |= comparisons(Peers(options.seed), options.unfrozen)
    if options.only != "diffusion":
        works |= training(options.workers)
    seconds = {name: ([], []) for name in works}
    for round_idx in range(options.rounds):
        for name, (unit, work, units, _) in works.items():
            # A training step is short: time as many as for the peer.
            seconds[name][0].append(tint_seconds(options, unit, units if unit.startswith("distill") else 1))
            seconds[name][1].append(timed(work, units))
            print(
                f"round {round_idx + 1}: {name}: {seconds[name][0][-1]:.4f} s, {seconds[name][1][-1]:.4f} s",
                file=sys.stderr,
            )
    rows = []
    for name, (_, _, _, target) in works.items():
        ours, theirs = (statistics.median(values) for values in seconds[name])
        rows.append(dict(work=name, tint=ours, peer=theirs, ratio=theirs / ours, target=target))
    if options.json:
        print(json.dumps({"threads": options.threads, "rounds": options.rounds, "rows": rows}))
        return
    print(f"{'work':<60} {'tint':>10} {'peer':>10} {'ratio':>6} {'target':>6}")
    for row in rows:
        print(f"{row['work']:<60} {row['tint']:>8.4f} s {row['peer']:>8.4f} s {row['ratio']:>6.2f} {row['target']:>6}")


if __name__ == "__main__":
    main()
