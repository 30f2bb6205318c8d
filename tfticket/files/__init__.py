"""Files that are never half written: JSON, bytes, named arrays, folders and archives."""

from tfticket.files.arrays import digest, read_arrays, sha256_of, write_arrays
from tfticket.files.atomic import new_file, new_folder, require_free, write_bytes
from tfticket.files.plain_json import (
    Plain,
    parse_json,
    read_json,
    sealed,
    to_dict,
    unsealed,
    write_json,
)

__all__ = [
    "Plain",
    "digest",
    "new_file",
    "new_folder",
    "parse_json",
    "read_arrays",
    "read_json",
    "require_free",
    "sealed",
    "sha256_of",
    "to_dict",
    "unsealed",
    "write_arrays",
    "write_bytes",
    "write_json",
]
