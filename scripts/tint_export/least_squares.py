# SPDX-License-Identifier: Apache-2.0
"""Closed-form fits of single layers, so that small models with seeded weights work without training."""

import torch
from torch.nn import functional


class ConvolutionFit:
    """Collects sums for the least-squares 3x3 convolution (padding 1) from inputs to targets."""

    def __init__(self, channels, targets):
        size = 9 * channels + 1
        self.gram = torch.zeros(size, size, dtype=torch.float64)
        self.right = torch.zeros(size, targets, dtype=torch.float64)

    def add(self, inputs, targets, weights=None):
        """inputs [N, channels, h, w], targets [N, targets, h, w]; weights [N] of the squared errors (1)."""
        rows = functional.unfold(inputs, 3, padding=1).transpose(1, 2).flatten(0, 1).double()
        rows = torch.cat([rows, torch.ones(len(rows), 1, dtype=torch.float64)], dim=1)
        wanted = targets.flatten(2).transpose(1, 2).flatten(0, 1).double()
        scale = 1 if weights is None else weights.double().repeat_interleave(targets[0, 0].numel())[:, None]
        self.gram += rows.T @ (rows * scale)
        self.right += rows.T @ (wanted * scale)

    def solve(self, ridge=1e-5):
        """weight [targets, channels, 3, 3] and bias [targets]; `ridge` is relative to the inputs' mean square."""
        penalty = ridge * self.gram.diagonal().mean() * torch.eye(len(self.gram), dtype=torch.float64)
        penalty[-1, -1] = 0  # the bias is not penalised
        solution = torch.linalg.solve(self.gram + penalty, self.right).T.float()
        return solution[:, :-1].unflatten(1, (-1, 3, 3)), solution[:, -1]


def fit_convolution(inputs, targets, ridge=1e-5):
    fit = ConvolutionFit(inputs.shape[1], targets.shape[1])
    for first in range(0, len(inputs), 64):
        fit.add(inputs[first : first + 64], targets[first : first + 64])
    return fit.solve(ridge)


def capture_input(module, run):
    """The first input of `module` during run()."""
    captured = []
    handle = module.register_forward_pre_hook(lambda _, arguments: captured.append(arguments[0]))
    try:
        run()
    finally:
        handle.remove()
    return captured[0]
