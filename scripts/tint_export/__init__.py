# SPDX-License-Identifier: Apache-2.0
"""Writes model sets for tint: TorchScript files, the tokenizer and models.json (configs/models.schema.md)."""
