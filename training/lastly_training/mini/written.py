"""Further texts to learn from, and questions about them, both written by a small language model.

`python -m lastly_training.mini.written BACKBONE -o DATA/written --minutes 2` writes a collection in BEIR's layout:
passages of many kinds about WordNet's glosses, a question about each. BACKBONE is a GGUF file, a folder or a hub id
of a model that was trained to follow instructions in ChatML, as SmolLM2-135M-Instruct.

What such a model says need not be true: teachers judge the texts, which only have to be as varied as the world's.
"""

import argparse
import json
import random
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from lastly_training.mini.texts import Text, wordnet, write_collection
from lastly_training.model.backbone import load_backbone
from lastly_training.text.bm25 import words
from lastly_training.text.vocabulary import read_tokenizer

KINDS = (
    "a paragraph of a news report",
    "the abstract of a scientific paper",
    "a paragraph of an encyclopedia article",
    "an answer in a forum to a question",
    "a paragraph of a textbook for students",
    "a review by a customer",
    "a paragraph of a magazine article on the history",
    "the advice of a doctor or an expert",
    "a report for investors and managers",
    "an opinion in a newspaper, with arguments,",
    "a paragraph of a biography of somebody known",
    "step by step instructions",
)
_FIRST_WORDS = ("What", "How", "Why", "Who", "Which", "Where", "When", "Is", "Can", "Does", "What is", "How does")
_EXAMPLES = """Text: The Eiffel Tower was finished in 1889 for the World's Fair in Paris and was the tallest structure \
in the world until 1930.
Question: When was the Eiffel Tower built?

Text: Aspirin keeps platelets from clumping together by blocking an enzyme, so that it is given after heart attacks.
Question: How does aspirin prevent blood clots?

Text: To undo the last commit but keep the changes, run git reset with the option --soft.
Question: Can I undo a commit in git without losing my work?

"""
_LENGTHS = (60, 120, 120, 220)  # new tokens of a batch of texts
_QUESTION_TOKENS = 20
_READ_CHARACTERS = 500  # of a text that is asked about
_LEAST_WORDS = 12
_OF_A_TEXT = re.compile(
    r"\b(text|passage|sentences?|following|article|author|above|paragraph|statement|story)\b", re.IGNORECASE
)
_SENTENCE = re.compile(r"^.*[.!?](?=\s|$)", re.DOTALL)


class Writer:
    """Continues prompts, many side by side."""

    def __init__(self, backbone: str, device: str, batch: int, seed: int) -> None:
        self._tokenizer = Tokenizer.from_str(json.dumps(read_tokenizer(backbone)))
        kind = torch.float32 if device == "cpu" else torch.bfloat16
        self._model: Any = load_backbone(backbone).eval().to(device=torch.device(device), dtype=kind)
        self._device = device
        self.batch = batch
        self.random = random.Random(seed)  # noqa: S311
        torch.manual_seed(seed)

    @torch.inference_mode()
    def go_on(self, prompts: list[str], tokens: int, temperature: float) -> list[str]:
        """Draw at most `tokens` tokens for each prompt; one run."""
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(prompts, add_special_tokens=False)]
        width = max(map(len, rows))
        ids = torch.tensor([[0] * (width - len(row)) + row for row in rows], device=self._device)
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=self._device)
        found = self._model.generate(
            input_ids=ids,
            attention_mask=mask,
            pad_token_id=0,
            max_new_tokens=tokens,
            do_sample=True,
            temperature=temperature,
            top_k=100,
        )
        written: list[str] = self._tokenizer.decode_batch(found[:, width:].tolist(), skip_special_tokens=True)
        return written

    def texts(self, topics: Sequence[str]) -> list[str]:
        """Write of every topic in one of `KINDS`; what stays without a whole sentence is "" ."""
        wanted = [f"Write {self.random.choice(KINDS)} about {topic}." for topic in topics]
        prompts = [f"<|im_start|>user\n{one}<|im_end|>\n<|im_start|>assistant\n" for one in wanted]
        return [whole_sentences(text) for text in self.go_on(prompts, self.random.choice(_LENGTHS), 0.9)]

    def questions(self, texts: Sequence[str]) -> list[str]:
        """Ask one question about every text; "" where none came out that shares a word with it."""
        firsts = [self.random.choice(_FIRST_WORDS) for _ in texts]
        prompts = [
            f"{_EXAMPLES}Text: {text[:_READ_CHARACTERS]}\nQuestion: {first}"
            for text, first in zip(texts, firsts, strict=True)
        ]
        rest = self.go_on(prompts, _QUESTION_TOKENS, 0.8)
        asked = [question(first + text) for first, text in zip(firsts, rest, strict=True)]
        return [one if set(words(one)) & set(words(text)) else "" for one, text in zip(asked, texts, strict=True)]


def whole_sentences(text: str) -> str:
    """Cut a text off after its last whole sentence, with single spaces; "" where it is shorter than twelve words."""
    found = _SENTENCE.match(" ".join(text.split()))
    return found.group() if found and len(found.group().split()) >= _LEAST_WORDS else ""


def question(text: str) -> str:
    """Cut a text off after its first question mark.

    "" where its first line has none, where it is of two words, or asks about a text instead of what that tells.
    """
    asked, mark, _ = text.split("\n")[0].partition("?")
    good = mark and len(asked.split()) > 2 and not _OF_A_TEXT.search(asked)
    return asked.strip() + mark if good else ""


def written(writer: Writer, topics: Sequence[str], deadline: float) -> Iterator[Text]:
    """Write of topics drawn at random, and ask about it, until the deadline, a time of `time.monotonic`."""
    while time.monotonic() < deadline:
        texts = [text for text in writer.texts(writer.random.choices(topics, k=writer.batch)) if text]
        if texts:
            yield from (Text(text, asked) for text, asked in zip(texts, writer.questions(texts), strict=True))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("backbone")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=2.0, help="to write for (%(default)s)")
    parser.add_argument("--batch", type=int, default=4096, help="texts of a run (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    writer = Writer(options.backbone, "cuda" if torch.cuda.is_available() else "cpu", options.batch, options.seed)
    made = written(writer, [topic.text for topic in wordnet()], time.monotonic() + 60 * options.minutes)
    print(f"{options.output}: {write_collection(options.output, made)} documents")


if __name__ == "__main__":
    main()
