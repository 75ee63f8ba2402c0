"""What `keras-hashing serve` refuses; that it serves is tested in `tests/serving`."""


def test_places(fails, tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").touch()
    assert "There is no folder" in fails("serve", tmp_path / "none")
    assert f"It is itself a version: serve {tmp_path}." in fails("serve", tmp_path / "1")


def test_forms(fails, tmp_path):
    assert "give PATH" in fails("serve")
    assert "give PATH" in fails("serve", tmp_path, "--model", f"x={tmp_path}")
    assert "NAME=PATH; got 'x'" in fails("serve", "--model", "x")
    assert "names 'x' twice" in fails("serve", "--model", "x=/a", "--model", "x=/b")
    assert "without '/' and ':'" in fails("serve", "--model", "a/b=/c")
