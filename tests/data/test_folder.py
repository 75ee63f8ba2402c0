import numpy as np
import pytest

from keras_hashing import data


def parts(loaded):
    return [loaded.train, loaded.validation, loaded.query, loaded.database]


def test_classes_are_the_sub_folders(photo_folder):
    loaded = data.from_folder(photo_folder, image_size=16)
    assert loaded.class_names == ["ant", "bird", "cat"]
    assert loaded.name == "photos"
    assert loaded.protocol is None
    assert loaded.passed_over == []
    # Shares of 20, 10 and 12: 2 + 1 + 1 queries and as many for validation.
    assert [len(part) for part in parts(loaded)] == [34, 4, 4, 38]
    assert np.bincount(loaded.query.labels).tolist() == [2, 1, 1]
    for part in parts(loaded):
        names = [loaded.class_names[label] for label in part.labels]
        assert names == [name.split("/")[0] for name in part.ids]
        assert part.ids.tolist() == sorted(part.ids)
        assert [p.relative_to(photo_folder).as_posix() for p in part.paths] == part.ids.tolist()
    images, labels = next(iter(loaded.query.dataset(8)))
    assert images.shape == (4, 16, 16, 3)
    assert labels.numpy().tolist() == loaded.query.labels.tolist()


def test_parts_do_not_overlap_and_training_is_in_the_database(photo_folder):
    loaded = data.from_folder(photo_folder, validation=0.2, query=0.3)
    train, validation, query, database = (set(part.ids) for part in parts(loaded))
    assert not train & validation
    assert not (train | validation) & query
    assert database == train | validation
    assert len(database | query) == 42


def test_the_seed_decides(photo_folder):
    ids = [data.from_folder(photo_folder, seed=seed).query.ids.tolist() for seed in (0, 0, 1)]
    assert ids[0] == ids[1] != ids[2]


def test_shares_of_zero(photo_folder):
    loaded = data.from_folder(photo_folder, validation=0, query=0)
    assert [len(part) for part in parts(loaded)] == [42, 0, 0, 42]


def test_without_sub_folders_unlabelled(tmp_path, save_photo):
    for number in range(10):
        save_photo(tmp_path / f"{number}.png", number)
    (tmp_path / "empty").mkdir()
    loaded = data.from_folder(tmp_path, image_size=8)
    assert loaded.class_names == []
    assert loaded.train.labels is None
    assert [len(part) for part in parts(loaded)] == [8, 1, 1, 9]
    assert next(iter(loaded.train.dataset(16))).shape == (8, 8, 8, 3)


def test_unreadable_files_are_listed_and_passed_over(photo_folder):
    broken = photo_folder / "ant" / "note.jpg"
    broken.write_text("no image")
    cut = photo_folder / "cat" / "00.png"
    cut.write_bytes(cut.read_bytes()[:-40])
    with pytest.warns(UserWarning, match=r"2 file\(s\) passed over, the first: .*note\.jpg"):
        loaded = data.from_folder(photo_folder)
    assert [path for path, _ in loaded.passed_over] == [broken, cut]
    assert all("cannot be read as an image" in reason for _, reason in loaded.passed_over)
    every_id = {name for part in parts(loaded) for name in part.ids}
    assert len(every_id) == 41
    assert "ant/note.jpg" not in every_id


def test_check_false_leaves_it_to_the_batches(photo_folder):
    (photo_folder / "ant" / "note.jpg").write_text("no image")
    loaded = data.from_folder(photo_folder, check=False)
    assert loaded.passed_over == []
    assert "ant/note.jpg" in {name for part in parts(loaded) for name in part.ids}


def test_files_beside_the_classes_and_empty_classes(photo_folder, save_photo):
    save_photo(photo_folder / "stray.png", 99)
    (photo_folder / "dog").mkdir()
    with pytest.warns(UserWarning, match=r"2 file"):
        loaded = data.from_folder(photo_folder)
    assert loaded.passed_over == [
        (photo_folder / "stray.png", "it lies outside the class folders."),
        (photo_folder / "dog", "it holds no image."),
    ]


def test_copies_in_a_class_are_passed_over(photo_folder):
    first = photo_folder / "ant" / "00.png"
    copy = photo_folder / "ant" / "99.png"
    copy.write_bytes(first.read_bytes())
    with pytest.warns(UserWarning, match=r"copy of"):
        loaded = data.from_folder(photo_folder)
    assert loaded.passed_over == [(copy, f"it is a copy of {first}.")]


def test_one_image_in_two_classes_is_refused(photo_folder):
    copy = photo_folder / "cat" / "copy.png"
    copy.write_bytes((photo_folder / "ant" / "00.png").read_bytes())
    with pytest.raises(ValueError, match=r"00\.png and .*copy\.png are the same image in two"):
        data.from_folder(photo_folder)


def test_a_class_too_small(photo_folder, save_photo):
    save_photo(photo_folder / "elk" / "0.png", 98)
    message = "class 'elk' has 1 usable image.*`query=0.1` and `validation=0.1` it needs 3"
    with pytest.raises(ValueError, match=message):
        data.from_folder(photo_folder)
    loaded = data.from_folder(photo_folder, validation=0, query=0)
    assert np.bincount(loaded.train.labels).tolist() == [20, 10, 12, 1]


def test_one_image_alone(tmp_path, save_photo):
    save_photo(tmp_path / "only.png")
    with pytest.raises(ValueError, match=r"the folder has 1 usable image.*needs 3 or more"):
        data.from_folder(tmp_path)
    assert len(data.from_folder(tmp_path, validation=0, query=0).database) == 1


def test_folders_without_images(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder"):
        data.from_folder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"No image found in"):
        data.from_folder(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.jpg").write_text("no image")
    with pytest.raises(ValueError, match=r"No image in .* can be read; the first, .*x\.jpg"):
        data.from_folder(tmp_path)


def test_shares_and_seed_are_checked(photo_folder):
    with pytest.raises(ValueError, match=r"`query` must be between 0.0 and 1.0; got 10"):
        data.from_folder(photo_folder, query=10)
    with pytest.raises(ValueError, match=r"together must be below 1; got 0.5 and 0.5"):
        data.from_folder(photo_folder, validation=0.5, query=0.5)
    with pytest.raises(ValueError, match=r"`seed` must be at least 0"):
        data.from_folder(photo_folder, seed=-1)


@pytest.mark.data
def test_flowers(real_data):
    if not (real_data / "flowers17").is_dir():
        pytest.skip("no folder flowers17 among the real data")
    loaded = data.from_folder(real_data / "flowers17")
    assert [len(part) for part in parts(loaded)] == [1088, 136, 136, 1224]
    assert loaded.passed_over == []
