import pathlib

import pytest

from keras_hashing import photos
from keras_hashing.photos import agreement, storage
from tests.photos.conftest import tiny_backbone, tiny_hashing_model


def stored(encoder, folder, bits=5):
    return storage.PhotoContents(
        folder=str(folder),
        bits=bits,
        model=encoder.description,
        projection="superbit",
        digests=[],
        fitted=[],
        photos=[],
        unreadable=[],
        codes=None,
        weights=[],
    )


def agreed(bits, contents, folder, encoder):
    return agreement.agreed_bits(bits, "x.khindex", contents, pathlib.Path(folder), encoder)


def test_default_bits(encoder, hashing_encoder, folder):
    assert agreed(None, None, folder, encoder) == 64
    assert agreed(None, None, folder, hashing_encoder) is None
    assert agreed(12, None, folder, encoder) == 12
    assert agreed(None, stored(encoder, folder), folder, encoder) == 5
    assert agreed(5, stored(encoder, folder), folder, encoder) == 5


@pytest.mark.parametrize("bits", [0, -1, 4097])
def test_bits_out_of_range(encoder, folder, bits):
    with pytest.raises(ValueError, match="`bits` must be between 1 and 4096"):
        agreed(bits, None, folder, encoder)


def test_other_bits_model_or_folder_say_what_to_do(encoder, folder, tmp_path):
    contents = stored(encoder, folder)
    mend = "Choose another folder with --out, or delete that one to start over."
    with pytest.raises(ValueError) as error:
        agreed(8, contents, folder, encoder)
    assert str(error.value) == f"x.khindex holds codes of 5 bits, not 8. {mend}"
    other = photos.Encoder("other", tiny_backbone)
    with pytest.raises(ValueError) as error:
        agreed(None, contents, folder, other)
    assert str(error.value) == f"x.khindex was made with the model tiny, not other. {mend}"
    with pytest.raises(ValueError) as error:
        agreed(None, contents, tmp_path, encoder)
    assert str(error.value) == f"x.khindex is the index of {folder}, not of {tmp_path}. {mend}"


def test_a_name_of_both_a_backbone_and_a_hashing_model(encoder, folder):
    same_name = photos.Encoder("tiny", tiny_hashing_model, hashing=True)
    with pytest.raises(ValueError, match="was made with the model tiny"):
        agreed(None, stored(encoder, folder), folder, same_name)


def test_a_folder_that_was_moved_is_welcome(encoder, folder, tmp_path):
    assert agreed(None, stored(encoder, tmp_path / "gone"), folder, encoder) == 5


def test_the_model_must_give_the_bits(encoder, hashing_encoder):
    assert agreement.check_model(24, "x", None, encoder) == 24
    with pytest.raises(ValueError, match=r"between 1 and 24; got 25\. tiny gives 24 features"):
        agreement.check_model(25, "x", None, encoder)
    assert agreement.check_model(None, "x", None, hashing_encoder) == 5
    assert agreement.check_model(5, "x", None, hashing_encoder) == 5
    with pytest.raises(ValueError, match=r"gives 5 bits, not 8\. Leave out --bits"):
        agreement.check_model(8, "x", None, hashing_encoder)


def test_a_model_that_was_trained_on(encoder, folder):
    changed = photos.Encoder("tiny", lambda: tiny_backbone(seed=3))
    with pytest.raises(ValueError, match="The model tiny has changed since x was made"):
        agreement.check_model(5, "x", stored(encoder, folder), changed)
