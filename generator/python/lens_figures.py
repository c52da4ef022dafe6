"""Figures of attention patterns, written in Python, for `lens-build --figure-cmd 'python my_figures.py'`.

A script registers functions; lens-build runs it and has it draw every head:

    from lens_figures import register_attn_figure_func, save_matrix_wrapper

    @register_attn_figure_func
    @save_matrix_wrapper(normalize=True, cmap="Blues")
    def squared(attn_matrix):
        "The pattern times itself."
        return attn_matrix @ attn_matrix

The decorators are named and used as those of the Python package pattern-lens, so that a script of its figures runs
here with another import line. `current()` tells the model, layer, head, prompt and tokens. lens-build puts this file
on the script's path; numpy is all that it needs, and matplotlib where a function draws with it.

Nothing has to be called at the end of the script: when it has run to its end, this module answers lens-build until
that closes standard input. What a function prints goes to standard error.

The protocol, for programs in other languages. First the program writes one line of JSON to standard output:

    {"lens_figures": 1, "functions": [{"name", "doc", "source", "code", "figures", "format"}, ...]}

where all but `name` may be absent: `figures` are the short names of a function that draws several (called
`function.figure`), `format` is png, svg or svgz. Then, for each request until the end of input, it reads one line

    {"function", "model", "layer", "head", "prompt", "tokens", "causal", "bytes"}

followed by that many bytes: the pattern as an npy file, f32 [n, n], query rows and key columns. It answers one line

    {"files": [{"name", "bytes"} or {"name", "bytes", "matrix": {"normalize", "cmap", "diverging_colormap",
    "normalize_min"}}, ...]}

followed by the files' bytes one after the other; or {"error": "..."}. A file is called FIGURE.EXTENSION. With
`matrix`, its bytes are an npy file, f32 [rows, columns], and lens-build colours it.
"""

import atexit
import inspect
import io
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import NamedTuple

import numpy as np

# matplotlib draws into files, whatever display there is.
os.environ.setdefault("MPLBACKEND", "Agg")

# Names that scripts written for pattern-lens use in annotations.
AttentionMatrix = Matrix2D = np.ndarray
AttentionMatrixFigureFunc = AttentionMatrixToMatrixFunc = "Callable"

MATPLOTLIB_FIGURE_FMT = "svgz"
MATRIX_SAVE_NORMALIZE = False
MATRIX_SAVE_CMAP = "viridis"
MATRIX_SAVE_FMT = "svgz"

ATTENTION_MATRIX_FIGURE_FUNCS = []


class Head(NamedTuple):
    """The head that is being drawn."""

    model: str
    layer: int
    head: int
    prompt: dict
    "The prompt's entry: `text`, `hash`, and its own keys."
    tokens: list
    "One readable label per row of the pattern."
    causal: bool


_current = None
_matrices = []


def current() -> Head:
    "The head that is being drawn; for use inside of a figure function."
    if _current is None:
        raise RuntimeError("no head is being drawn: call current() inside of a figure function")
    return _current


def register_attn_figure_func(func):
    "Decorator: registers a function of an attention matrix and a folder, which saves one figure there, named as it is."
    func._figures = []
    ATTENTION_MATRIX_FIGURE_FUNCS.append(func)
    return func


def register_attn_figure_multifunc(names):
    "Decorator: registers a function that saves several figures, `function.name` for each of `names`."

    def decorator(func):
        func._figures = list(names)
        ATTENTION_MATRIX_FIGURE_FUNCS.append(func)
        return func

    return decorator


def get_all_figure_names():
    "Names of all figures that are registered."
    return [
        figure
        for func in ATTENTION_MATRIX_FIGURE_FUNCS
        for figure in ([f"{func.__name__}.{name}" for name in func._figures] or [func.__name__])
    ]


def _wraps(func, saver, fmt):
    "A function of an attention matrix and a folder, with the name and documentation of `func`."

    def wrapped(attn_matrix, save_dir):
        return saver(attn_matrix, Path(save_dir))

    wrapped.__wrapped__ = func
    wrapped.__name__ = getattr(func, "__name__", "unnamed")
    wrapped.__doc__ = func.__doc__
    wrapped.figure_save_fmt = fmt
    return wrapped


def matplotlib_figure_saver(func=None, fmt=MATPLOTLIB_FIGURE_FMT):
    "Decorator: a function of an attention matrix and a matplotlib `Axes` becomes one that saves the figure."

    def decorator(func):
        def save(attn_matrix, save_dir):
            import matplotlib.pyplot as plt

            fig, ax = plt.subplots(figsize=(10, 10))
            try:
                func(attn_matrix, ax)
                fig.tight_layout()
                _savefig(fig, save_dir / f"{func.__name__}.{fmt}")
            finally:
                plt.close(fig)

        return _wraps(func, save, fmt)

    return decorator if func is None else decorator(func)


def matplotlib_multifigure_saver(names, fmt=MATPLOTLIB_FIGURE_FMT):
    "Decorator: a function of an attention matrix and a dict of `Axes`, one for each of `names`, becomes one that saves them."

    def decorator(func):
        def save(attn_matrix, save_dir):
            import matplotlib.pyplot as plt

            drawn = {name: plt.subplots(figsize=(10, 10)) for name in names}
            try:
                func(attn_matrix, {name: ax for name, (_, ax) in drawn.items()})
                for name, (fig, _) in drawn.items():
                    fig.tight_layout()
                    _savefig(fig, save_dir / f"{func.__name__}.{name}.{fmt}")
            finally:
                for fig, _ in drawn.values():
                    plt.close(fig)

        return _wraps(func, save, fmt)

    return decorator


def _savefig(fig, path):
    "Saves without the time of day and random names, so that the same pattern gives the same file."
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "lens"}):
        fig.savefig(path, metadata={"Date": None} if path.suffix in (".svg", ".svgz") else None)


def save_matrix_wrapper(
    func=None,
    *,
    fmt=MATRIX_SAVE_FMT,
    normalize=MATRIX_SAVE_NORMALIZE,
    cmap=MATRIX_SAVE_CMAP,
    diverging_colormap=False,
    normalize_min=None,
):
    """Decorator: a function from an attention matrix to a matrix becomes one that saves it coloured, a pixel a cell.

    `normalize` stretches the values over the colour map `cmap` (a name, or one of matplotlib's own objects); without
    it they must lie between 0 and 1. `diverging_colormap` has 0 in the middle. `normalize_min` is the value of the
    first colour. `fmt` is png, svg or svgz.
    """
    if fmt not in ("png", "svg", "svgz"):
        raise ValueError(f"fmt is {fmt!r}; there are png, svg and svgz")
    style = {
        "normalize": normalize,
        "cmap": cmap if isinstance(cmap, str) else cmap.name,
        "diverging_colormap": diverging_colormap,
        "normalize_min": normalize_min,
    }

    def decorator(func):
        def save(attn_matrix, save_dir):
            _matrices.append((f"{func.__name__}.{fmt}", _npy(func(attn_matrix)), style))

        return _wraps(func, save, fmt)

    return decorator if func is None else decorator(func)


def _npy(matrix):
    "A matrix as the bytes of an npy file, f32."
    matrix = np.ascontiguousarray(matrix, dtype="<f4")
    if matrix.ndim != 2:
        raise ValueError(f"a matrix has 2 axes; this one has the shape {matrix.shape}")
    file = io.BytesIO()
    np.save(file, matrix)
    return file.getvalue()


def _about(func):
    "What is published about a function."
    about = {"name": func.__name__, "doc": inspect.getdoc(func) or "", "figures": func._figures}
    if (fmt := getattr(func, "figure_save_fmt", None)) is not None:
        about["format"] = fmt
    try:
        inner = inspect.unwrap(func)
        about["code"] = inspect.getsource(inner)
        about["source"] = Path(os.path.relpath(inspect.getsourcefile(inner))).as_posix()
    except (OSError, TypeError, ValueError):
        pass
    return about


def _draw(func, attn_matrix):
    "Files of one head: name, bytes, and how to colour those that are matrices."
    _matrices.clear()
    with tempfile.TemporaryDirectory(prefix="lens_figures_") as folder:
        func(attn_matrix, Path(folder))
        files = [(path.name, path.read_bytes(), None) for path in sorted(Path(folder).iterdir())]
    return files + _matrices


def _answer(request, data):
    "Answers one request: the line's content, and the bytes that follow it."
    global _current
    try:
        _current = Head(*(request[field] for field in Head._fields))
        func = next(func for func in ATTENTION_MATRIX_FIGURE_FUNCS if func.__name__ == request["function"])
        files = _draw(func, np.load(io.BytesIO(data)))
    except Exception as error:
        trace = "".join(traceback.format_exception(error.__class__, error, error.__traceback__.tb_next))
        return {"error": trace.strip()}, []
    finally:
        _current = None
    said = [{"name": name, "bytes": len(data)} | ({"matrix": style} if style else {}) for name, data, style in files]
    return {"files": said}, [data for _, data, _ in files]


def serve():
    "Answers lens-build until it closes standard input. Called by itself when the script has run to its end."
    global _channel
    if _channel is None:
        return
    (requests, answers), _channel = _channel, None

    def write(line, parts=()):
        answers.write(json.dumps(line).encode() + b"\n")
        answers.writelines(parts)
        answers.flush()

    write({"lens_figures": 1, "functions": [_about(func) for func in ATTENTION_MATRIX_FIGURE_FUNCS]})
    while line := requests.readline():
        request = json.loads(line)
        write(*_answer(request, requests.read(request["bytes"])))


def figures_main(*_args, **_kwargs):
    "Stands for pattern-lens' function of this name: which models, prompts and heads are drawn is said to lens-build."
    serve()


def _connect():
    "Takes standard input and output for the protocol; the script's own prints go to standard error."
    if not os.environ.get("LENS_FIGURES"):
        return None
    channel = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return channel


def _fail(*error):
    "An error of the script itself: then nothing is drawn."
    global _channel
    _channel = None
    sys.__excepthook__(*error)


_channel = _connect()
if _channel is not None:
    sys.excepthook = _fail
    atexit.register(serve)
