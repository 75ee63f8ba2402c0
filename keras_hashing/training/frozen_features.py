"""Features of a frozen backbone, kept in files: computed once, and resumed after a kill."""

import hashlib
import pathlib

import numpy as np
from tqdm.auto import tqdm

from keras_hashing import backbones, checks, encoding, files


class FrozenFeatures:
    """A cache of features, one .npy file a set of images.

    A file is named by backbone, image size and a digest of the images' bytes in their order, so
    other images never get them. Rows are computed 1,000 at a time and kept in a `.part` file.

    Args:
        folder: path-like, made if it is not there.
        backbone: str, as `keras_hashing.backbones.get` takes it.
        image_size: int, pixels.
    """

    CHUNK = 1000

    def __init__(self, folder, backbone="efficientnet_lite0", image_size=224):
        self.folder = pathlib.Path(folder)
        self.backbone = backbone
        self.image_size = image_size
        self._network = None

    def __repr__(self):
        return f"{self.backbone} at {self.image_size} px"

    def path(self, images):
        """Path of the file for an `ImageSet`, whether it is there or not."""
        name = f"{self.backbone}_{self.image_size}_{image_digest(images)[:16]}.npy"
        return self.folder / name

    def of(self, images):
        """Features of an `ImageSet`, float32 `(n, channels)`, memory-mapped."""
        path = self.path(images)
        if not path.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._compute(images, path)
        features = np.load(path, mmap_mode="r", allow_pickle=False)
        if len(features) != len(images):
            raise ValueError(
                f"{path} has {len(features)} rows for {len(images)} images. Delete it."
            )
        return features

    def store(self, images, features):
        """Keep features that were computed elsewhere.

        Ten rows are computed here as well and must agree.

        Args:
            images: `ImageSet`.
            features: float32 `(n, channels)` of the first `n` images, in their order; the others
                are computed when they are asked for.

        Raises:
            ValueError: more rows than images, rows of zeros (not computed yet), or rows that are
                not these images' features.
        """
        features = np.asarray(features, np.float32)
        checks.rank("features", features, 2)
        checks.between("rows of features", len(features), 1, len(images))
        empty = int((~features.any(axis=1)).sum())
        if empty:
            raise ValueError(f"{empty} rows of `features` are zeros; leave them out.")
        places = np.linspace(0, len(features) - 1, min(10, len(features))).astype(int)
        if not np.allclose(self._features(images.subset(places)), features[places], atol=1e-3):
            raise ValueError(f"`features` are not those of {images} by {self}.")
        path = self.path(images)
        if len(features) == len(images):
            _write(path, features)
            path.with_suffix(".part").unlink(missing_ok=True)
        else:
            with files.atomic_path(path.with_suffix(".part")) as temporary:
                features.tofile(temporary)

    def _compute(self, images, path):
        part = path.with_suffix(".part")
        channels = self._features(images.subset(slice(0, 1))).shape[1]
        row_bytes = 4 * channels
        done = part.stat().st_size // row_bytes if part.is_file() else 0
        with part.open("ab") as file:
            file.truncate(done * row_bytes)
            bar = tqdm(total=len(images), initial=done, desc=f"features, {self}", disable=None)
            for start in range(done, len(images), self.CHUNK):
                chunk = images.subset(slice(start, start + self.CHUNK))
                file.write(self._features(chunk).tobytes())
                file.flush()
                bar.update(len(chunk))
            bar.close()
        _write(path, np.fromfile(part, np.float32).reshape(len(images), channels))
        part.unlink()

    def _features(self, images):
        if self._network is None:
            self._network = backbones.get(self.backbone, self.image_size)
        source = images.paths if images.images is None else images.images
        return encoding.outputs(self._network, source, verbose=False)


class PartFeatures:
    """Features of the parts of one `Data`, each photo computed once.

    Photo files that are trained on are mostly part of the database too; theirs are its rows.

    Args:
        data: `keras_hashing.data.Data`.
        cache: `FrozenFeatures`.

    Attributes:
        rows: dict of bits to the rows for comparison that these features gave already.
    """

    def __init__(self, data, cache):
        self.rows = {}
        self._cache = cache
        self._wholes = [part for part in (data.query, data.database) if part.paths]
        self._known = {}  # place of a whole -> its features

    def __repr__(self):
        return repr(self._cache)

    def of(self, images):
        """Features of an `ImageSet`, float32 `(n, channels)`."""
        for number, whole in enumerate(self._wholes if images.paths else ()):
            places = rows_in(whole, images)
            if places is not None:
                if number not in self._known:
                    self._known[number] = self._cache.of(whole)
                return self._known[number][places]
        return self._cache.of(images)


def rows_in(whole, part):
    """Where the images of one `ImageSet` are in another.

    Args:
        whole, part: `ImageSet`s, both in memory or both of files.

    Returns:
        List of ints, one an image of `part`; None where one of them is not in `whole`, or where
        it has the id of another image there.
    """
    if (whole.images is None) != (part.images is None):
        return None
    names = (whole.ids, part.ids) if whole.images is not None else (whole.paths, part.paths)
    places = {str(name): place for place, name in enumerate(names[0])}
    rows = [places.get(str(name)) for name in names[1]]
    if None in rows:
        return None
    same = part.images is None or (
        part.images.shape[1:] == whole.images.shape[1:]
        and all(
            np.array_equal(whole.images[row], one)
            for row, one in zip(rows, part.images, strict=True)
        )
    )
    return rows if same else None


def features_of(recipe, data, features_dir):
    """`PartFeatures` of a recipe's images by its backbone, kept in the folder `features_dir`."""
    model = recipe.model
    return PartFeatures(data, FrozenFeatures(features_dir, model["backbone"], model["image_size"]))


def image_digest(images):
    """SHA-256 over the bytes of all images of an `ImageSet`, in their order."""
    if images.images is None:
        lines = "\n".join(files.sha256(path) for path in images.paths)
        return hashlib.sha256(lines.encode()).hexdigest()
    digest = hashlib.sha256(f"{images.images.shape}".encode())
    digest.update(np.ascontiguousarray(images.images).data)
    return digest.hexdigest()


def _write(path, features):
    with files.atomic_path(path) as temporary, temporary.open("wb") as file:
        np.save(file, features)
