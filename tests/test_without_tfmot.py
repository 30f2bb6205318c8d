"""Where tfmot or tf_keras is missing, only what is theirs is missing too.

What is missing can be tried in a fresh process only: each scenario is one, with imports blocked.
"""

from __future__ import annotations

import pytest

BLOCKED = """
import importlib.abc, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
for found in [name for name in sys.modules if name.partition(".")[0] in {missing}]:
    del sys.modules[found]  # as distutils, which setuptools may have brought before
"""

BEGIN = """
import importlib, tempfile
import numpy as np
import tfticket as tt

X = np.random.default_rng(0).normal(size=(32, 6)).astype("float32")
Y = X[:, :2]

def made(keras):
    keras = importlib.import_module(keras)
    keras.utils.set_random_seed(0)
    hidden = keras.layers.Dense(8, "relu", name="hidden")
    layers = [keras.layers.Input((6,)), hidden, keras.layers.Dense(2, name="output")]
    model = keras.Sequential(layers)
    model.compile("sgd", "mse")
    return model

def zeros(model):
    arrays = tt.weights.read(model).values()
    return sum(int((a == 0).sum()) for a in arrays) / sum(a.size for a in arrays)

def train(model, callbacks):
    model.fit(X, Y, batch_size=8, verbose=0, callbacks=callbacks)

def refusal(call):
    try:
        call()
    except tt.errors.MissingDependencyError as error:
        return str(error)
    raise AssertionError("nothing was refused")
"""

SCHEDULES = """
schedule = tt.schedules.Polynomial(0.5, end_step=6, frequency=4)
assert type(schedule).__mro__[2].__name__ == "_Alike"
assert tt.schedules.get(schedule.get_config()) == schedule
due, sparsity = schedule(np.arange(-1, 9))
assert [s for s in range(-1, 9) if due[s + 1]] == [0, 4, 6]
assert sparsity.numpy()[[1, 4, 7, 9]].tolist() == [0.0, 0.4375, 0.5, 0.5]
forever, _ = tt.schedules.Constant(0.5, begin_step=2, frequency=3)(np.arange(9))
assert np.flatnonzero(forever).tolist() == [2, 5, 8]
theirs = {"class_name": "ConstantSparsity", "config": {"target_sparsity": 0.5, "begin_step": 3}}
assert tt.schedules.get(theirs) == tt.schedules.Constant(0.5, begin_step=3)
try:
    tt.schedules.as_schedule(0.5)
except TypeError as error:
    assert "must be a tfticket Schedule" in str(error)
else:
    raise AssertionError
known = importlib.import_module("keras").saving.get_custom_objects()
assert known["tfticket>Polynomial"] is tt.schedules.Polynomial
"""

DOORS = """
model = made(KERAS)
pruning = tt.callbacks.PruneOnSchedule(schedule)
model.fit(X, Y, epochs=2, batch_size=8, verbose=0, callbacks=[pruning])
assert zeros(model) == 0.5

found = tt.prune(made(KERAS), schedule=tt.schedules.Linear(0.75), score="synflow", rounds=3)
masks = found.masks
assert masks.sparsity == 0.75
with tt.enforce(model := made(KERAS), masks):
    train(model, [])
assert zeros(model) == 0.75
small = tt.slimming.shrink(model, tt.slimming.channel_masks(model, 0.5)).model
assert small.layers[0].units == 4
levels = list(tt.find_ticket(made(KERAS), train, schedule=tt.schedules.Linear(0.5), rounds=1))
assert [level.sparsity for level in levels] == [0.0, 0.5]

supermask = tt.supermasks.convert(made(KERAS), masker=tt.supermasks.EdgePopup(0.5), seed=0)
supermask.compile("sgd", "mse")
train(supermask, [tt.callbacks.SupermaskLog()])
plain, ticket = tt.supermasks.to_plain(supermask)
assert zeros(plain) == ticket.masks.sparsity == 0.5

marked = tt.prune_low_magnitude(made(KERAS), schedule)
marked.compile("sgd", "mse")
marked.fit(X, Y, epochs=2, batch_size=8, verbose=0, callbacks=[tt.callbacks.UpdatePruningStep()])
assert zeros(tt.strip_pruning(marked)) == 0.5

with tempfile.TemporaryDirectory() as folder:
    assert tt.export.tflite(model, f"{folder}/model.tflite").verification
    tt.export.savedmodel(model, f"{folder}/model")
    tt.export.keras_file(model, f"{folder}/model.keras")
assert tt.reports.profile_model(model).sparsity == 0.75
"""

BOTH = f"""
missing = {{"tf_keras", "tensorflow_model_optimization"}}
{BLOCKED.format(missing="missing")}
KERAS = "keras"
{BEGIN}{SCHEDULES}{DOORS}
said = refusal(lambda: tt.tfmot_bridge.sparsity)
assert "No module named 'tf_keras'" in said, said
assert said.endswith("pip install tensorflow-model-optimization tf_keras"), said
said = refusal(lambda: tt.supermasks.layers.of("tf_keras"))
assert said.endswith("is not installed. Install it with: pip install tf_keras"), said
assert not missing & set(sys.modules)
"""

TFMOT = f"""
missing = {{"tensorflow_model_optimization"}}
{BLOCKED.format(missing="missing")}
KERAS = "tf_keras"
{BEGIN}{SCHEDULES}{DOORS}
said = refusal(lambda: tt.export.quantize_aware(model, masks))
assert "No module named 'tensorflow_model_optimization'" in said, said
"""

DISTUTILS = f"""
import tensorflow  # which needs it too, until 2.19
{BLOCKED.format(missing="{'distutils', 'setuptools', '_distutils_hack'}")}
{BEGIN}{SCHEDULES}
said = refusal(lambda: tt.tfmot_bridge.prune_by_score)
assert "No module named 'distutils" in said, said
"""

SCENARIOS = {"tfmot_and_tf_keras": BOTH, "tfmot_alone": TFMOT, "distutils": DISTUTILS}


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param(name, marks=[] if name == "tfmot_and_tf_keras" else pytest.mark.long)
        for name in SCENARIOS
    ],
)
def test_the_rest_goes_on_without(missing, run_script, tmp_path):
    script = tmp_path / "without.py"
    script.write_text(SCENARIOS[missing], encoding="utf-8")
    run_script(script)
