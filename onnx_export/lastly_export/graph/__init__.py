"""The model as an ONNX graph, in one kind for each runtime."""
