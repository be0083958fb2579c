"""The loaded models by name: load, warm up, load again while the old ones still answer."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from lastly.config import Settings
from lastly.errors import InvalidRequestError, NotReadyError, UnknownModelError
from lastly.graph.opening import GraphOptions, execution_providers
from lastly.model.folder import Manifest, ModelFolder
from lastly.ranking.reranker import Reranker
from lastly.scheduling.priority import lower_thread_priority

_log = logging.getLogger("lastly")

WarmUp = Callable[[str, Reranker], Awaitable[None]]  # by the name that it is served under


def graph_options(settings: Settings) -> GraphOptions:
    """Return how the settings' models are opened; `lastly check` opens its folder so too."""
    return GraphOptions(
        settings.threads,
        execution_providers(settings.provider),
        settings.gpu_memory_bytes,
        settings.max_batch_tokens,
        settings.cuda_graph_tokens,
    )


class ModelRegistry:
    """The models of one process. Raises ModelFolderError where a folder is wrong, before anything is loaded."""

    def __init__(self, settings: Settings) -> None:
        self._options = graph_options(settings)
        self._block_tokens = settings.max_block_tokens
        self._places: dict[str, Path] = {}
        self._manifests: dict[str, Manifest] = {}
        for given, folder in settings.model:
            manifest = ModelFolder.load(folder, verify=False).with_block_tokens(self._block_tokens).manifest
            name = given or manifest.name
            if name in self._places:
                raise InvalidRequestError(f"two models are named {name}; name them: --model NAME=FOLDER")
            self._places[name], self._manifests[name] = folder, manifest
        self._loaded: dict[str, Reranker] = {}

    @property
    def default(self) -> str:
        """The name of the model that calls get which name none."""
        return next(iter(self._places))

    @property
    def manifests(self) -> dict[str, Manifest]:
        """What is or will be served, by name."""
        return dict(self._manifests)

    def get(self, name: str | None) -> tuple[str, Reranker]:
        """Return a model with its name; raises UnknownModelError, and NotReadyError until all are warm."""
        wanted = name or self.default
        if wanted not in self._places:
            raise UnknownModelError(f"that model is not loaded; leave it out or ask for {', '.join(self._places)}")
        if wanted not in self._loaded:
            raise NotReadyError("the model is still loading; ask /health/ready")
        return wanted, self._loaded[wanted]

    def check_ready(self) -> None:
        """Raise NotReadyError until every model is warm."""
        for name in self._places:
            self.get(name)

    async def load(self, warm_up: WarmUp) -> None:
        """Load every model beside those that run, warm it up, then let it take over; raises ModelFolderError.

        Calls inside keep the model that they came in with. Both are in memory meanwhile.
        """
        for name, folder in self._places.items():
            started = time.monotonic()
            reranker = await asyncio.to_thread(_load, folder, self._options, self._block_tokens)
            await warm_up(name, reranker)
            self._loaded[name], self._manifests[name] = reranker, reranker.manifest
            _log.info("model %s ready after %.1f s", name, time.monotonic() - started)


def _load(folder: Path, options: GraphOptions, block_tokens: int) -> Reranker:
    lower_thread_priority()  # ONNX Runtime's threads start here and inherit it
    return Reranker.load(folder, options, block_tokens)
