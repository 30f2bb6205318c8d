"""Folders to and from the Hugging Face Hub. Who one is there is set with `hf auth login`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tfticket import optional
from tfticket._version import __version__

__all__ = ["card", "download", "upload"]


def upload(
    folder: Path,
    repo_id: str,
    *,
    text: str,
    replaced: Sequence[str],
    private: bool = False,
    token: str | None = None,
    ignored: Sequence[str] = (),
) -> str:
    """Puts a folder into a model repository; what else is in there stays, but for its model card.

    Args:
        folder: what is put there.
        repo_id: `"name"` or `"organisation/name"`; made if there is none.
        text: of the page that is shown for it, the model card.
        replaced: patterns of what an earlier upload may have left, which goes.
        private: whether others cannot see a repository that is made.
        token: of an account; `None` means the one that is logged in.
        ignored: patterns of paths that stay here.

    Returns:
        The address of what was put there.

    Raises:
        MissingDependencyError: if the client's library is not installed.
    """
    client = _client().HfApi(token=token, library_name="tfticket", library_version=__version__)
    repository = client.create_repo(repo_id, private=private, exist_ok=True).repo_id
    made = client.upload_folder(
        repo_id=repository,
        folder_path=folder,
        commit_message="Upload with tfticket",
        ignore_patterns=[*ignored],
        delete_patterns=[*replaced],
    )
    client.upload_file(
        repo_id=repository,
        path_or_fileobj=text.encode(),
        path_in_repo="README.md",
        commit_message="Describe it",
    )
    return str(made.repo_url)


def download(
    repo_id: str,
    *,
    revision: str | None = None,
    token: str | None = None,
    wanted: Sequence[str] | None = None,
    out: Path | None = None,
) -> Path:
    """Fetches a repository.

    Args:
        repo_id: `"name"` or `"organisation/name"`.
        revision: branch, tag or commit; `None` means the newest.
        token: of an account; `None` means the one that is logged in, if one is.
        wanted: patterns of paths to fetch; `None` means all.
        out: where to; `None` means the client's own cache.

    Returns:
        The folder it lies in.

    Raises:
        MissingDependencyError: if the client's library is not installed.
    """
    options: dict[str, Any] = {} if out is None else {"local_dir": out}
    patterns = None if wanted is None else [*wanted]
    asked = {"revision": revision, "token": token, "allow_patterns": patterns}
    return Path(_client().snapshot_download(repo_id, **asked, **options))


def card(title: str, lines: Sequence[str], facts: Mapping[str, Any], use: str) -> str:
    """Returns the text of a model card.

    Args:
        title: of the page.
        lines: what is there, in Markdown.
        facts: plain JSON values that say where it comes from.
        use: Python that reads it.
    """
    known = json.dumps(dict(facts), indent=2, ensure_ascii=False).replace("```", "'''")
    return "\n".join(
        [
            "---",
            "library_name: tfticket",
            "tags: [tfticket, keras, pruning, sparsity, lottery-ticket]",
            "---",
            "",
            f"# {title}",
            "",
            *lines,
            "",
            "```python",
            use,
            "```",
            "",
            "## Where it comes from",
            "",
            "```json",
            known,
            "```",
            "",
        ]
    )


def _client() -> Any:
    purpose = "to talk to the Hugging Face Hub"
    return optional.require("huggingface_hub", "huggingface_hub", "hub", purpose)
