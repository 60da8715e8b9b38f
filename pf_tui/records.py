"""`@record`: frozen, keyword-only records whose definition costs microseconds; `NamedTuple` too.

Why not dataclasses here: importing them and making the 37 records on a hook's path took 60 of the
95 ms that `import pf_tui.actions` cost (2-core machine, 11.5 ms for a bare interpreter); a hook may take
five bare starts in all. This module does the same for 2 ms. `dataclasses.replace`, `fields` and
`asdict` work on a record; their machinery is made when somebody asks. Fields are in `__dict__`, set at once:
slots, one by one, took three times the instructions, and a second class (a status line makes 800 records).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar, dataclass_transform  # Any: a field's value, as in dataclasses
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414 - others take it from here

    T = TypeVar("T")

    class _Record:
        """What `record` gives a class."""

        _fields: tuple[str, ...]
        _special: dict[str, _Default]

else:
    _NAMED_TUPLE_METHODS = ("__new__", "_make", "_replace", "_asdict", "__getnewargs__", "__repr__")

    class _NamedTupleMaker(type):
        """Gives a class its fields at once; what `collections.namedtuple` compiles waits for an instance."""

        def __new__(cls, name: str, bases: tuple, namespace: dict) -> type:
            from _collections import _tuplegetter

            names = tuple(namespace.get("__annotations__", ()))
            defaults = {field: namespace[field] for field in names if field in namespace}
            namespace |= {field: _tuplegetter(index, None) for index, field in enumerate(names)}
            facts = {"_fields": names, "_field_defaults": defaults, "__match_args__": names, "__slots__": ()}
            return super().__new__(cls, name, bases, namespace | facts)

        def _compile(cls) -> None:
            from collections import namedtuple

            defaults = cls._field_defaults.values()
            twin = namedtuple(cls.__name__, cls._fields, defaults=defaults)  # noqa: PYI024 - this is the typed one
            for part in _NAMED_TUPLE_METHODS:
                setattr(cls, part, vars(twin)[part])

    class NamedTuple(tuple, metaclass=_NamedTupleMaker):  # noqa: SLOT001 - its maker gives it none
        """`typing.NamedTuple` without typing."""

        def __new__(cls, *values: object, **fields: object) -> tuple:
            cls._compile()
            return cls(*values, **fields)

        @classmethod
        def _make(cls, values: Iterable) -> tuple:
            return cls(*values)

    def dataclass_transform(**_facts: object) -> Callable:
        """What type checkers read; nothing at run time."""
        return lambda decorator: decorator


class _Default:
    """A field's default value or factory, and whether it takes part in repr and ==."""

    __slots__ = ("compare", "factory", "shown", "value")

    def __init__(
        self, value: object, factory: Callable[[], object] | None, shown: bool, compare: bool
    ) -> None:
        self.value, self.factory, self.shown, self.compare = value, factory, shown, compare


_MISSING: object = type("MISSING", (), {"__repr__": lambda self: "MISSING"})()


def field(
    *,
    default: object = _MISSING,
    default_factory: Callable[[], object] | None = None,
    repr: bool = True,  # noqa: A002 - dataclasses' own word
    compare: bool = True,
) -> Any:  # as dataclasses': a default stands for a value of the field's type
    """A field's facts, as in dataclasses."""
    return _Default(default, default_factory, repr, compare)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """Make a class with annotated fields a record."""
    own = vars(cls)
    annotations = own.get("__annotations__", {})
    names = tuple(annotations)
    defaults, special = {}, {}
    for name in annotations.keys() & own.keys():
        default = defaults[name] = own[name]
        if type(default) is _Default:
            special[name] = default
            delattr(cls, name)
    kind: Any = cls  # a type checker does not know the attributes that come here
    kind._fields = names
    kind.__init__ = _maker(names, defaults, special)
    kind.__eq__ = _equal
    kind.__hash__ = _hash
    if "__repr__" not in own:
        kind.__repr__ = _shown
    kind.__setattr__ = kind.__delattr__ = _refuse
    kind.__dataclass_fields__ = _Fields(names, defaults)
    kind._special = special
    return cls


def replace(item: T, **changes: object) -> T:
    """A copy with some fields changed."""
    return type(item)(**{**item.__dict__, **changes})


def _maker(
    names: tuple[str, ...], defaults: dict[str, object], special: dict[str, _Default]
) -> Callable[..., None]:
    """The `__init__` of a record."""
    fields = frozenset(names)
    constants = dict(defaults)
    factories = []
    for name, default in special.items():
        if default.factory is not None:
            factories.append((name, default.factory))
        if default.value is _MISSING:
            del constants[name]
        else:
            constants[name] = default.value
    put = object.__setattr__

    def __init__(self: object, **values: object) -> None:  # noqa: N807 - it becomes the class's own
        whole = {**constants, **values}
        for name, factory in factories:
            if name not in whole:
                whole[name] = factory()
        if whole.keys() != fields:
            _complain(type(self).__qualname__, names, whole)
        put(self, "__dict__", whole)

    return __init__


def _complain(title: str, names: tuple[str, ...], values: dict[str, object]) -> None:
    for name in names:
        if name not in values:
            raise TypeError(f"{title}() misses {name}=")
    raise TypeError(f"{title}() knows no {', '.join(sorted(values.keys() - set(names)))}")


def _equal(self: _Record, other: object) -> object:
    if type(self) is not type(other):
        return NotImplemented
    return self is other or all(getattr(self, name) == getattr(other, name) for name in _compared(self))


def _hash(self: _Record) -> int:
    return hash(tuple([getattr(self, name) for name in _compared(self)]))


def _compared(item: _Record) -> list[str]:
    return [name for name in item._fields if name not in item._special or item._special[name].compare]


def _shown(self: _Record) -> str:
    names = [name for name in self._fields if name not in self._special or self._special[name].shown]
    inside = ", ".join([f"{name}={getattr(self, name)!r}" for name in names])
    return f"{type(self).__qualname__}({inside})"


def _refuse(self: object, name: str, value: object = None) -> None:
    raise AttributeError(f"{type(self).__name__} is a record; {name} cannot be changed (use replace)")


class _Fields:
    """`__dataclass_fields__`, made when dataclasses itself is used on a record."""

    def __init__(self, names: tuple[str, ...], defaults: dict[str, object]) -> None:
        self.names, self.defaults = names, defaults

    def __get__(self, item: object, owner: type) -> object:
        import dataclasses

        def fact(name: str) -> object:
            default = self.defaults.get(name, _MISSING)
            if not isinstance(default, _Default):
                default = _Default(default, None, shown=True, compare=True)
            facts: dict[str, Any] = {"repr": default.shown, "compare": default.compare}  # of different types
            if default.factory is not None:
                facts["default_factory"] = default.factory
            elif default.value is not _MISSING:
                facts["default_factory"] = lambda: default.value
            return dataclasses.field(**facts)

        spec = [(name, object, fact(name)) for name in self.names]
        twin: Any = dataclasses.make_dataclass(owner.__name__, spec, kw_only=True)
        return twin.__dataclass_fields__
