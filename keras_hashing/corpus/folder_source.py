"""A folder of image files as a source; its sub-folders may be classes."""

import dataclasses
import functools
import pathlib

import fsspec

from keras_hashing import files
from keras_hashing.corpus.listing import Item

LABEL = "folder"  # what `label` is called for folders


@dataclasses.dataclass(frozen=True)
class FolderSource:
    """Image files, one item each.

    Args:
        url: str, the folder.
        names: list of str, paths below it.
        classes: list of str, names of the sub-folders whose places are the labels, or None.
    """

    url: str
    names: list
    classes: list | None = None

    @classmethod
    def open(cls, listing, column=None, label=None):
        """The images of a `Listing`; arguments as of `sources.open_source`."""
        if column is not None:
            raise ValueError(
                f"`column` is for parquet and TFRecord files; {listing.url} is a folder of images. "
                "Leave it out."
            )
        if label is None:
            return cls(listing.url, listing.names)
        if label != LABEL:
            raise ValueError(
                f"`label` must be {LABEL!r} for a folder of images, each sub-folder a class; "
                f"got {label!r}."
            )
        outside = [name for name in listing.names if "/" not in name]
        if outside:
            raise ValueError(
                f"{len(outside)} image(s) of {listing.url} lie in no sub-folder, the first: "
                f"{outside[0]}. Move them, or leave `label` out."
            )
        classes = sorted({name.split("/")[0] for name in listing.names})
        return cls(listing.url, listing.names, classes)

    def __len__(self):
        return len(self.names)

    def identity(self):
        """Iterator of str that are equal for equal lists of images."""
        return iter(self.names)

    def cut(self, start, stop):
        """The items from `start` to before `stop`, as a source of their own."""
        return dataclasses.replace(self, names=self.names[start:stop])

    def read(self, place):
        """Read the bytes of one image; from any thread.

        Args:
            place: int, below `len(self)`.

        Returns:
            `Item`; one whose file may not be read has a problem.

        Raises:
            OSError: the source itself fails, or a listed file is gone.
        """
        name = self.names[place]
        filesystem, root = self._place
        path = f"{root.rstrip('/')}/{name}"
        label = self.classes.index(name.split("/")[0]) if self.classes else None
        try:
            return Item(files.printable(name), label, filesystem.cat_file(path))
        except PermissionError as error:
            return Item(
                files.printable(name), label, problem=f"it may not be read: {error.strerror}."
            )
        except FileNotFoundError as error:
            if not pathlib.Path(path).is_symlink():
                raise FileNotFoundError(
                    f"{files.printable(path)} was listed and is gone. Bring it back and run the "
                    "same command again, or encode what there is into another folder."
                ) from error
            return Item(files.printable(name), label, problem="it is a link that leads nowhere.")

    @functools.cached_property
    def _place(self):
        return fsspec.core.url_to_fs(self.url)
