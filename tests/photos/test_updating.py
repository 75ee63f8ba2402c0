import os
import pathlib
import shutil

import numpy as np
import pytest

from keras_hashing.photos import PhotoIndex, storage, update
from tests.photos.conftest import CountingEncoder, tiny_backbone, write_photo


@pytest.fixture
def encoder():
    """Of as many features as the default of 64 bits needs."""
    wide = tiny_backbone(channels=64)
    return CountingEncoder("tiny", lambda: wide)


def snapshot(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def counts(summary):
    return summary.new, summary.changed, summary.deleted, summary.encoded


def test_a_first_run(directory, folder, encoder):
    seen = []
    summary = update(directory, folder, encoder, 5, lambda *progress: seen.append(progress))
    assert (summary.photos, summary.bits, summary.projection) == (8, 5, "superbit")
    assert counts(summary) == (8, 0, 0, 8)
    assert summary.fitted and not summary.unreadable
    assert encoder.count == 8
    assert seen == [(done, 8) for done in range(1, 9)]
    assert len(PhotoIndex(directory)) == 8


def test_itq_from_four_times_as_many_photos_as_bits(directory, folder, encoder):
    assert update(directory, folder, encoder, 2).projection == "itq"
    shutil.rmtree(directory)
    assert update(directory, folder, encoder, 3).projection == "superbit"


def test_a_second_run_has_nothing_to_do(directory, folder, encoder):
    update(directory, folder, encoder, 5)
    before = snapshot(directory)
    os.utime(directory / "manifest.json", ns=(1, 1))
    idle = CountingEncoder("tiny", lambda: pytest.fail("the model was loaded"))
    summary = update(directory, folder, idle)
    assert counts(summary) == (0, 0, 0, 0)
    assert (summary.photos, summary.bits, summary.fitted) == (8, 5, False)
    assert snapshot(directory) == before
    assert storage.modified_ns(directory) > 1  # it counts as the newest again


def test_new_changed_and_deleted_photos(directory, folder, encoder):
    update(directory, folder, encoder, 5)
    write_photo(folder / "new.jpg", 100)
    write_photo(folder / "photo1.jpg", 101)
    (folder / "photo2.jpg").unlink()
    summary = update(directory, folder, encoder)
    assert counts(summary) == (1, 1, 1, 2)
    assert summary.photos == 8
    assert encoder.count == 10
    paths = PhotoIndex(directory).paths
    assert "new.jpg" in paths and "photo2.jpg" not in paths


def test_changed_photo_of_the_same_size_and_new_time(directory, tmp_path, encoder, touched):
    photo = write_photo(tmp_path / "p" / "a.bmp", 0, "BMP")
    write_photo(tmp_path / "p" / "b.bmp", 1, "BMP")
    update(directory, photo.parent, encoder, 5)
    size = photo.stat().st_size
    write_photo(photo, 2, "BMP")
    touched(photo)
    assert photo.stat().st_size == size
    assert counts(update(directory, photo.parent, encoder)) == (0, 1, 0, 1)


def test_a_new_time_alone_encodes_nothing(directory, folder, encoder, touched):
    update(directory, folder, encoder, 5)
    touched(folder / "photo0.jpg")
    assert counts(update(directory, folder, encoder)) == (0, 0, 0, 0)
    assert storage.read(directory).generation == 2  # the new time is recorded
    update(directory, folder, encoder)
    assert storage.read(directory).generation == 2


def test_renamed_and_copied_photos_are_not_encoded_again(directory, folder, encoder):
    update(directory, folder, encoder, 5)
    before = PhotoIndex(directory)
    (folder / "photo0.jpg").rename(folder / "renamed.jpg")
    shutil.copy(folder / "photo1.jpg", folder / "copy.jpg")
    assert counts(update(directory, folder, encoder)) == (2, 0, 1, 0)
    after = PhotoIndex(directory)
    for old, new in (("photo0.jpg", "renamed.jpg"), ("photo1.jpg", "copy.jpg")):
        np.testing.assert_array_equal(
            before.codes[before.paths.index(old)], after.codes[after.paths.index(new)]
        )


def test_identical_photos_in_one_run_are_encoded_once(directory, folder, encoder):
    for number in range(3):
        shutil.copy(folder / "photo1.jpg", folder / f"copy{number}.jpg")
    summary = update(directory, folder, encoder, 5)
    assert (summary.photos, summary.encoded, encoder.count) == (11, 8, 8)
    assert len(storage.read_vectors(directory)) == 8


def test_grown_in_steps_equals_made_at_once(directory, tmp_path, folder, encoder):
    update(directory, folder, encoder, 3)
    for number in range(8, 16):
        write_photo(folder / f"later{number}.jpg", number)
    summary = update(directory, folder, encoder)
    assert (summary.projection, summary.fitted, summary.encoded) == ("itq", True, 8)
    at_once = tmp_path / "at-once"
    update(at_once, folder, encoder, 3)
    grown, fresh = PhotoIndex(directory), PhotoIndex(at_once)
    assert grown.paths == fresh.paths
    np.testing.assert_array_equal(grown.codes, fresh.codes)


def test_a_moved_folder_keeps_its_vectors(directory, folder, encoder):
    update(directory, folder, encoder, 5)
    moved = folder.rename(folder.with_name("moved"))
    assert counts(update(directory, moved, encoder)) == (0, 0, 0, 0)
    assert PhotoIndex(directory).folder == moved


def test_a_folder_of_the_same_name_elsewhere_is_refused(directory, folder, encoder, tmp_path):
    update(directory, folder, encoder, 5)
    before = snapshot(directory)
    write_photo(tmp_path / "elsewhere" / "holiday" / "a.jpg", 0)
    with pytest.raises(ValueError, match=r"is the index of .*, not of .*--out"):
        update(directory, tmp_path / "elsewhere" / "holiday", encoder)
    assert snapshot(directory) == before


def test_unreadable_files_are_listed_and_tried_again_when_they_change(
    directory, folder, encoder, monkeypatch
):
    bad = folder / "text.jpg"
    bad.write_text("not a photo")
    summary = update(directory, folder, encoder, 5)
    assert summary.photos == 8
    ((path, problem),) = summary.unreadable
    assert path == "text.jpg"
    assert problem.startswith("cannot be read as an image")

    with monkeypatch.context() as patched:
        patched.setattr(pathlib.Path, "read_bytes", reads_of(bad, pathlib.Path.read_bytes))
        assert update(directory, folder, encoder).unreadable == [(path, problem)]

    write_photo(bad, 50)
    summary = update(directory, folder, encoder)
    assert counts(summary) == (1, 0, 0, 1)
    assert not summary.unreadable


def reads_of(forbidden, original):
    """`Path.read_bytes` that fails the test if it is asked for one file."""

    def read_bytes(path):
        assert path != forbidden
        return original(path)

    return read_bytes


def test_a_photo_that_becomes_unreadable_leaves_the_index(directory, folder, encoder):
    update(directory, folder, encoder, 5)
    (folder / "photo0.jpg").write_bytes(b"damaged")
    summary = update(directory, folder, encoder)
    assert (summary.photos, summary.deleted, len(summary.unreadable)) == (7, 1, 1)


def test_a_dead_link_is_tried_each_time_and_changes_nothing(directory, folder, encoder):
    (folder / "dead.jpg").symlink_to(folder / "nothing.jpg")
    for _ in range(2):
        summary = update(directory, folder, encoder, 5)
        assert summary.unreadable == [("dead.jpg", "No such file or directory")]
    assert storage.read(directory).generation == 1


def test_one_photo_and_two_identical_ones(directory, tmp_path, encoder):
    photo = write_photo(tmp_path / "one" / "a.jpg", 0)
    assert update(directory, photo.parent, encoder).photos == 1
    shutil.copy(photo, photo.with_name("b.jpg"))
    summary = update(directory, photo.parent, encoder)
    assert (summary.photos, summary.encoded) == (2, 0)


def test_nothing_readable(directory, tmp_path, encoder):
    folder = tmp_path / "bad"
    folder.mkdir()
    with pytest.raises(ValueError, match="No image found in"):
        update(directory, folder, encoder)
    (folder / "b.jpg").write_text("no photo")
    (folder / "c.jpg").write_text("no photo")
    with pytest.raises(ValueError, match=r"None of the 2 image file\(s\) in .*first is b\.jpg: "):
        update(directory, folder, encoder)
    assert not directory.exists()
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        update(directory, tmp_path / "none", encoder)
    with pytest.raises(NotADirectoryError):
        update(directory, folder / "b.jpg", encoder)


def test_an_emptied_folder_leaves_the_index_as_it_was(directory, folder, encoder):
    # It may be a disk that is not mounted.
    update(directory, folder, encoder, 5)
    before = snapshot(directory)
    shutil.rmtree(folder)
    folder.mkdir()
    with pytest.raises(ValueError, match="No image found"):
        update(directory, folder, encoder)
    assert snapshot(directory) == before


def test_a_run_that_is_stopped_loses_nothing(directory, tmp_path, encoder):
    folder = tmp_path / "many"
    for number in range(70):
        write_photo(folder / f"{number:02}.jpg", number)
    encoder.fails_at = 64
    with pytest.raises(KeyboardInterrupt):
        update(directory, folder, encoder, 5)
    encoder.fails_at = None
    summary = update(directory, folder, encoder, 5)
    assert (summary.photos, summary.resumed, summary.encoded) == (70, 64, 6)
    assert encoder.count == 70
    at_once = tmp_path / "at-once"
    update(at_once, folder, encoder, 5)
    np.testing.assert_array_equal(PhotoIndex(directory).codes, PhotoIndex(at_once).codes)
    assert not list(directory.glob("pending-*"))


def test_an_index_whose_update_is_stopped_still_serves(directory, folder, encoder):
    update(directory, folder, encoder, 5)
    write_photo(folder / "new.jpg", 100)
    encoder.fails_at = 0
    with pytest.raises(KeyboardInterrupt):
        update(directory, folder, encoder)
    assert len(PhotoIndex(directory)) == 8


def test_a_disk_that_fills_up_leaves_the_index_as_it_was(directory, folder, encoder, monkeypatch):
    update(directory, folder, encoder, 5)
    before = PhotoIndex(directory)
    write_photo(folder / "new.jpg", 100)

    def full(*args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space left"):
        patched.setattr(storage.json, "dumps", full)
        update(directory, folder, encoder)
    np.testing.assert_array_equal(PhotoIndex(directory).codes, before.codes)
    summary = update(directory, folder, encoder)
    assert (summary.photos, summary.encoded) == (9, 1)


def test_a_hashing_models_own_codes(directory, folder, hashing_encoder):
    summary = update(directory, folder, hashing_encoder)
    assert (summary.projection, summary.bits, summary.fitted) == ("model", 5, False)
    np.testing.assert_array_equal(storage.read_vectors(directory), storage.read(directory).codes)
    write_photo(folder / "new.jpg", 100)
    assert counts(update(directory, folder, hashing_encoder)) == (1, 0, 0, 1)


def test_another_model_is_refused_before_it_is_used(directory, folder, encoder):
    update(directory, folder, encoder, 5)
    write_photo(folder / "new.jpg", 100)
    changed = CountingEncoder("tiny", lambda: tiny_backbone(seed=9, channels=64))
    with pytest.raises(ValueError, match="The model tiny has changed since"):
        update(directory, folder, changed)
    assert changed.count == 0


def test_repr_of_a_summary(directory, folder, encoder):
    (folder / "text.jpg").write_text("no photo")
    summary = update(directory, folder, encoder, 5)
    assert repr(summary).splitlines() == [
        "Summary",
        "  photos: 8 in codes of 5 bits",
        "  new, changed, deleted: 8, 0, 0",
        "  encoded: 8, and 0 by an unfinished run before",
        "  projection: superbit, fitted now",
        "  unreadable: 1; `unreadable` says which and why",
    ]
    assert "<tr><th>projection</th>" in summary._repr_html_()
