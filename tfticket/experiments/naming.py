"""Names in a spec and its folder, looked at before anything is loaded, TensorFlow included."""

from __future__ import annotations

from pathlib import Path

from tfticket import zoo
from tfticket.experiments.growing import asked_of
from tfticket.experiments.records import REPORT
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.spec import Spec
from tfticket.experiments.study import Study

__all__ = ["check_folder", "check_names", "check_names_of_study"]


def check_folder(spec: Spec, out: Path) -> None:
    """Makes sure that a run can be begun in a folder or gone on with; nothing is written.

    Args:
        spec: the experiment.
        out: meant to be the run folder; it need not be there.

    Raises:
        ValueError: if the folder holds another experiment; the message says what differs.
        FileExistsError: if something else is there.
        FormatError: if another version of tfticket wrote it.
        CorruptFileError: if its settings cannot be read.
    """
    folder = RunFolder(out)
    folder.require_fitting(asked_of(folder, spec).before)


def check_names(spec: Spec, folder: Path | None = None, *, download: bool = False) -> None:
    """Makes sure that there are a network and data of the names in a spec; no code of theirs runs.

    Args:
        spec: the experiment.
        folder: of the run, which needs neither if it is finished.
        download: whether data may be downloaded.

    Raises:
        ValueError: if there is no such network, or there are no such data.
        DataUnavailableError: if the data are not on this machine.
    """
    if folder is not None and (folder / REPORT).is_file():
        return
    zoo.check_model(spec.common.model)
    zoo.check_data(spec.common.data, download=download)


def check_names_of_study(study: Study, out: Path, *, download: bool = False) -> None:
    """Makes sure of the same for every run of a study that is not begun.

    Args:
        study: as `read_study` returns it.
        out: the folder of the study.
        download: whether data may be downloaded.

    Raises:
        ValueError: if there is no such network, or there are no such data; the run is named.
        DataUnavailableError: if the data are not on this machine.
    """
    for name, spec in study.specs.items():
        if not RunFolder(out / name).has_levels():
            with study.blaming(name):
                check_names(spec, download=download)
