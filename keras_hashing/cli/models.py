"""MODEL on the command line: a zoo name, an entry's folder or a .keras file."""

import pathlib

DEFAULT_BACKBONE = "efficientnet_lite0"


def load_model(model):
    """The hashing model that MODEL means.

    Args:
        model: str, a zoo name, the path of an entry's folder, or of a .keras file.

    Raises:
        FileNotFoundError, ValueError: there is none, or it is damaged; says which.
    """
    if pathlib.PurePath(model).suffix == ".keras":
        import keras_hashing

        return keras_hashing.load(model)
    from keras_hashing import zoo

    return zoo.load(model)


def lasting_name(model):
    """MODEL in a form that means the same from another working folder."""
    path = pathlib.Path(model)
    return str(path.resolve()) if path.suffix == ".keras" or path.is_dir() else model


def photo_encoder(name, hashing):
    """`keras_hashing.photos.Encoder` that loads its model when it is first needed.

    Args:
        name: str, a backbone's name; with `hashing`, a MODEL.
        hashing: bool.
    """
    from keras_hashing import photos

    def load_backbone():
        from keras_hashing import backbones

        return backbones.get(name)

    load = (lambda: load_model(name)) if hashing else load_backbone
    return photos.Encoder(name, load, hashing)
