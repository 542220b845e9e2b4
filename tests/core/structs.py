"""What can a struct of the core hold? Anything that its types allow, and MessagePack: integers of 64 bits."""

from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st


def structs(kind: type) -> st.SearchStrategy[Any]:
    """Draw structs of a kind."""
    return st.builds(kind, **{field.name: _values(field.type) for field in msgspec.structs.fields(kind)})


def _values(annotation: Any) -> st.SearchStrategy[Any]:
    origin, inner = get_origin(annotation), [_values(each) for each in get_args(annotation) if each is not ...]
    if origin in (Union, UnionType):
        return st.one_of(*inner)
    if origin is dict:
        return st.dictionaries(*inner, max_size=2)
    if origin is tuple:
        return st.lists(*inner, max_size=2).map(tuple) if ... in get_args(annotation) else st.tuples(*inner)
    if annotation is int:
        return st.integers(-(1 << 63), (1 << 63) - 1)
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return structs(annotation)
    return st.from_type(annotation)
