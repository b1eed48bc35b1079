"""The models of the drawn world (scripts/train_demo_world.py)."""
