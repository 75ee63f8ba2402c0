"""A small zoo, as the zoo's own tests have it."""

from tests.zoo.conftest import entry, saved, zoo_root

__all__ = ["entry", "saved", "zoo_root"]
