#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads the event files of a report with TensorBoard's own reader and compares every value with curves.jsonl.

    python3 -m venv /tmp/tensorboard && /tmp/tensorboard/bin/pip install tensorboard
    /tmp/tensorboard/bin/python scripts/check_events.py RUN/report

Also checks the framing and both checksums of each record. The report must be of one result.
"""

import collections
import json
import pathlib
import struct
import sys

from tensorboard.backend.event_processing import event_accumulator
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c


def check_framing(path):
    data, offset, records = path.read_bytes(), 0, 0
    while offset < len(data):
        (size,) = struct.unpack_from("<Q", data, offset)
        (of_length,) = struct.unpack_from("<I", data, offset + 8)
        (of_bytes,) = struct.unpack_from("<I", data, offset + 12 + size)
        assert of_length == masked_crc32c(data[offset : offset + 8]), (
            f"{path}: wrong checksum of a length at byte {offset}"
        )
        assert of_bytes == masked_crc32c(data[offset + 12 : offset + 12 + size]), (
            f"{path}: wrong checksum of a record at byte {offset}"
        )
        offset, records = offset + 16 + size, records + 1
    assert offset == len(data), f"{path}: truncated"
    return records


def read_scalars(path):
    accumulator = event_accumulator.EventAccumulator(str(path), size_guidance={event_accumulator.SCALARS: 0})
    accumulator.Reload()
    return {
        tag: [(event.step, event.value) for event in accumulator.Scalars(tag)] for tag in accumulator.Tags()["scalars"]
    }


def main():
    report = pathlib.Path(sys.argv[1])
    expected = collections.defaultdict(lambda: collections.defaultdict(list))
    for line in (report / "curves.jsonl").read_text().splitlines():
        one = json.loads(line)
        tag = "/".join(part for part in (one["stage"], one["name"], one["class"]) if part)
        episode = one["episode"] if one["episode"] == "support" else f"episode-{one['episode']}"
        value = struct.unpack("<f", struct.pack("<f", one["value"]))[0]
        expected[episode][tag].append((one["step"], value))
    values = 0
    for episode, tags in expected.items():
        path = report / "tensorboard" / episode / "events.out.tfevents.tint"
        records = check_framing(path)
        scalars = read_scalars(path)
        assert scalars == dict(tags), f"{path}: values differ from curves.jsonl"
        count = sum(len(points) for points in tags.values())
        assert records == count + 1, f"{path}: {records} records for {count} values"
        values += count
    print(f"check_events: {len(expected)} event files, {values} values, all equal to curves.jsonl")


if __name__ == "__main__":
    main()
