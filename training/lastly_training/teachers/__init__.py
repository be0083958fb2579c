"""The models whose judgement is distilled."""
