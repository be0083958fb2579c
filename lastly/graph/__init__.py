"""Runs a model's ONNX graph: opening it, its inputs, and where its memory goes."""
