"""Builds and installs tfticket. Everything else about the tools is in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent


def version() -> str:
    """Reads the version from the one place where it is written."""
    scope: dict = {}
    exec((HERE / "tfticket" / "_version.py").read_text(encoding="utf-8"), scope)
    return scope["__version__"]


def readme() -> str:
    """Reads the text for the package index, where links into the repository lead nowhere."""
    text = (HERE / "README.md").read_text(encoding="utf-8")
    return re.sub(r"\[([^\]]+)\]\((?!https?://|#)[^)]+\)", r"\1", text)


EXTRAS = {
    "cli": ["typer>=0.16", "rich>=13"],
    "config": ["pyyaml>=6"],
    "plots": ["matplotlib>=3.8"],
    "report": ["plotly>=6"],
    "data": [
        "tensorflow-datasets>=4.9.9",
        # tensorflow-datasets 4.9.10 imports it on Python 3.11 without requiring it.
        "importlib_resources>=6",
        # 1.21 cannot be imported with the protobuf of TensorFlow before 2.21, and does not say so.
        "tensorflow-metadata>=1.17.3,<1.21",
    ],
    "export": ["ai-edge-litert>=2.1", "flatbuffers>=25.9.23", "psutil>=5.9"],
    "notebooks": ["jupytext>=1.16", "nbclient>=0.6.8", "ipykernel>=6.29"],
}
_WITH_WHEELS = "sys_platform == 'linux' and platform_machine == 'x86_64'"
#: Each brings and pins many others that the tools of development do without.
_HEAVY = {
    "quantizer": ["ai-edge-quantizer>=0.10"],
    "micro": [f"tflite-micro>=0.dev20261023182759; {_WITH_WHEELS}"],
    "onnx": ["tf2onnx>=1.17", "onnx>=1.17", "onnxruntime>=1.20"],
    "tensorboard": ["tensorboard>=2.18"],
    "ray": ["ray>=2.60"],
    "mlflow": ["mlflow-skinny>=3.17"],
    "wandb": ["wandb>=0.31"],
    "hub": ["huggingface_hub>=2.4"],
}
EXTRAS["dev"] = [
    *sorted({name for names in EXTRAS.values() for name in names}),
    "hypothesis>=6.100",
    "optuna>=4",
    "pyright[nodejs]>=1.1.400",
    "pytest>=8.2",
    "pytest-xdist>=3.6.1",
    "ruff>=0.12",
    "scikit-learn>=1.5",
    "setuptools>=77.0.1",
]

EXTRAS |= _HEAVY
EXTRAS["all"] = sorted(
    {name for extra, names in EXTRAS.items() if extra != "dev" for name in names}
)
#: What the site is built with, beside `dev`; the API's pages import the package.
EXTRAS["docs"] = ["furo>=2025.12.19", "myst-nb>=1.4", "sphinx>=9.0.4"]

setup(
    name="tfticket",
    version=version(),
    description="Sparse subnetworks of Keras models, found, trained, checked and shipped.",
    long_description=readme(),
    long_description_content_type="text/markdown",
    author="The tfticket authors",
    license_expression="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.10",
    packages=find_packages(include=["tfticket", "tfticket.*"]),
    package_data={
        "tfticket": ["py.typed"],
        "tfticket.reports.page": ["*.css", "*.js"],
        "tfticket.zoo": ["*.npz"],
    },
    install_requires=[
        "tensorflow>=2.18",
        "keras>=3.8",
        "tf_keras>=2.18",
        "tensorflow-model-optimization>=0.8.1",
        "numpy>=1.26",
        "safetensors>=0.5",
        "pydantic>=2.7",
        "filelock>=3.16",
    ],
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["tfticket = tfticket.cli:main"]},
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Environment :: GPU",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3 :: Only",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 14)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Software Development :: Libraries :: Python Modules",
        "Typing :: Typed",
    ],
)
