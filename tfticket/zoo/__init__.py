"""Networks and data to try things on, as the papers have them.

>>> from tfticket import zoo
>>> zoo.get_model("conv_4").optimizer.learning_rate
0.0003
>>> zoo.load_data("digits").num_classes
10

Every network is a function of keyword arguments that returns a built model with logits:

    keras: which Keras, by module or name. Defaults to Keras 3.
    seed: chooses the initial weights. Defaults to 0.
    input_shape: of one example, `(height, width, channels)`. Defaults to the paper's data.
    num_classes: number of logits. Defaults to 10.

and raises a ValueError if images are too small for it.
"""

from tfticket.zoo.cifar import (
    mobilenet_small,
    resnet_20,
    resnet_56,
    vgg_11_bn,
    vgg_16_bn,
    vgg_small,
)
from tfticket.zoo.corruptions import CORRUPTIONS, corrupted
from tfticket.zoo.datasets import DATASETS, check_data, load_data
from tfticket.zoo.entries import Entry, OptimizerConfig
from tfticket.zoo.forms import as_dataset, from_arrays
from tfticket.zoo.models import (
    conv_2,
    conv_4,
    conv_6,
    conv_431k,
    conv_1200k,
    lenet_300_100,
    regression_mlp,
)
from tfticket.zoo.pipeline import batches, evaluate, in_order
from tfticket.zoo.registry import MODELS, check_model, get_model
from tfticket.zoo.saved import SavedTicket, load_ticket, saved_tickets
from tfticket.zoo.splits import Dataset, Split
from tfticket.zoo.streams import Stream
from tfticket.zoo.training import Training, evaluate_on, train_on

__all__ = [
    "CORRUPTIONS",
    "DATASETS",
    "MODELS",
    "Dataset",
    "Entry",
    "OptimizerConfig",
    "SavedTicket",
    "Split",
    "Stream",
    "Training",
    "as_dataset",
    "batches",
    "check_data",
    "check_model",
    "conv_2",
    "conv_4",
    "conv_6",
    "conv_431k",
    "conv_1200k",
    "corrupted",
    "evaluate",
    "evaluate_on",
    "from_arrays",
    "get_model",
    "in_order",
    "lenet_300_100",
    "load_data",
    "load_ticket",
    "mobilenet_small",
    "regression_mlp",
    "resnet_20",
    "resnet_56",
    "saved_tickets",
    "train_on",
    "vgg_11_bn",
    "vgg_16_bn",
    "vgg_small",
]
