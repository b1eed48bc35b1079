"""Writes tint's model sets: TorchScript files, the tokenizer and models.json (configs/models.schema.md)."""
