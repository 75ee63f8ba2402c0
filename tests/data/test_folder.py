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


@pytest.fixture
def split_folder(tmp_path, save_photo):
    """`train` of ant and bee, `test` of bee and cow; 10 photos each, all different."""
    folder = tmp_path / "insects"
    for seed, name in enumerate(("train/ant", "train/bee", "test/bee", "test/cow")):
        for number in range(10):
            save_photo(folder / name / f"{number}.png", 10 * seed + number)
    return folder


def test_splits_are_used_and_classes_numbered_over_all(split_folder):
    with pytest.warns(UserWarning) as caught:
        loaded = data.from_folder(split_folder, image_size=8)
    assert [str(warning.message) for warning in caught] == [
        "1 class(es) are in the training split but not in the test split: ant.",
        "1 class(es) are in the test split but not in the training split: cow.",
    ]
    assert loaded.class_names == loaded.query.class_names == ["ant", "bee", "cow"]
    assert [len(part) for part in parts(loaded)] == [18, 2, 20, 20]
    assert np.bincount(loaded.query.labels).tolist() == [0, 10, 10]
    assert all(name.startswith("test/") for name in loaded.query.ids)
    assert {*loaded.train.ids, *loaded.validation.ids} == set(loaded.database.ids)
    for part in parts(loaded):
        names = [loaded.class_names[label] for label in part.labels]
        assert names == [name.split("/")[1] for name in part.ids]


@pytest.mark.filterwarnings("ignore:.*class")
def test_a_validation_split(split_folder, save_photo):
    for name in ("ant", "bee"):
        save_photo(split_folder / "val" / name / "1.png", 90 if name == "ant" else 91)
    loaded = data.from_folder(split_folder)
    assert [len(part) for part in parts(loaded)] == [20, 2, 20, 22]
    assert sorted(loaded.validation.ids) == ["val/ant/1.png", "val/bee/1.png"]
    joined = data.from_folder(split_folder, validation=0)
    assert [len(part) for part in parts(joined)] == [22, 0, 20, 22]


def test_without_test_images_the_queries_are_drawn(split_folder):
    (split_folder / "test").rename(split_folder.parent / "away")
    loaded = data.from_folder(split_folder)
    assert [len(part) for part in parts(loaded)] == [16, 2, 2, 18]
    (split_folder / "train").rename(split_folder / "test")
    with pytest.raises(ValueError, match=r"no folder `train`, only query"):
        data.from_folder(split_folder)


@pytest.mark.filterwarnings("ignore:.*class")
def test_an_image_in_two_splits_is_reported(split_folder):
    first = split_folder / "train" / "bee" / "3.png"
    second = split_folder / "test" / "bee" / "leak.png"
    second.write_bytes(first.read_bytes())
    (split_folder / "test" / "bee" / "more.png").write_bytes(first.read_bytes())
    with pytest.warns(
        UserWarning, match=r"1 image\(s\) are in two splits, the first: .*3\.png and"
    ):
        loaded = data.from_folder(split_folder)
    assert loaded.repeated == [(first, second)]
    assert "test/bee/leak.png" in loaded.query.ids
    assert "train/bee/3.png" in {*loaded.train.ids, *loaded.validation.ids}
    assert [path.name for path, _ in loaded.passed_over] == ["more.png"]  # a copy in one split


@pytest.mark.filterwarnings("ignore:.*class")
def test_training_images_in_a_database_are_no_fault(split_folder):
    first = split_folder / "train" / "bee" / "3.png"
    copy = split_folder / "gallery" / "bee" / "3.png"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(first.read_bytes())
    loaded = data.from_folder(split_folder)
    assert loaded.repeated == []
    assert loaded.database.ids.tolist() == ["gallery/bee/3.png"]


@pytest.mark.filterwarnings("ignore:.*class")
def test_an_image_of_two_classes_in_two_splits_is_refused(split_folder):
    copy = split_folder / "test" / "cow" / "copy.png"
    copy.write_bytes((split_folder / "train" / "ant" / "1.png").read_bytes())
    with pytest.raises(ValueError, match=r"the same image in two classes"):
        data.from_folder(split_folder)


def test_splits_without_classes(tmp_path, save_photo):
    for number in range(12):
        save_photo(tmp_path / ("train" if number < 9 else "test") / f"{number}.png", number)
    loaded = data.from_folder(tmp_path)
    assert loaded.train.labels is None
    assert loaded.class_names == []
    assert [len(part) for part in parts(loaded)] == [8, 1, 3, 9]


def test_nested_classes_are_refused_or_taken_by_path(photo_folder, save_photo):
    for number in range(5):
        save_photo(photo_folder / "ant" / "red" / f"{number}.png", 70 + number)
    with pytest.raises(ValueError, match=r"(?s)`classes='path'`.*ant/red: 5 image\(s\)"):
        data.from_folder(photo_folder)
    loaded = data.from_folder(photo_folder, classes="path")
    assert loaded.class_names == ["ant", "ant/red", "bird", "cat"]
    loaded = data.from_folder(photo_folder, classes="top")
    assert np.bincount(np.append(loaded.database.labels, loaded.query.labels)).tolist() == [
        25,
        10,
        12,
    ]


def test_metadata_with_several_classes(tmp_path, save_photo):
    for number in range(10):
        save_photo(tmp_path / f"{number}.png", number)
    lines = [f'{number}.png,"sky{",sea" * (number % 2)}"\n' for number in range(10)]
    (tmp_path / "metadata.csv").write_text("file_name,label\n" + "".join(lines))
    loaded = data.from_folder(tmp_path)
    assert loaded.class_names == ["sea", "sky"]
    assert loaded.database.labels.shape == (9, 2)
    for name, row in zip(loaded.database.ids, loaded.database.labels, strict=True):
        assert row.tolist() == [int(name[0]) % 2, 1]
