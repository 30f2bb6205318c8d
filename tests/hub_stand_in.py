"""A Hugging Face Hub in a folder: of its client, the calls and arguments that are used."""

from __future__ import annotations

import fnmatch
import shutil
import types
from pathlib import Path


class StandIn:
    """What `huggingface_hub` is replaced by.

    Args:
        root: folder that stands for the hub.
    """

    def __init__(self, root: Path):
        self.root, self.private = root, {}

    def HfApi(self, token=None, library_name=None, library_version=None):
        return self

    def create_repo(self, repo_id, *, private=None, exist_ok=False):
        repo_id = repo_id if "/" in repo_id else f"me/{repo_id}"
        (self.root / repo_id).mkdir(parents=True, exist_ok=exist_ok)
        self.private[repo_id] = private
        return types.SimpleNamespace(repo_id=repo_id)

    def upload_folder(
        self, *, repo_id, folder_path, commit_message, ignore_patterns, delete_patterns
    ):
        there = self.root / repo_id
        for old in [p for p in there.rglob("*") if p.is_file()]:
            name = old.relative_to(there).as_posix()
            if any(fnmatch.fnmatch(name, pattern) for pattern in delete_patterns):
                old.unlink()
        for path in (p for p in Path(folder_path).rglob("*") if p.is_file()):
            name = path.relative_to(folder_path).as_posix()
            if not any(fnmatch.fnmatch(name, pattern) for pattern in ignore_patterns):
                (there / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, there / name)
        return types.SimpleNamespace(repo_url=f"https://hub/{repo_id}")

    def upload_file(self, *, repo_id, path_or_fileobj, path_in_repo, commit_message):
        (self.root / repo_id / path_in_repo).write_bytes(path_or_fileobj)

    def snapshot_download(
        self, repo_id, *, revision=None, token=None, allow_patterns=None, local_dir=None
    ):
        found = local_dir or self.root.parent / "cache"
        for path in (p for p in (self.root / repo_id).rglob("*") if p.is_file()):
            name = path.relative_to(self.root / repo_id).as_posix()
            if allow_patterns is None or any(fnmatch.fnmatch(name, p) for p in allow_patterns):
                (Path(found) / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, Path(found) / name)
        return str(found)
