"""Part 6: CUDA graphs for short inputs, against the same session without."""

import numpy as np

from benchmarks.gpu.part import Part, encoding, interleaved, run


def work(part: Part) -> None:
    """Measure a session with recordings against one without, turn by turn."""
    folder = part.folder(part.dtypes[0])
    plain, recorded = part.session(folder), part.session(folder, cuda_graph_tokens=8192)
    for length in part.lengths(128, 256, 512, 1024, 2048, 4096, 8192):
        with part.step(f"graph {length}"):
            prompt = encoding(length, folder.manifest.vocabulary_size, 20)
            runners = {
                "plain": lambda prompt=prompt: plain.run([prompt]),
                "recorded": lambda prompt=prompt: recorded.run([prompt]),
            }
            found = interleaved(runners, 30, warm=4, most=8)
            wanted, got = plain.run([prompt])[0], recorded.run([prompt])[0]
            gap = float(np.abs(got.documents - wanted.documents).max())
            part.note(f"graph {length}", found | {"largest difference": gap})


if __name__ == "__main__":
    run(work)
