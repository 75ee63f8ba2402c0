import shutil

import pytest

from keras_hashing import zoo
from tests.zoo.conftest import edit_json
from tools import zoo_tables


@pytest.fixture
def checkout(zoo_root):
    (zoo_root.parent / "README.md").write_text(
        f"before\n\n{zoo_tables.BEGIN}\nold\n{zoo_tables.END}\n\nafter\n"
    )
    return zoo_root.parent


def test_tables_are_written_once(checkout, entry):
    readme, page = checkout / "README.md", checkout / "zoo" / "RESULTS.md"
    assert zoo_tables.update_tables(checkout) == [page, readme]
    assert zoo_tables.update_tables(checkout) == []
    line = next(line for line in readme.read_text().splitlines() if "dhn_shades_12" in line)
    assert f"{zoo.info(entry).metrics['map(expected)']:.4f}" in line
    assert line.replace("`dhn_shades_12`", "[dhn_shades_12](entries/dhn_shades_12/README.md)") in (
        page.read_text().replace(" |  |", " |")
    )
    assert readme.read_text().startswith(f"before\n\n{zoo_tables.BEGIN}\n| entry |")
    assert readme.read_text().endswith(f"{zoo_tables.END}\n\nafter\n")


def test_measured_speeds_stand_in_the_table(checkout, entry):
    zoo_tables.update_tables(checkout)
    assert "| - |" in (checkout / "README.md").read_text()
    facts = zoo.info(entry)
    (checkout / "zoo" / zoo_tables.SPEEDS).write_text(
        "backbone,image_size,images_per_second\n"
        f"{facts.backbone},{facts.image_size + 1},777\n{facts.backbone},{facts.image_size},431\n"
    )
    zoo_tables.update_tables(checkout)
    line = next(line for line in zoo_tables.short_table().splitlines() if "dhn_shades_12" in line)
    assert line.endswith("| 431 |")


def test_heads_on_a_shared_backbone_stand_by_their_bits(zoo_root, entry):
    for name, bits, figure in (
        ("dhn_x_12", 12, 0.5),
        ("dhn_x_24", 24, 0.25),
        ("itq_x_24", 24, 0.75),
        ("itq_y_32", 32, 0.125),
    ):
        folder = zoo_root / "entries" / name
        shutil.copytree(entry, folder)

        def change(content, name=name, bits=bits, figure=figure):
            content.update(name=name, bits=bits, shared_backbone="0" * 64)
            content["dataset"] = name.split("_")[1]
            content["metrics"]["map(expected)"] = figure

        edit_json(folder / "metadata.json", change)
    table = zoo_tables.short_table()
    assert table.endswith(
        "\n\nx, small_cnn at 8 px:\n\n| entry | 12 bits | 24 bits |\n| --- | --- | --- |\n"
        "| `itq_x_BITS` |  | 0.7500 |\n| `dhn_x_BITS` | 0.5000 | 0.2500 |"
        "\n\ny, small_cnn at 8 px:\n\n| entry | 32 bits |\n| --- | --- |\n| `itq_y_BITS` | 0.1250 |"
    )
    assert table.startswith("| entry | backbone, px |")
    assert "`dhn_shades_12`" in table


def test_a_changed_figure_changes_the_tables(checkout, entry):
    zoo_tables.update_tables(checkout)
    edit_json(
        entry / "metadata.json",
        lambda content: content["metrics"].update({"map(expected)": 0.4321}),
    )
    assert len(zoo_tables.update_tables(checkout)) == 2
    assert "0.4321" in (checkout / "README.md").read_text()


def test_a_readme_without_markers_is_left_alone(checkout, entry):
    (checkout / "README.md").write_text("no table here\n")
    assert zoo_tables.update_tables(checkout) == [checkout / "zoo" / "RESULTS.md"]
    (checkout / "README.md").write_text(f"{zoo_tables.BEGIN}\n")
    with pytest.raises(ValueError, match="but not <!-- end of the zoo table -->"):
        zoo_tables.update_tables(checkout)


def test_no_entries_no_table(checkout, entry):
    (entry / "metadata.json").unlink()
    zoo_tables.update_tables(checkout)
    assert f"{zoo_tables.BEGIN}\n{zoo_tables.END}" in (checkout / "README.md").read_text()


def test_refresh_writes_the_card_and_its_hash(entry):
    (entry / "README.md").write_text("worn out")
    assert zoo.verify(entry)[0].problems
    zoo_tables.refresh(entry)
    assert zoo.verify(entry)[0].problems == []


def test_reruns_stand_in_card_and_table(checkout, entry):
    zoo.record_reruns(entry, {0: 0.5, 1: 0.53})
    assert "±" not in zoo_tables.short_table()  # two seeds have no deviation worth the name
    zoo.record_reruns(entry, {1: 0.52, 2: 0.51})
    assert zoo.info(entry).reruns == {"0": 0.5, "1": 0.52, "2": 0.51}
    stated = f"{zoo.info(entry).metrics['map(expected)']:.4f} ± 0.0100"  # by hand
    assert stated in zoo_tables.short_table()
    assert "0.5100 ± 0.0100 |" in (entry / "README.md").read_text()
    assert zoo.verify(entry)[0].problems == []
    with pytest.raises(ValueError, match="reruns"):
        zoo.record_reruns(entry, {3: 1.5})


def test_the_committed_tables_match_the_entries(repository):
    page = repository / "zoo" / "RESULTS.md"
    assert not page.is_file() or page.read_text() == zoo_tables.results_page(), (
        "run `python -m tools.zoo_tables`"
    )
    readme = repository / "README.md"
    if readme.is_file() and zoo_tables.BEGIN in readme.read_text():
        text = readme.read_text()
        inside = text.partition(zoo_tables.BEGIN)[2].partition(zoo_tables.END)[0]
        assert inside.strip() == zoo_tables.short_table(), "run `python -m tools.zoo_tables`"


def test_command(zoo_root, tmp_path, monkeypatch, capsys):
    page = zoo_root / "RESULTS.md"
    monkeypatch.setattr("sys.argv", ["zoo_tables", str(zoo_root.parent)])
    zoo_tables.main()
    assert f"Wrote {page}" in capsys.readouterr().out and "dhn_shades_12" in page.read_text()
    monkeypatch.setattr("sys.argv", ["zoo_tables", str(zoo_root.parent), "--cards"])
    zoo_tables.main()
    assert "Nothing changed." in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["zoo_tables", str(tmp_path / "elsewhere")])
    with pytest.raises(SystemExit):
        zoo_tables.main()
    assert "is no checkout" in capsys.readouterr().err
