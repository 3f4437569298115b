"""Which model types there are, and the class that stands for each."""

from __future__ import annotations

import importlib
import inspect
from functools import cache
from types import ModuleType
from typing import Any

from transformers import PreTrainedModel
from transformers.models.auto import modeling_auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from models.recipes import CLASSES

_FIRST = ("MODEL_MAPPING_NAMES", "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES", "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES")


def types() -> list[str]:
    """Every model type that transformers has a configuration of."""
    return sorted(CONFIG_MAPPING.keys())


def config_class(model_type: str) -> Any:
    """The configuration class of a type."""
    return CONFIG_MAPPING[model_type]


def model_class(model_type: str) -> Any:
    """The class that stands for a type: its base model, else whatever is built from its configuration.

    Raises
    ------
    LookupError
        Where there is none.
    """
    config = config_class(model_type)
    named = CLASSES.get(model_type) or _named(model_type)
    modules = modeling_files(config)
    for module in modules:
        if named is not None and hasattr(module, named):
            return getattr(module, named)
    found = [one for module in modules for one in _built_from(module, config)]
    if not found:
        raise LookupError(f"no model class is built from {config.__name__}")
    return min(found, key=_rank)


def _named(model_type: str) -> str | None:
    """The class that an auto class of transformers takes for the type."""
    tables = [*_FIRST, *sorted(name for name in vars(modeling_auto) if name.startswith("MODEL_FOR_"))]
    for table in tables:
        name = getattr(modeling_auto, table).get(model_type) if table.endswith("NAMES") else None
        if name is not None:
            return name if isinstance(name, str) else name[0]
    return None


@cache
def modeling_files(config: Any) -> list[ModuleType]:
    """The modeling files beside a configuration's own."""
    package = importlib.import_module(config.__module__.rpartition(".")[0])
    names = [name for name in getattr(package, "_modules", []) or _files(package) if name.startswith("modeling_")]
    own = config.__module__.rpartition(".")[2].replace("configuration_", "modeling_")
    return [importlib.import_module(f"{package.__name__}.{name}") for name in sorted(names, key=lambda n: n != own)]


def _files(package: ModuleType) -> list[str]:
    import pkgutil

    return [file.name for file in pkgutil.iter_modules(package.__path__)]


def _built_from(module: ModuleType, config: Any) -> list[Any]:
    """The model classes of a file whose configuration is the given one."""
    classes = [one for _, one in inspect.getmembers(module, inspect.isclass) if one.__module__ == module.__name__]
    return [one for one in classes if issubclass(one, PreTrainedModel) and _config_of(one) is config]


def _config_of(model: Any) -> Any:
    """The configuration class that a model class is built from: what its constructor says, else its class variable."""
    said = inspect.signature(model.__init__).parameters.get("config")
    name = said.annotation if said is not None else None
    if isinstance(name, str):
        name = getattr(inspect.getmodule(model), name.strip("'\""), None)
    return name if inspect.isclass(name) else model.config_class


def _rank(model: Any) -> tuple[bool, bool, int]:
    name = model.__name__
    return name.endswith("PreTrainedModel"), not name.endswith("Model"), len(name)
