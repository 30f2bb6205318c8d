"""Other people's networks, small and with random weights: `{name: (Keras, package, builder)}`.

A builder returns the model and a batch of inputs. Packages are imported inside, for each brings the
Keras that it was written for.
"""

from __future__ import annotations

import numpy as np

SIDE = 64


def _images(side: int = SIDE) -> np.ndarray:
    return 3 * np.random.default_rng(0).normal(size=(2, side, side, 3)).astype("float32")


def _floats(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def _tokens() -> dict[str, np.ndarray]:
    ids = np.random.default_rng(0).integers(1, 100, (2, 12)).astype("int32")
    return {"token_ids": ids, "padding_mask": np.ones_like(ids)}


def _classifier(name: str, **settings):
    """A KerasHub backbone of images with the head that KerasHub puts on it."""
    import keras_hub

    backbone = getattr(keras_hub.models, name)(image_shape=(SIDE, SIDE, 3), **settings)
    return keras_hub.models.ImageClassifier(backbone=backbone, num_classes=4), _images()


def hub_resnet():
    return _classifier(
        "ResNetBackbone",
        input_conv_filters=[64],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64, 64],
        stackwise_num_blocks=[2, 2],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
    )


def hub_vgg():
    import keras_hub

    settings = {"stackwise_num_repeats": [1, 1, 2], "stackwise_num_filters": [16, 32, 32]}
    return keras_hub.models.VGGBackbone(image_shape=(SIDE, SIDE, 3), **settings), _images()


def hub_densenet():
    return _classifier("DenseNetBackbone", stackwise_num_repeats=[2, 2], growth_rate=8)


def hub_cspnet():
    return _classifier(
        "CSPNetBackbone",
        stem_filters=16,
        stem_kernel_size=3,
        stem_strides=2,
        stackwise_num_filters=[32, 64],
        stackwise_depth=[1, 2],
        stackwise_strides=[2, 2],
        block_type="dark_block",
        stage_type="dark",
        bottle_ratio=(0.5,) * 2,
        block_ratio=(1.0,) * 2,
        expand_ratio=(2.0, 1.0),
    )


def hub_bert():
    return _encoder("BertBackbone", segment_ids=True)


def hub_gpt2():
    return _encoder("GPT2Backbone")


def _encoder(name: str, segment_ids: bool = False):
    import keras_hub

    model = getattr(keras_hub.models, name)(
        vocabulary_size=100,
        num_layers=2,
        num_heads=2,
        hidden_dim=32,
        intermediate_dim=64,
        max_sequence_length=12,
    )
    inputs = _tokens()
    if segment_ids:
        inputs["segment_ids"] = np.zeros_like(inputs["token_ids"])
    return model, inputs


def _kimm(name: str):
    import kimm

    options = {"input_shape": (SIDE, SIDE, 3), "weights": None, "classes": 4}
    return getattr(kimm.models, name)(**options), _images()


def _kecam(group: str, name: str):
    import importlib

    package = importlib.import_module(f"keras_cv_attention_models.{group}")
    options = {"input_shape": (SIDE, SIDE, 3), "pretrained": None, "num_classes": 4}
    return getattr(package, name)(**options), _images()


def _classic(name: str):
    from classification_models.tfkeras import Classifiers

    build, _ = Classifiers.get(name)
    return build((SIDE, SIDE, 3), weights=None, classes=4), _images()


def _unet(name: str, **settings):
    from keras_unet_collection import models

    filters = [8, 16, 32]
    return getattr(models, name)((SIDE, SIDE, 3), filters, n_labels=2, **settings), _images()


def tcn():
    import tf_keras
    from tcn import TCN

    series = tf_keras.Input((20, 4))
    x = TCN(16, dilations=(1, 2, 4), use_batch_norm=True)(series)
    return tf_keras.Model(series, tf_keras.layers.Dense(2)(x)), _floats(2, 20, 4)


NETWORKS = {
    "ResNet": ("keras", "keras-hub", hub_resnet),
    "VGG": ("keras", "keras-hub", hub_vgg),
    "DenseNet": ("keras", "keras-hub", hub_densenet),
    "CSPNet": ("keras", "keras-hub", hub_cspnet),
    "BERT": ("keras", "keras-hub", hub_bert),
    "GPT-2": ("keras", "keras-hub", hub_gpt2),
    **{
        name: ("keras", "kimm", lambda name=name: _kimm(name))
        for name in (
            *("LCNet035", "GhostNetW050", "MobileNetV3W050Small", "MobileNetV2W050"),
            "RegNetY002",
        )
    },
    **{
        name: ("tf_keras", "keras-cv-attention-models", lambda g=g, name=name: _kecam(g, name))
        for g, name in (
            ("mobilenetv3_family", "MobileNetV3Small050"),
            ("ghostnet", "GhostNet_050"),
            ("mobilevit", "MobileViT_XXS"),
            ("fasternet", "FasterNetT0"),
        )
    },
    "resnet18": ("tf_keras", "image-classifiers", lambda: _classic("resnet18")),
    "seresnet18": ("tf_keras", "image-classifiers", lambda: _classic("seresnet18")),
    "U-Net": ("tf_keras", "keras-unet-collection", lambda: _unet("unet_2d")),
    "Attention U-Net": ("tf_keras", "keras-unet-collection", lambda: _unet("att_unet_2d")),
    "TCN": ("tf_keras", "keras-tcn", tcn),
}
