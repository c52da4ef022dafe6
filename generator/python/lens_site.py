"""Reads attention patterns and head scores from a site that lens-build made. One file; numpy is all that it needs.

    import lens_site

    site = "site"                                          # a folder, or the address of a published site
    model = lens_site.models(site)[0]["sanitized_name"]
    prompt = lens_site.prompts(site, model)[0]
    A = lens_site.patterns(site, model, prompt["hash"])    # float32 [n_layers, n_heads, n_ctx, n_ctx]
    A[3, 7, 12, 5]                                         # of L3H7: how much query 12 attends to key 5
    induction = lens_site.scores(site, model)["induction"] # float32 [n_prompts, n_layers, n_heads]

How exact the values are is what the site was built with, `lens.json`'s `precision`:

    exact      within 1.6e-5 of what the model computed (the default)
    f32        to the last bit
    overview   approximate: within 0.008 where n_ctx is at most 128; where it is more, a square of ceil(n_ctx / 128) rows
               and columns has the largest of its values in every cell, again within 0.008
"""

import io
import json
import re
import urllib.error
import urllib.request
import zipfile
import zlib
from pathlib import Path

import numpy as np

__all__ = ["SiteError", "models", "patterns", "precision", "prompts", "scores"]

# Version of a site's layout that this file reads.
SCHEMA = 2


class SiteError(ValueError):
    """What was asked for is not there, or not whole; the message says what to do."""


def models(site):
    """The site's models, a dict each: `model_name`, `sanitized_name` (its folder), `n_layers`, `n_heads`, ..."""
    _manifest(site)
    return _jsonl(site, "models.jsonl")


def prompts(site, model):
    """The model's prompts in the site's order, a dict each: `text`, `hash`, and `tokens` and `row_labels` if known.

    `row_labels` has an entry for each row of the pattern, a prepended BOS included."""
    return _jsonl(site, f"{_folder(site, model)}/prompts.jsonl")


def patterns(site, model, prompt_hash, layers=None):
    """The attention patterns of one prompt: float32 [n_layers, n_heads, n_ctx, n_ctx], query rows and key columns.

    `model` is a name or a folder's name, `layers` a list of layers if not all are wanted (axis 0 is in its order).
    A causal model's masked cells are exactly 0."""
    folder = f"{_folder(site, model)}/prompts/{_component(prompt_hash)}"
    overview = _npz(site, f"{folder}/overview.npz", f"{model} has no prompt {prompt_hash} in {site}; prompts() lists them")
    meta = json.loads(overview["meta.json"])
    if meta["schema"] != SCHEMA:
        raise SiteError(f"{folder}/overview.npz has schema {meta['schema']}, not {SCHEMA}; build the site again")
    chosen = range(meta["n_layers"]) if layers is None else [int(layer) for layer in layers]
    for layer in chosen:
        if not 0 <= layer < meta["n_layers"]:
            raise SiteError(f"{model} has no layer {layer}; its layers are 0 to {meta['n_layers'] - 1}")
    n_ctx = meta["n_ctx"]
    out = np.zeros((len(chosen), meta["n_heads"], n_ctx, n_ctx), np.float32)
    for values, layer in zip(out, chosen):
        _fill(values, site, folder, layer, meta, overview)
    return out


def scores(site, model):
    """Every score of every head: float32 [n_prompts, n_layers, n_heads] each, by name.

    Prompts are in the order of `prompts`; scores that belong to no prompt have 1 row. NaN: the score has no value there."""
    folder = _folder(site, model)
    file = _npz(site, f"{folder}/scores.npz", f"{site} has no scores of {model}; run `lens-build figures` and `lens-build site`")
    return {name: file[name] for name in file.files if not name.endswith(".json")}


def precision(site):
    """How exact the site's values are: "overview", "exact" or "f32"."""
    return _manifest(site)["precision"]


def _fill(out, site, folder, layer, meta, overview):
    """Writes one layer's values into `out`, zeros [n_heads, n_ctx, n_ctx]."""
    n_ctx, name = meta["n_ctx"], f"{folder}/L{layer}.npz"
    if meta["precision"] == "overview":
        pool = meta["pool"]
        side = -(-n_ctx // pool)
        small = np.zeros((meta["n_heads"], side, side), np.float32)
        _place(small, _value(overview[f"L{layer}"], 255), meta["causal"])
        large = small.repeat(pool, 1).repeat(pool, 2)[:, :n_ctx, :n_ctx]
        out[:] = np.tril(large) if meta["causal"] else large
        return
    exact = _npz(site, name, f"{name} is missing in {site}; was the site copied as a whole?")
    if meta["precision"] == "f32":
        _place(out, exact["values"], meta["causal"])
        return
    hi = overview[f"L{layer}"] if meta["pool"] == 1 else exact["hi"]
    _place(out, _value(hi.astype(np.float32) * 256 + exact["lo"], 65535), meta["causal"])


def _value(root, one):
    """Values are kept as their square roots in whole numbers, of which `one` stands for 1."""
    return np.square(root.astype(np.float32) / np.float32(one))


def _place(out, stored, causal):
    """Puts stored cells, [n_heads, cells], where they belong: a causal pattern has its lower triangle, row by row."""
    if not causal:
        out[:] = stored.reshape(out.shape)
        return
    rows, columns = np.tril_indices(out.shape[-1])
    out[:, rows, columns] = stored


def _manifest(site):
    text = _read(site, "lens.json", f"{site} is no site of lens-build: it has no lens.json")
    manifest = json.loads(text)
    if manifest.get("schema") != SCHEMA:
        raise SiteError(
            f"{site} has schema {manifest.get('schema')} (written by {manifest.get('generator')}), and this lens_site.py "
            f"reads schema {SCHEMA}; take the lens_site.py of that version, or build the site again"
        )
    return manifest


def _folder(site, model):
    """Folder of a model, given by its name or its folder."""
    known = [entry["dir"] for entry in _manifest(site)["models"]]
    if model in known:
        return model
    for entry in _jsonl(site, "models.jsonl"):
        if entry["model_name"] == model:
            return entry.get("sanitized_name") or re.sub("[^A-Za-z0-9._-]", "_", model.replace("/", "-"))
    raise SiteError(f"{site} has no model {model}; it has {', '.join(known) or 'none'}")


def _component(name):
    if not re.fullmatch("[A-Za-z0-9_-]+", name):
        raise SiteError(f"{name!r} is no hash of a prompt; prompts() lists them")
    return name


def _jsonl(site, file):
    text = _read(site, file, f"{file} is missing in {site}; was the site copied as a whole?")
    return [json.loads(line) for line in text.decode().split("\n") if line.strip()]


def _npz(site, file, missing):
    try:
        return _Entries(np.load(io.BytesIO(_read(site, file, missing))), file)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        if isinstance(error, SiteError):
            raise
        raise SiteError(f"{file} in {site} is damaged ({error}); build or copy the site again") from error


class _Entries:
    """An npz file whose entries say so if they are damaged."""

    def __init__(self, npz, name):
        self.npz, self.name, self.files = npz, name, npz.files

    def __getitem__(self, entry):
        try:
            return self.npz[entry]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise SiteError(f"{self.name}: {entry} is damaged or missing ({error}); build or copy the site again") from error


def _read(site, file, missing):
    """A file's bytes; `missing` is said if there is none."""
    site = str(site)
    if not re.match("https?://", site):
        try:
            return (Path(site) / file).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise SiteError(missing) from None
    address = re.sub("(index.html)?([?#].*)?$", "", site, count=1).rstrip("/") + "/" + file
    # Some hosts refuse Python's own name.
    request = urllib.request.Request(address, headers={"User-Agent": "lens_site"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.read()
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise SiteError(missing) from None
        raise SiteError(f"{address}: the server answers {error.code} {error.reason}") from None
    except OSError as error:
        raise SiteError(f"{address} cannot be reached: {getattr(error, 'reason', error)}") from None
