"""When a request runs: admission, deadlines, batching, and the pace that they are judged by."""
