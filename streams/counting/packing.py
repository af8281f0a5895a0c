"""Packing: MessagePack with whole numbers of any size, since money in millionths may outgrow 64 bits."""

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_encode = msgspec.msgpack.Encoder().encode
_LEAST, _GREATEST = -(2**63), 2**64 - 1


def encode(structure: Any) -> bytes:
    """The structure as MessagePack. A number beyond 64 bits becomes its decimal text, which `decoder` reads back."""
    try:
        return _encode(structure)
    except OverflowError:
        # Rare: one absurd amount must not stop a partition.
        return _encode(_widened(msgspec.to_builtins(structure, builtin_types=(bytes,))))


def decoder(kind: type[T]) -> "msgspec.msgpack.Decoder[T]":
    """A decoder of what `encode` made of a structure of that type."""
    return msgspec.msgpack.Decoder(kind, strict=False)


def _widened(part: Any) -> Any:
    if isinstance(part, int) and not _LEAST <= part <= _GREATEST:
        return str(part)
    if isinstance(part, dict):
        return {key: _widened(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_widened(value) for value in part]
    return part
