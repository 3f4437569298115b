"""What headscope refuses, one exception per reason; catch `HeadscopeError` for all of them."""

__all__ = [
    "CaptureClosed",
    "CompiledModel",
    "EmptyInput",
    "GenerationDiffers",
    "HeadscopeError",
    "NoAttention",
    "NoTarget",
    "NoTokenizer",
    "NoVectors",
    "OutOfRange",
    "OverBudget",
    "RefusedLayer",
    "TooManyTokens",
    "TrainingMode",
    "UnknownProjection",
    "UnreadableFile",
    "UnseenAttention",
    "UnsupportedInput",
]


class HeadscopeError(ValueError):
    """Raised, as one of its children, whenever headscope cannot give a right answer."""


class NoTokenizer(HeadscopeError):
    """Raised when the input is text and no tokenizer was given."""


class NoTarget(HeadscopeError):
    """Raised when the model is an encoder-decoder model and its decoder was given no tokens."""


class NoAttention(HeadscopeError):
    """Raised when one forward of the model computed no attention at all, or what was handed in holds none."""


class UnseenAttention(HeadscopeError):
    """Raised when modules of the model look like attention and left no record; names them."""


class TrainingMode(HeadscopeError):
    """Raised when the model is in training mode, where dropout changes the attention."""


class CompiledModel(HeadscopeError):
    """Raised when the model is a TorchScript program and has no Python code to record."""


class TooManyTokens(HeadscopeError):
    """Raised when the input is longer than the model's table of learned positions."""


class EmptyInput(HeadscopeError):
    """Raised when the input holds no token."""


class GenerationDiffers(HeadscopeError):
    """Raised when a model computed other logits step by step than one forward over the text that it wrote computes."""


class OutOfRange(HeadscopeError):
    """Raised when a layer, head, position, part or batch item does not exist; names those that do."""


class RefusedLayer(HeadscopeError):
    """Raised when no formula reproduces what a layer returned; names module and mechanism."""


class NoVectors(HeadscopeError):
    """Raised when only the weights of a layer are known and not the queries and keys that they come from; says why."""


class UnknownProjection(HeadscopeError):
    """Raised when it is not known how a layer's heads enter its output; names module and reason."""


class OverBudget(HeadscopeError):
    """Raised when an answer would need more bytes than the budget; names a slice that fits."""


class UnsupportedInput(HeadscopeError):
    """Raised when the input is of a kind, or for a kind of model, that cannot be captured."""


class UnreadableFile(HeadscopeError):
    """Raised when a file is no saved capture, is damaged, or was saved by a newer headscope."""


class CaptureClosed(HeadscopeError):
    """Raised when a capture is asked after it was closed."""
