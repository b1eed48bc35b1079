#!/usr/bin/env python3
"""Reads the event files of a report with TensorBoard's own reader and compares every value with curves.jsonl.

    python3 -m venv /tmp/tensorboard && /tmp/tensorboard/bin/pip install tensorboard
    /tmp/tensorboard/bin/python scripts/check_events.py RUN/report

Checks the framing and both checksums of each record as well. Of a report on one result.
"""

import collections
import json
import pathlib
import struct
import sys

from tensorboard.backend.event_processing import event_accumulator
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c


def check_framing(path):
    data, at, records = path.read_bytes(), 0, 0
    while at < len(data):
        (size,) = struct.unpack_from("<Q", data, at)
        (of_length,) = struct.unpack_from("<I", data, at + 8)
        (of_bytes,) = struct.unpack_from("<I", data, at + 12 + size)
        assert of_length == masked_crc32c(data[at : at + 8]), f"{path}: checksum of a length at {at}"
        assert of_bytes == masked_crc32c(data[at + 12 : at + 12 + size]), f"{path}: checksum of bytes at {at}"
        at, records = at + 16 + size, records + 1
    assert at == len(data), f"{path}: cut short"
    return records


def read_scalars(path):
    accumulator = event_accumulator.EventAccumulator(str(path), size_guidance={event_accumulator.SCALARS: 0})
    accumulator.Reload()
    return {
        tag: [(event.step, event.value) for event in accumulator.Scalars(tag)]
        for tag in accumulator.Tags()["scalars"]
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
        assert scalars == dict(tags), f"{path}: other values than curves.jsonl"
        count = sum(len(points) for points in tags.values())
        assert records == count + 1, f"{path}: {records} records for {count} values"
        values += count
    print(f"check_events: {len(expected)} event files, {values} values as in curves.jsonl")


if __name__ == "__main__":
    main()
