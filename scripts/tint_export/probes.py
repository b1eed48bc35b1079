# SPDX-License-Identifier: Apache-2.0
"""Inputs without random numbers, and a model's results for them (configs/models.schema.md, "Probes")."""

import dataclasses

import numpy as np
import torch

GOLDEN = 0.6180339887498949
STRIDE = 7919
POSITIONS = 8


@dataclasses.dataclass
class Input:
    """One tensor argument of a method, with values in `low`...`high`."""

    shape: list
    low: float = 0
    high: float = 1
    dtype: str = "float32"

    def tensor(self, dtype=torch.float32):
        k = np.arange(int(np.prod(self.shape)), dtype=np.int64)
        if self.dtype == "int64":
            values = torch.from_numpy(self.low + (k * STRIDE) % (self.high - self.low + 1))
        else:
            fractions = np.fmod(k.astype(np.float64) * GOLDEN, 1.0)
            values = torch.from_numpy((self.low + (self.high - self.low) * fractions).astype(np.float32)).to(dtype)
        return values.reshape(self.shape)

    def resized(self, **sizes):
        """The same input with other sizes: resized(batch=3, side=16)."""
        shape = list(self.shape)
        if "batch" in sizes:
            shape[0] = sizes["batch"]
        if "side" in sizes and len(shape) == 4:
            shape[2:] = [sizes["side"]] * 2
        return dataclasses.replace(self, shape=shape)


@torch.no_grad()
def record(model, method, inputs, dtype):
    """The probe of one method: its inputs, and eight values of the result."""
    result = getattr(model, method)(*[i.tensor(dtype) for i in inputs]).double()
    flat = result.flatten()
    positions = sorted({i * (len(flat) - 1) // (POSITIONS - 1) for i in range(POSITIONS)})
    # Relative to the largest value: other processors and numbers of threads sum in another order.
    share = 1e-3 if dtype == torch.float32 else 5e-2
    return {
        "method": method,
        "inputs": [dict(shape=i.shape, dtype=i.dtype, low=i.low, high=i.high) for i in inputs],
        "shape": list(result.shape),
        "positions": positions,
        "values": [float(flat[p]) for p in positions],
        "tolerance": share * max(float(flat.abs().max()), 1e-3),
    }


def count_flops(module, method, inputs):
    """FLOPs of one call; a multiply-add counts as two (matrix products, convolutions, attention)."""
    from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

    # The counter only knows CUDA's attention kernels.
    attention = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    known = {attention: lambda query, key, value, *_, **__: sdpa_flop_count(query, key, value)}
    with torch.no_grad(), FlopCounterMode(display=False, custom_mapping=known) as counter:
        getattr(module, method)(*[i.tensor(next(module.parameters()).dtype) for i in inputs])
    return counter.get_total_flops()
