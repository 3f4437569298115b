"""One tiny model of a type, with peaked weights, on the attention implementation that it comes with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from models.inputs import inputs_for
from models.kinds import model_class
from models.tiny_configs import tiny_config
from models.weights import peak

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class Built:
    """A model in evaluation mode and what it is given."""

    model: PreTrainedModel
    inputs: dict[str, Any]


class NotBuiltError(Exception):
    """Raised, with what went wrong, where no tiny model of a type can be made or run."""


def build(model_type: str) -> Built:
    """The tiny model of a type and inputs with which its forward runs.

    Raises
    ------
    NotBuiltError
    """
    try:
        torch.manual_seed(0)
        model = model_class(model_type)(tiny_config(model_type)).eval()
        peak(model)
        return Built(model, inputs_for(model, model_type))
    except Exception as error:
        raise NotBuiltError(f"{type(error).__name__}: {error}") from error
