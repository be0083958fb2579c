"""Texts as tokens: words, spellings, vocabularies, prompts."""
