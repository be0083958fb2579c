"""Several GPUs, one process each, as `torchrun` starts them: each draws lists of its own, their gradients are averaged.

`torchrun --nproc-per-node 4 -m training.cli DATA --backbone BACKBONE -o FOLDER`
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, distributed


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

    @torch.no_grad()
    def align(self, parameters: Iterable[Tensor]) -> None:
        """Give all the first process's parameters."""
        if self.size > 1:
            for parameter in parameters:
                distributed.broadcast(parameter, 0)

    def average_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Replace every gradient by the mean over the group."""
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= self.size
        for gradient, mean in zip(gradients, flat.split([one.numel() for one in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))

    def same(self, value: float, device: str) -> float:
        """Give the first process's value to all."""
        if self.size == 1:
            return value
        shared = torch.tensor(value, dtype=torch.float64, device=device)
        distributed.broadcast(shared, 0)
        return shared.item()
