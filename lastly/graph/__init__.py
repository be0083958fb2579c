"""Runs a model's ONNX graph: opening it, feeding it, and where its memory goes."""
