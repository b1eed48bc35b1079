# SPDX-License-Identifier: Apache-2.0
"""The usual training loop of few-shot projects, as a peer for scripts/bench_peers.py.

A folder of JPEG files read with PIL by DataLoader workers, torchvision's RandomCrop(84, padding=8), ColorJitter(0.4,
0.4, 0.4), RandomHorizontalFlip, ToTensor and Normalize, then forward, backward and SGD of Conv4 or ResNet12 with five
classes, in float32 and the default memory order.
"""

import ctypes
import itertools
import pathlib
import tempfile

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

BATCH, SIDE, WAYS, IMAGES = 150, 84, 5, 1200
MEAN, STD = (0.472138, 0.453308, 0.409961), (0.277184, 0.267751, 0.284490)


def block(inputs, outputs):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True), nn.MaxPool2d(2)
    )


class Conv4(nn.Module):
    """113,088 parameters and a linear layer on features of length 1."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(block(3, 64), block(64, 64), block(64, 64), block(64, 64), nn.Flatten())
        self.linear = nn.Linear(1600, WAYS)

    def forward(self, images):
        return self.linear(functional.normalize(self.blocks(images)))


class Residual(nn.Module):
    """Three convolutions with a 1x1 shortcut, then pooling."""

    def __init__(self, inputs, outputs):
        super().__init__()
        layers = []
        for i in range(3):
            layers += [
                nn.Conv2d(inputs if i == 0 else outputs, outputs, 3, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
            ]
            layers += [nn.ReLU(inplace=True)] if i < 2 else []
        self.layers = nn.Sequential(*layers)
        self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return functional.max_pool2d(functional.relu(self.layers(x) + self.shortcut(x)), 2)


class ResNet12(nn.Module):
    """7,996,800 parameters and a linear layer on features of length 1."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(Residual(3, 64), Residual(64, 128), Residual(128, 256), Residual(256, 512))
        self.linear = nn.Linear(512, WAYS)

    def forward(self, images):
        return self.linear(functional.normalize(self.blocks(images).mean((2, 3))))


class Files(Dataset):
    """Random images in JPEG files, opened one by one."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        generator = np.random.default_rng(0)
        for k in range(IMAGES):
            small = Image.fromarray(generator.integers(0, 256, (12, 12, 3), dtype=np.uint8))
            small.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(self.folder / f"{k:05d}.jpg", quality=95)
        self.transform = transforms.Compose(
            [
                transforms.RandomCrop(SIDE, padding=8),
                transforms.ColorJitter(0.4, 0.4, 0.4),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(MEAN, STD),
            ]
        )

    def __len__(self):
        return IMAGES

    def __getitem__(self, index):
        return self.transform(Image.open(self.folder / f"{index:05d}.jpg").convert("RGB")), index % WAYS


def use_default_memory(_):
    """Loader processes use glibc's defaults: with the settings of the training process (bench_peers.keep_memory) each
    of them grew to 11 GB."""
    libc = ctypes.CDLL(None)
    libc.mallopt(-4, 65536)  # M_MMAP_MAX
    libc.mallopt(-3, 128 << 10)  # M_MMAP_THRESHOLD
    libc.mallopt(-1, 128 << 10)  # M_TRIM_THRESHOLD
    libc.mallopt(-2, 128 << 10)  # M_TOP_PAD


class TrainingPeer:
    """Training steps of one architecture; batches are loaded by `workers` processes."""

    def __init__(self, architecture, workers):
        self.folder = tempfile.TemporaryDirectory()
        files = Files(self.folder.name)
        loader = DataLoader(
            files,
            BATCH,
            shuffle=True,
            num_workers=workers,
            drop_last=True,
            worker_init_fn=use_default_memory,
            persistent_workers=workers > 0,  # processes that are forked again while OpenMP threads exist can hang
        )
        self.batches = itertools.chain.from_iterable(itertools.repeat(loader))
        self.model = (Conv4 if architecture == "conv4" else ResNet12)()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.02, momentum=0.9, weight_decay=5e-4)

    def steps(self, count):
        for images, labels in itertools.islice(self.batches, count):
            loss = functional.cross_entropy(self.model(images), labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            loss.item()
