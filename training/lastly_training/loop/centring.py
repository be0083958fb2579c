"""Takes the mean marker state out of an untrained reranker, whose markers would all look alike otherwise."""

import torch

from lastly_training.data.batches import Lists, stream
from lastly_training.data.drawing import Sampling
from lastly_training.data.prepared import Prepared
from lastly_training.loop.recipe import Recipe
from lastly_training.model.checkpoint import Checkpoint
from lastly_training.model.reranker import ListwiseReranker

_TOKENS = 8192


@torch.no_grad()
def centred(checkpoint: Checkpoint, prepared: Prepared, recipe: Recipe, device: str) -> Checkpoint:
    """Fold the removal into the projector, by the marker states of one batch."""
    torch.manual_seed(recipe.seed)
    model = ListwiseReranker(checkpoint).to(device)
    sampling = Sampling(8, 8, (64,), 0.5, recipe.labelled, recipe.varied)
    batch = next(stream(Lists(prepared, model.template, sampling, _TOKENS, recipe.seed), 0))[0].to(device)
    states = model.backbone(model.embed(batch.input_ids))
    marked = states.gather(1, batch.document_positions[..., None].expand(-1, -1, states.shape[-1]))
    model.project_away(marked[batch.real])
    return model.checkpoint()
