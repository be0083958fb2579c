"""Lastly's own operators for ONNX Runtime: C++ and CUDA sources, and the library that `build` makes of them."""
