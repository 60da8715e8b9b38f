"""`@record`: frozen, slotted, keyword-only records whose definition costs microseconds; `NamedTuple` too.

Why not dataclasses here: importing them and making the 37 records on a hook's path took 60 of the
95 ms that `import pf_tui.actions` cost (2-core machine, 11.5 ms for a bare interpreter); a hook may take
five bare starts in all. This module does the same for 3 ms. `dataclasses.replace`, `fields` and
`asdict` work on a record; their machinery is made when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar, dataclass_transform  # Any: a field's value, as in dataclasses
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414 - others take it from here

    T = TypeVar("T")
else:
    _COMPILED = ("__new__", "_make", "_replace", "_asdict", "__getnewargs__", "__repr__")

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
            for part in _COMPILED:
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
    namespace = dict(vars(cls))
    names = tuple(namespace.get("__annotations__", {}))
    defaults_given = {name: namespace.pop(name) for name in names if name in namespace}
    defaults = {
        name: value if isinstance(value, _Default) else _Default(value, None, True, True)
        for name, value in defaults_given.items()
    }
    for unwanted in ("__dict__", "__weakref__"):
        namespace.pop(unwanted, None)
    names_compared = tuple(name for name in names if name not in defaults or defaults[name].compare)
    namespace |= {
        "__slots__": names,
        "__match_args__": (),
        "__eq__": _equality(names_compared),
        "__hash__": _hash(names_compared),
        "__repr__": namespace.get("__repr__") or _shower(names, defaults),
        "__setattr__": _refuse,
        "__delattr__": _refuse,
        "__getstate__": _state,
        "__setstate__": _restore,
        "__dataclass_fields__": _Fields(names, defaults),
    }
    if "__bool__" in vars(cls):
        namespace["__bool__"] = vars(cls)["__bool__"]
    record_type: Any = type  # a type checker does not know that it takes a namespace
    kind: type[T] = record_type(cls.__name__, cls.__bases__, namespace)
    kind.__init__ = _maker(kind, names, defaults)  # type: ignore[method-assign] # as dataclasses do
    return kind


def replace(item: T, **changes: object) -> T:
    """A copy with some fields changed."""
    values = {name: getattr(item, name) for name in type(item).__slots__}  # type: ignore[attr-defined]
    values.update(changes)
    return type(item)(**values)


OFTEN = 200
"""Instances after which a class gets an `__init__` of its own: compiling it costs as much as they gain."""


def _maker(kind: type, names: tuple[str, ...], defaults: dict[str, _Default]) -> Callable[..., None]:
    """The `__init__` of a record that is made a few times; of one made often, until it is compiled."""
    count = 0
    constants = {name: default.value for name, default in defaults.items() if default.value is not _MISSING}
    factories = [(name, default.factory) for name, default in defaults.items() if default.factory is not None]
    put = object.__setattr__

    def __init__(self: object, **values: object) -> None:  # noqa: N807 - it becomes the class's own
        nonlocal count
        count += 1
        if count >= OFTEN and names:
            kind.__init__ = _compiled(kind, names, defaults)  # type: ignore[misc]
        whole = {**constants, **values}
        for name, factory in factories:
            if name not in whole:
                whole[name] = factory()
        if len(whole) > len(names):
            _complain(kind.__qualname__, names, whole)
        try:
            for name in names:
                put(self, name, whole[name])
        except KeyError:
            _complain(kind.__qualname__, names, whole)

    return __init__


def _compiled(kind: type, names: tuple[str, ...], defaults: dict[str, _Default]) -> Callable[..., None]:
    """An `__init__` that takes a third of the time (measured with twelve fields)."""
    scope: dict[str, object] = {"MISSING": _MISSING}
    parameters, lines = [], []
    for name in names:
        scope[f"put_{name}"] = getattr(kind, name).__set__
        default = defaults.get(name)
        if default is None:
            parameters.append(name)
        elif default.factory is None:
            scope[f"default_{name}"] = default.value
            parameters.append(f"{name}=default_{name}")
        else:
            scope[f"make_{name}"] = default.factory
            parameters.append(f"{name}=MISSING")
            lines.append(f" if {name} is MISSING: {name} = make_{name}()")
        lines.append(f" put_{name}(self, {name})")
    source = f"def __init__(self, *, {', '.join(parameters)}):\n" + "\n".join(lines)
    exec(source, scope)  # noqa: S102 - field names alone, as in dataclasses and namedtuple
    init: Callable[..., None] = scope["__init__"]  # type: ignore[assignment] # defined by the source
    init.__qualname__ = f"{kind.__qualname__}.__init__"  # what a TypeError names
    return init


def _complain(title: str, names: tuple[str, ...], values: dict[str, object]) -> None:
    for name in names:
        if name not in values:
            raise TypeError(f"{title}() misses {name}=")
    raise TypeError(f"{title}() knows no {', '.join(sorted(values.keys() - set(names)))}")


def _equality(names_compared: tuple[str, ...]) -> Callable[[object, object], object]:
    def __eq__(self: object, other: object) -> object:  # noqa: N807
        if type(self) is not type(other):
            return NotImplemented
        return self is other or all(getattr(self, name) == getattr(other, name) for name in names_compared)

    return __eq__


def _hash(names_compared: tuple[str, ...]) -> Callable[[object], int]:
    def __hash__(self: object) -> int:  # noqa: N807
        return hash(tuple(getattr(self, name) for name in names_compared))

    return __hash__


def _shower(names: tuple[str, ...], defaults: dict[str, _Default]) -> Callable[[object], str]:
    names_shown = tuple(name for name in names if name not in defaults or defaults[name].shown)

    def __repr__(self: object) -> str:  # noqa: N807
        inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in names_shown)
        return f"{type(self).__qualname__}({inside})"

    return __repr__


def _refuse(self: object, name: str, value: object = None) -> None:
    raise AttributeError(f"{type(self).__name__} is a record; {name} cannot be changed (use replace)")


def _state(self: object) -> tuple[object, ...]:
    return tuple(getattr(self, name) for name in type(self).__slots__)  # type: ignore[attr-defined]


def _restore(self: object, state: tuple[object, ...]) -> None:
    for name, value in zip(type(self).__slots__, state, strict=True):  # type: ignore[attr-defined]
        object.__setattr__(self, name, value)


class _Fields:
    """`__dataclass_fields__`, made when dataclasses itself is used on a record."""

    def __init__(self, names: tuple[str, ...], defaults: dict[str, _Default]) -> None:
        self.names, self.defaults = names, defaults

    def __get__(self, item: object, owner: type) -> object:
        import dataclasses

        def fact(name: str) -> object:
            default = self.defaults.get(name)
            facts: dict[str, Any] = {}  # keyword arguments of different types
            if default is not None:
                facts = {"repr": default.shown, "compare": default.compare}
                if default.factory is not None:
                    facts["default_factory"] = default.factory
                elif default.value is not _MISSING:
                    facts["default_factory"] = lambda: default.value
            return dataclasses.field(**facts)

        spec = [(name, object, fact(name)) for name in self.names]
        twin: Any = dataclasses.make_dataclass(owner.__name__, spec, kw_only=True)
        return twin.__dataclass_fields__
