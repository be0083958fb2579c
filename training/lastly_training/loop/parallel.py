"""Several GPUs, one process each, as `torchrun` starts them: each draws lists of its own, their gradients are averaged.

`torchrun --nproc-per-node 4 -m lastly_training.cli DATA --backbone BACKBONE -o FOLDER`
"""

import os
from dataclasses import dataclass

import torch
from torch import distributed, nn
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import bf16_compress_hook
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Group:
    """The processes that train one model; a process alone is a group of one."""

    rank: int = 0
    size: int = 1

    @classmethod
    def join(cls) -> "Group":
        """Find the others by the variables that torchrun sets, and take the GPU that is this process's own."""
        size = int(os.environ.get("WORLD_SIZE", "1"))
        if size == 1:
            return cls()
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        return cls(distributed.get_rank(), size)

    @property
    def first(self) -> bool:
        """Whether this process is the one that prepares, measures and writes."""
        return self.rank == 0

    def wait(self) -> None:
        """Go on when all have come here."""
        if self.size > 1:
            distributed.barrier()

    def leave(self) -> None:
        """Part from the others."""
        if self.size > 1:
            distributed.destroy_process_group()

    def joined(self, model: nn.Module) -> nn.Module:
        """Return a model that starts as the first process's, and whose gradients are the mean over the group.

        They travel while the rest is still computed, between GPUs in bf16: half the bytes.
        """
        if self.size == 1:
            return model
        together = DistributedDataParallel(model, broadcast_buffers=False, gradient_as_bucket_view=True)
        if torch.cuda.is_available():
            together.register_comm_hook(None, bf16_compress_hook)
        return together

    def same(self, value: float, device: str) -> float:
        """Return the first process's value to all."""
        if self.size == 1:
            return value
        shared = torch.tensor(value, dtype=torch.float64, device=device)
        distributed.broadcast(shared, 0)
        return shared.item()
