# SPDX-License-Identifier: Apache-2.0
"""The models of the synthetic shapes data set (scripts/train_shapes_models.py)."""
