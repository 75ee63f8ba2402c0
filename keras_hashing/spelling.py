"""A misspelt name of a package is answered with the nearest one."""

import difflib
import sys


def guide(module_name):
    """Let a package name the nearest of its public names where one is misspelt.

    It is set from here, so that type checkers do not take every name for one that is there.

    Args:
        module_name: str, a package that has `__all__`; its `__init__.py` calls this at its end.

    Example:
        >>> import keras_hashing as kh
        >>> kh.losses.TripletLos
        Traceback (most recent call last):
        AttributeError: module 'keras_hashing.losses' has no attribute 'TripletLos'; did you mean \
'TripletLoss'?
    """
    module = sys.modules[module_name]

    def missing(name):
        raise no_attribute(module_name, name, module.__all__)

    module.__getattr__ = missing  # type: ignore[method-assign]


def no_attribute(module_name, name, names):
    """The AttributeError of a name that a module has not, with the nearest of those that it has.

    Args:
        module_name, name: str.
        names: iterable of str, the module's public names.

    Example:
        >>> no_attribute("shapes", "cricle", ["circle", "square"])
        AttributeError("module 'shapes' has no attribute 'cricle'; did you mean 'circle'?")
    """
    text = f"module {module_name!r} has no attribute {name!r}"
    near = None if name.startswith("_") else _nearest(name, names)
    if near is not None:
        text += f"; did you mean {near!r}?"
    # Python would add a guess of its own at the end if it found neither a name nor an object here.
    return AttributeError(text, name=name)


def _nearest(name, names):
    """The name that is nearest, of equally near ones the one that begins more alike; or None."""
    by_lower = {known.lower(): known for known in names}
    name = name.lower()

    def likeness(known):
        ratio = difflib.SequenceMatcher(None, known, name).ratio()
        return ratio, [one == other for one, other in zip(known, name, strict=False)]

    near = difflib.get_close_matches(name, by_lower)
    return by_lower[max(near, key=likeness)] if near else None
