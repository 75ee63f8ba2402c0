import numpy as np
import pytest
from PIL import Image

from keras_hashing.callbacks import retrieval_images
from keras_hashing.callbacks.retrieval_images import FRAME, GAP, QUERY, RIGHT, WRONG


def flat(value, count=1, size=6):
    return np.full((count, size, size, 3), value, np.uint8)


def test_grid_frames_right_and_wrong():
    queries = np.concatenate([flat(10), flat(20)])
    neighbours = np.stack(
        [np.concatenate([flat(30), flat(40)]), np.concatenate([flat(50), flat(60)])]
    )
    relevant = np.array([[True, False], [False, True]])
    grid = retrieval_images.neighbour_grid(queries, neighbours, relevant)
    side = 6 + 2 * FRAME
    assert grid.shape == (2 * side, 3 * side + GAP, 3)
    # By hand: where each picture begins, its frame's colour at the corner, its value inside.
    for row in range(2):
        for column, (left, colour) in enumerate(
            [
                (0, QUERY),
                (side + GAP, RIGHT if row == 0 else WRONG),
                (2 * side + GAP, WRONG if row == 0 else RIGHT),
            ]
        ):
            assert tuple(grid[row * side, left]) == colour
            assert tuple(grid[row * side + side - 1, left + side - 1]) == colour
            inside = grid[
                row * side + FRAME : (row + 1) * side - FRAME, left + FRAME : left + 6 + FRAME
            ]
            assert (inside == [[10, 30, 40], [20, 50, 60]][row][column]).all()
    assert (grid[:, side : side + GAP] == 255).all()


def test_thumbnails_of_arrays_and_of_files(tmp_path):
    images = np.stack([np.full((9, 5, 1), value, np.uint8) for value in (0, 100, 200)])
    small = retrieval_images.thumbnails(images, [2, 1], 4)
    assert small.shape == (2, 4, 4, 3)
    assert (small[0] == 200).all()
    assert (small[1] == 100).all()
    floats = retrieval_images.thumbnails(images.astype("float32") + 0.6, [0, 2], 4)
    assert (floats[0] == 1).all()
    assert (floats[1] == 201).all()
    paths = []
    for value in (7, 250):
        paths.append(tmp_path / f"{value}.png")
        Image.new("RGB", (30, 20), (value, 0, 0)).save(paths[-1])
    assert (retrieval_images.thumbnails(paths, [1], 8)[0] == (250, 0, 0)).all()


@pytest.mark.parametrize(
    ("draw", "values"),
    [
        (retrieval_images.share_figure, ([0.0, 0.5, 1.0], [1.0, 0.5, 0.0])),
        (retrieval_images.correlation_figure, (np.eye(3), np.ones((3, 3)))),
        (retrieval_images.output_figure, (np.eye(3), -np.eye(3))),
    ],
)
def test_figures_show_their_values(draw, values):
    one, other = (draw(np.asarray(value, float)) for value in values)
    assert one.dtype == np.uint8
    assert one.shape == (360, 480, 3)
    assert (one != other).any()
    assert np.array_equal(one, draw(np.asarray(values[0], float)))


def test_figures_of_collapsed_codes_can_be_drawn():
    assert retrieval_images.correlation_figure(np.full((3, 3), np.nan)).ndim == 3
    assert retrieval_images.output_figure(np.zeros((4, 2))).ndim == 3
