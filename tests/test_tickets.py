import dataclasses
import json

import numpy as np
import pytest

from benchmarks.damage.damages import damage
from tfticket import files
from tfticket.errors import CorruptFileError, FormatError, MismatchError
from tfticket.masks import Masks
from tfticket.selection import select
from tfticket.tickets import Ticket, fingerprint
from tfticket.weights import prunable_weights, read, read_all, variables, write

TENSORS = "tensors-0123456789abcdef.safetensors"


def small_model(keras, width=5, names=("hidden", "output")):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.layers.Input((4,)),
            keras.layers.Dense(width, name=names[0]),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Dense(2, name=names[1]),
        ]
    )


def ticket_of(model, sparsity=0.5):
    weights = read(model)
    masks = Masks({p: np.ones(w.shape, bool) for p, w in weights.items()})
    masks = select({p: np.abs(w) for p, w in weights.items()}, masks, sparsity)
    return Ticket(masks, read_all(model), {"seed": 7, "score": "magnitude"})


def test_a_ticket_comes_back_from_disk_as_it_was(keras, tmp_path):
    ticket = ticket_of(small_model(keras))
    loaded = Ticket.load(ticket.save(tmp_path / "ticket"))
    assert loaded.masks == ticket.masks
    assert loaded.provenance == {"seed": 7, "score": "magnitude"}
    for path, array in ticket.weights.items():
        assert np.array_equal(loaded.weights[path], array)
        assert loaded.weights[path].dtype == array.dtype


def test_pruned_weights_may_be_held_at_other_values_than_zero(keras, tmp_path):
    model = small_model(keras)
    plain = ticket_of(model)
    held = {"hidden/kernel": np.where(plain.masks["hidden/kernel"], 0, 7).astype(np.float32)}
    ticket = dataclasses.replace(plain, pruned_values=held)
    loaded = Ticket.load(ticket.save(tmp_path / "ticket"))
    loaded.apply(model)
    for path, mask in ticket.masks.items():
        expected = 7 if path == "hidden/kernel" else 0
        assert (read_all(model)[path][~mask] == expected).all()
        assert np.array_equal(read_all(model)[path][mask], plain.weights[path][mask])
    found = loaded.pruned_values_for(model)
    assert list(found) == list(ticket.masks) and (found["output/kernel"] == 0).all()
    assert plain.pruned_values_for(model) is None
    with pytest.raises(MismatchError, match="over masked paths"):
        dataclasses.replace(plain, pruned_values={"hidden/bias": np.ones(5)})


def test_saving_twice_gives_the_same_bytes(keras, tmp_path):
    ticket = ticket_of(small_model(keras))
    first, second = ticket.save(tmp_path / "a"), ticket.save(tmp_path / "b")
    for file in first.iterdir():
        assert file.read_bytes() == (second / file.name).read_bytes()


def test_masks_take_one_bit_per_weight(tmp_path):
    masks = Masks({"kernel": np.ones((1000, 1000), bool)})
    ticket = Ticket(masks, {"kernel": np.zeros((1000, 1000), np.float16)})
    folder = ticket.save(tmp_path / "ticket")
    (tensors,) = folder.glob("*.safetensors")
    assert 2_000_000 + 125_000 <= tensors.stat().st_size <= 2_000_000 + 125_000 + 1000


def test_apply_writes_zeros_where_the_mask_is_false_and_start_values_elsewhere(keras):
    ticket = ticket_of(small_model(keras))
    other = small_model(keras)
    masks = ticket.apply(other)
    for path, value in read_all(other).items():
        start = ticket.weights[path]
        assert np.array_equal(value, np.where(masks[path], start, 0) if path in masks else start)


def test_a_second_instance_with_auto_numbered_names_is_matched_by_position(keras):
    def unnamed():
        return keras.Sequential(
            [keras.layers.Input((3,)), keras.layers.Dense(3), keras.layers.Dense(3)]
        )

    first, second = unnamed(), unnamed()
    assert list(variables(first)) != list(variables(second))
    ticket = ticket_of(first)
    masks = ticket.apply(second)
    assert list(masks) == list(prunable_weights(second).variables)
    kernels = [read(second)[p] for p in masks]
    for kernel, path in zip(kernels, ticket.masks, strict=True):
        assert np.array_equal(kernel, ticket.start_weights[path])


def test_a_model_that_does_not_fit_is_told_which_paths_differ_and_left_alone(keras):
    ticket = ticket_of(small_model(keras))
    wider, renamed = small_model(keras, width=6), small_model(keras, names=("hidden", "head"))
    before = read_all(wider)
    with pytest.raises(MismatchError, match=r"hidden/kernel: \(4, 5\) for \(4, 6\)"):
        ticket.apply(wider)
    assert all(np.array_equal(before[p], w) for p, w in read_all(wider).items())
    with pytest.raises(MismatchError, match=r"'output/kernel'.*'head/kernel'"):
        ticket.apply(renamed)


def test_part_of_a_renumbered_series_is_never_guessed(keras):
    layers = keras.layers
    model = keras.Sequential([layers.Input((3,)), layers.Dense(3), layers.Dense(3)])
    second = list(variables(model))[2]
    with pytest.raises(MismatchError, match="has no weight for these paths"):
        write(model, {second.replace("/", "_99/"): np.zeros((3, 3))})


def test_a_damaged_file_is_named(keras, tmp_path):
    folder = ticket_of(small_model(keras)).save(tmp_path / "ticket")
    (tensors,) = folder.glob("*.safetensors")
    whole = tensors.read_bytes()
    tensors.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(CorruptFileError, match=f"{tensors.name} is damaged"):
        Ticket.load(folder)
    tensors.unlink()
    with pytest.raises(CorruptFileError, match=f"{tensors.name} is missing"):
        Ticket.load(folder)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(CorruptFileError, match="manifest.json is damaged"):
        Ticket.load(folder)
    (folder / "manifest.json").write_text('{"format": "tfticket.ticket/1"}')
    with pytest.raises(CorruptFileError, match="json is damaged: versions: Field required"):
        Ticket.load(folder)
    with pytest.raises(FileNotFoundError, match="there is no"):
        Ticket.load(tmp_path / "nowhere")


@pytest.mark.parametrize("seed", range(60))
def test_no_damage_is_read_as_another_ticket(keras, tmp_path, seed):
    folder = ticket_of(small_model(keras)).save(tmp_path / "ticket")
    damage(folder, seed)
    with pytest.raises((CorruptFileError, FormatError, FileNotFoundError), match=str(folder)):
        Ticket.load(folder)


def forged(folder, **changes):
    """Changes a manifest and seals it again, as a hand would that means harm."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["sha256"]
    path.write_text(json.dumps(files.sealed({**manifest, **changes})))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"step": "x"}, "step: Input should be a valid integer"),
        ({"masks": []}, "masks: Input should be a valid dictionary"),
        ({"masks": {"hidden/kernel": [10**6, 10**6]}}, "does not fit the shape"),
        ({"sparsity": 0.25}, "'sparsity'.* are not those"),
        ({"fingerprint": "0" * 64}, "'fingerprint'.* are not those"),
        ({"weights": []}, "'fingerprint'"),
        ({"weights": ["nothing"]}, "the arrays beside it differ"),
        (
            {"tensors": {"file": "../tensors-0123456789abcdef.safetensors", "sha256": "0" * 64}},
            "file",
        ),
        ({"tensors": {"file": TENSORS, "sha256": None}}, "sha256"),
        ({"more": 1}, "more: Extra inputs"),
    ],
)
def test_a_manifest_is_not_believed_because_it_is_sealed(tmp_path, changes, said):
    import keras

    folder = ticket_of(small_model(keras)).save(tmp_path / "ticket")
    forged(folder, **changes)
    with pytest.raises(CorruptFileError, match=said):
        Ticket.load(folder)


def test_an_interrupted_save_leaves_the_old_ticket(keras, tmp_path, monkeypatch):
    model = small_model(keras)
    old, new = ticket_of(model, 0.5), ticket_of(model, 0.8)
    folder = old.save(tmp_path / "ticket")
    monkeypatch.setattr("tfticket.files.write_json", lambda *_: (_ for _ in ()).throw(OSError()))
    with pytest.raises(OSError):
        new.save(folder)
    assert Ticket.load(folder).masks == old.masks


def test_a_folder_with_other_files_is_not_written_to(keras, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FileExistsError, match=r"thesis\.tex"):
        ticket_of(small_model(keras)).save(tmp_path)


def test_replacing_a_ticket_leaves_one_tensor_file(keras, tmp_path):
    model = small_model(keras)
    ticket_of(model, 0.5).save(tmp_path / "ticket")
    folder = ticket_of(model, 0.8).save(tmp_path / "ticket")
    assert len(list(folder.iterdir())) == 2
    assert Ticket.load(folder).sparsity == pytest.approx(0.8)


def test_the_manifest_says_what_the_ticket_is(keras, tmp_path):
    ticket = ticket_of(small_model(keras))
    manifest = json.loads((ticket.save(tmp_path / "t") / "manifest.json").read_text())
    assert manifest["fingerprint"] == fingerprint(ticket.weights)
    assert manifest["num_kept"] == 15 and manifest["num_weights"] == 30
    assert manifest["versions"]["tfticket"]


def test_masks_without_weights_are_refused():
    with pytest.raises(MismatchError, match="'b'"):
        Ticket(Masks({"b": np.ones(2, bool)}), {"a": np.ones(2)})
