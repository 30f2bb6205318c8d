"""Files that are never half written: JSON, bytes, named arrays, folders and archives."""

from tfticket.files.arrays import digest, read_arrays, write_arrays
from tfticket.files.atomic import new_file, new_folder, require_free, write_bytes
from tfticket.files.plain_json import read_json, to_dict, write_json

__all__ = [
    "digest",
    "new_file",
    "new_folder",
    "read_arrays",
    "read_json",
    "require_free",
    "to_dict",
    "write_arrays",
    "write_bytes",
    "write_json",
]
