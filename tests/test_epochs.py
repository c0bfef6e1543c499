"""Logged epochs are read by their usual names, and what cannot be read is told."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justright.data.epochs import epochs_of, read_epochs
from justright.errors import DataError

LOSSES = {"loss": [0.6, 0.4, 0.3], "val_loss": [0.7, 0.5, 0.6]}
NAN, INF = float("nan"), float("inf")


def written(folder, text):
    path = folder / "epochs.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("train", "val"),
    [
        ("loss", "val_loss"),
        ("train_loss", "valid_loss"),
        ("Training Loss", "Validation Loss"),
        ("loss/train", "loss/val"),
        ("train_loss_epoch", "val_loss_epoch"),
        ("tr-loss", "dev-loss"),
        ("loss", "test_loss"),
    ],
)
def test_losses_are_found_by_their_usual_names(train, val):
    found = epochs_of({"lr": [1, 1, 1], train: LOSSES["loss"], val: LOSSES["val_loss"]})
    assert found.train_loss.tolist() == LOSSES["loss"]
    assert found.val_loss.tolist() == LOSSES["val_loss"]
    assert not found.has_accuracy
    assert (found.numbers.tolist(), found.kept) == ([1, 2, 3], 3)


@pytest.mark.parametrize(
    ("train", "val"),
    [
        ("accuracy", "val_accuracy"),
        ("train_acc", "valid_acc"),
        ("binary_accuracy", "val_binary_accuracy"),
        ("acc/train", "acc/validation"),
    ],
)
def test_accuracies_are_found_too_and_percentages_become_shares(train, val):
    shares = epochs_of({**LOSSES, train: [0.5, 0.75, 1.0], val: [0.5, 0.5, 0.75]})
    percent = epochs_of({**LOSSES, train: [50, 75, 100], val: [50, 50, 75]})
    for found in (shares, percent):
        assert found.train_accuracy.tolist() == [0.5, 0.75, 1.0]
        assert found.val_accuracy.tolist() == [0.5, 0.5, 0.75]


def test_test_figures_stand_for_validation_only_where_there_are_no_others():
    found = epochs_of({"test_loss": [9, 9, 9], **LOSSES})
    assert found.val_loss.tolist() == LOSSES["val_loss"]


def test_one_accuracy_alone_is_of_no_use():
    assert not epochs_of({**LOSSES, "accuracy": [0.1, 0.2, 0.3]}).has_accuracy


def test_a_history_a_table_and_a_file_give_the_same(tmp_path):
    table = pd.DataFrame(LOSSES)
    path = written(tmp_path, table.to_csv(index=False))
    readings = [epochs_of(LOSSES), epochs_of(table), read_epochs(path)]
    for one in readings:
        assert one.train_loss.tolist() == LOSSES["loss"]
        assert one.val_loss.tolist() == LOSSES["val_loss"]


def test_rows_of_one_epoch_are_put_together(tmp_path):
    """As Lightning's logger writes them: validation and training on lines of their own."""
    text = "epoch,step,train_loss,val_loss\n0,9,,0.7\n0,9,0.6,\n1,19,,0.5\n1,19,0.4,\n2,29,,0.9\n"
    found = read_epochs(written(tmp_path, text))
    assert found.numbers.tolist() == [0, 1]
    assert found.train_loss.tolist() == [0.6, 0.4]
    assert found.val_loss.tolist() == [0.7, 0.5]
    again = epochs_of(pd.read_csv(tmp_path / "epochs.csv"))
    assert again.train_loss.tolist() == [0.6, 0.4]
    assert again.numbers.tolist() == [0, 1]


def test_epochs_that_did_not_validate_are_left_out_with_their_numbers(tmp_path):
    text = "epoch,loss,val_loss\n1,0.6,\n2,0.5,0.7\n3,0.4,NA\n4,0.3,0.6\n"
    found = read_epochs(written(tmp_path, text))
    assert found.numbers.tolist() == [2, 4]
    assert found.val_loss.tolist() == [0.7, 0.6]


@pytest.mark.parametrize("said", ["nan", "NaN", "inf", "-nan"])
def test_a_file_that_says_nan_has_diverged_and_a_blank_cell_has_not(tmp_path, said):
    found = read_epochs(written(tmp_path, f"loss,val_loss\n0.6,0.7\n{said},{said}\n"))
    assert not np.isfinite(found.train_loss[1])
    assert len(found) == 2


def test_nan_in_both_losses_of_a_table_has_diverged_and_in_one_was_not_logged():
    both = epochs_of({"loss": [0.6, NAN, NAN], "val_loss": [0.7, NAN, NAN]})
    assert np.isnan(both.train_loss[1:]).all()
    one = epochs_of({"loss": [0.6, 0.5, 0.4], "val_loss": [0.7, NAN, 0.6]})
    assert one.numbers.tolist() == [1, 3]


def test_the_kept_epoch_is_counted_as_the_log_counts():
    assert epochs_of(LOSSES, kept_epoch=2).kept == 2
    assert epochs_of({**LOSSES, "epoch": [0, 1, 2]}, kept_epoch=1).kept == 2


@pytest.mark.parametrize(
    ("table", "words"),
    [
        pytest.param({}, ["no epochs"], id="nothing"),
        pytest.param({"loss": [], "val_loss": []}, ["no epochs"], id="no rows"),
        pytest.param(
            {"loss": [1, 2], "accuracy": [0, 1]},
            ["no column for the validation loss", "loss, accuracy", "validation_data"],
            id="no validation",
        ),
        pytest.param({"val_loss": [1, 2]}, ["no column for the training loss"], id="no training"),
        pytest.param(
            {"loss": [1, "low"], "val_loss": [1, 2]}, ["'loss'", "'low'", "row 1"], id="text"
        ),
        pytest.param({"loss": [0.5], "val_loss": [0.5]}, ["1 epoch ", "at least two"], id="one"),
        pytest.param(
            {"loss": [0.5, 0.4], "val_loss": [0.5]}, ["different lengths (1, 2)"], id="lengths"
        ),
        pytest.param({"loss": [-1, 1], "val_loss": [1, 1]}, ["negative loss (-1)"], id="negative"),
        pytest.param(
            {**LOSSES, "acc": [0, 1, 500], "val_acc": [0, 1, 1]},
            ["'acc'", "0 to 500", "[0, 1]"],
            id="accuracies",
        ),
        pytest.param(
            {**LOSSES, "epoch": [1, 2, 1]}, ["goes back from epoch 2 to 1 in row 2"], id="several"
        ),
        pytest.param({**LOSSES, "epoch": [1, 1.5, 2]}, ["no whole number"], id="half epochs"),
    ],
)
def test_a_table_that_cannot_be_read_is_told(table, words):
    with pytest.raises(DataError) as told:
        epochs_of(table)
    assert [word for word in words if word not in str(told.value)] == [], str(told.value)


def test_a_kept_epoch_that_is_not_there_is_told():
    with pytest.raises(DataError, match=r"kept_epoch=9: The table has epochs 1 to 3"):
        epochs_of(LOSSES, kept_epoch=9)


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "epochs.csv is empty"), ("loss,val_loss\n1,2\n3,4,5\n", "cannot be read as CSV")],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path, text, words):
    with pytest.raises(DataError, match=words):
        read_epochs(written(tmp_path, text))


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DataError, match="no file"):
        read_epochs(tmp_path / "none.csv")


figures = st.floats(0, 1e6) | st.sampled_from([NAN, INF])


@given(st.lists(st.tuples(figures, figures), min_size=2, max_size=12))
def test_what_a_file_holds_is_what_is_read(tmp_path_factory, pairs):
    text = "train_loss,val_loss\n" + "".join(f"{a!r},{b!r}\n" for a, b in pairs)
    found = read_epochs(written(tmp_path_factory.mktemp("log"), text))
    np.testing.assert_array_equal(found.train_loss, [a for a, _ in pairs])
    np.testing.assert_array_equal(found.val_loss, [b for _, b in pairs])
