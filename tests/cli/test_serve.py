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
    assert "give PATH" in fails("serve", "--config", "x", "--model", f"x={tmp_path}")
    assert "give PATH" in fails("serve", "--config", "x", "--name", "x")


def test_a_configuration_file(fails, tmp_path):
    assert "There is no file" in fails("serve", "--config", tmp_path / "none")
    config = tmp_path / "models.config"
    config.write_text("model_config_list {}")
    assert "models.config names no model" in fails("serve", "--config", config)
    config.write_text(
        f'model_config_list {{ config {{ name: "m" base_path: "{tmp_path}" '
        'model_platform: "tensorflow" } }'
    )
    assert f"{tmp_path} holds no numeric version" in fails("serve", "--config", config)


def test_what_the_words_become(monkeypatch, call, tmp_path):
    calls = []
    monkeypatch.setattr("keras_hashing.serving.server.serve", lambda *a, **k: calls.append((a, k)))
    words = ["--max-batch", 8, "--max-wait-ms", 5, "--port", 0, "--host", "::1"]
    assert call("serve", "--model", f"a={tmp_path}", "--model", "b=/b", *words).exit_code == 0
    ((served, host, port), options) = calls[0]
    assert [(model.name, str(model.folder)) for model in served] == [
        ("a", str(tmp_path)),
        ("b", "/b"),
    ]
    assert (host, port) == ("::1", 0)
    assert (options["settings"].max_rows, options["settings"].wait) == (8, 0.005)
    call("serve", tmp_path)
    ((served, host, port), options) = calls[1]
    assert (served[0].name, host, port) == ("model", "127.0.0.1", 8501)
    assert (options["settings"].max_rows, options["settings"].wait) == (32, 0.002)
