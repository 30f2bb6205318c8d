"""Writes what is made from the recipes: the README's table, the page and the schema.

python docs/write.py
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # this copy of the package, whatever is installed

from tfticket.experiments.schema import json_schema  # noqa: E402
from tfticket.experiments.spec import ExperimentSettings  # noqa: E402
from tfticket.recipes import RECIPES  # noqa: E402
from tfticket.recipes._page import page, table  # noqa: E402

TABLE = re.compile(r"(?<=<!-- recipes -->\n\n).*?(?=<!-- /recipes -->)", re.DOTALL)
HEAD = """# Recipes and their settings

Every setting has one name: in Python (`tt.recipes.slimming(model_fn, data, penalty=1e-3)`), on the
command line (`tfticket find slimming --penalty 1e-3`) and in files (`penalty: 1e-3`, checked by
[experiment.schema.json](experiment.schema.json)). This page is made from the recipes themselves, by
`python docs/write.py`.

"""


def written() -> dict[Path, str]:
    """Returns the text of every file that is made, by its path."""
    readme = ROOT / "README.md"
    others = {"Settings of every experiment": ExperimentSettings}
    return {
        readme: TABLE.sub(lambda _: table(RECIPES) + "\n", readme.read_text(encoding="utf-8")),
        ROOT / "docs" / "recipes.md": HEAD + page(RECIPES, others),
        ROOT / "docs" / "experiment.schema.json": json.dumps(json_schema(), indent=2) + "\n",
    }


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
