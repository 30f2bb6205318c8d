"""What Sphinx needs to know; `docs/build.py` calls it over the pages that it has put together."""

from __future__ import annotations

import inspect
import re
import sys

from docstrings import as_rest

from tfticket._version import __version__

project = "tfticket"
author = "The tfticket authors"
copyright = author
release = version = __version__
root_doc = "index"
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}

# Links: a heading is linked to as on a forge, and every reference to a name of ours must be found.
# Types of other libraries are named in signatures and documented elsewhere.
myst_heading_anchors = 3
nitpicky = True
suppress_warnings = ["ref.python"]  # two classes of one name; a signature does not say which
nitpick_ignore_regex = [("py:.*", r"(?!tfticket\.).*")]

# Docstrings: backticks are code, as in Markdown.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

# Notebooks are shown with the outputs that are committed; `make notebooks` makes those.
nb_execution_mode = "off"

html_theme = "furo"
html_title = f"tfticket {release}"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["tfticket.css"]


def _docstring(app, what, name, thing, options, lines):
    """Makes reStructuredText of a docstring; a constant without one has that of its type."""
    is_of_type = (
        what == "data" and "\n".join(lines).strip() == (inspect.getdoc(thing) or "").strip()
    )
    lines[:] = [] if is_of_type else as_rest(lines)


def _signature(app, what, name, thing, options, signature, returned):
    """Shows defaults that cannot be written down, such as factories, as three dots."""
    return re.sub(r"= <(?:[^<>]|<[^<>]*>)*>", "= ...", signature or "") or signature, returned


def _is_private(target):
    """Whether a name of the package is in no `__all__`: signatures may show it, no page has it."""
    module, _, name = target.rpartition(".")
    known = sys.modules.get(module)
    is_named = name in getattr(known, "__all__", ())
    return known is not None and (not is_named or "._" in target)


def _found(app, env, node, text):
    """Finds what a signature names as a class: a function, or a class without its module."""
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py":
        return None
    objects, resolve = env.domains["py"].objects, env.domains["py"].resolve_xref
    if target in objects:  # as something else than a class
        return resolve(env, node["refdoc"], app.builder, "obj", target, node, text)
    if "." in target:
        return text if _is_private(target) else None
    found = {n: o for n, o in objects.items() if n.rpartition(".")[2] == target}
    own = {n: o for n, o in found.items() if not o.aliased and o.objtype in ("class", "exception")}
    if len(own) != 1:
        return None
    ((name, _),) = own.items()
    return resolve(env, node["refdoc"], app.builder, "obj", name, node, text)


def _ways_back(app, pagename, templatename, context, doctree):
    """Mends links from a source to its page: viewcode knows one name of each module alone."""
    if not pagename.startswith("_modules/tfticket"):
        return
    module = pagename.removeprefix("_modules/").replace("/", ".")
    objects = {n: o for n, o in app.env.domains["py"].objects.items() if o.objtype != "module"}

    def mended(found):
        page, parts = found[1], found[2].split(".")
        here = {n: o.node_id for n, o in objects.items() if o.docname == page}
        for tail in (".".join(parts[i:]) for i in range(len(parts))):
            fits = [n for n in here if f".{n}".endswith(f".{tail}")]
            if fits:
                own = [n for n in fits if n == f"{module}.{tail}"]
                return f'{page}.html#{here[min(own or fits, key=len)]}"'
        return found[0]

    context["body"] = re.sub(r'(api/\w+)\.html#(tfticket[\w.]*)"', mended, context["body"])


def setup(app):
    """Adds what is done with docstrings and with references that are not found."""
    app.connect("autodoc-process-docstring", _docstring, priority=400)  # before napoleon
    app.connect("autodoc-process-signature", _signature)
    app.connect("html-page-context", _ways_back)
    app.connect("missing-reference", _found)
