"""Writes an ONNX file: nodes one by one, weights straight into the data file."""
