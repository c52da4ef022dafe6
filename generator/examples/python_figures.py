"""Figures of one's own in Python. Copy this file, change the functions, and have lens-build draw them:

    lens-build --model MODEL --prompts FILE --figure-cmd 'python python_figures.py'
    lens-build figures --list --figure-cmd 'python python_figures.py'

`lens_figures` comes with lens-build. Its decorators have the names that they have in pattern-lens; there are also
`matplotlib_figure_saver` and `matplotlib_multifigure_saver`, for functions that draw on matplotlib's axes.
"""

import numpy as np
from lens_figures import current, register_attn_figure_func, register_attn_figure_multifunc, save_matrix_wrapper


@register_attn_figure_func
@save_matrix_wrapper(fmt="png", normalize=True, cmap="RdBu_r", diverging_colormap=True)
def change(attn_matrix):
    "What a query's attention gains and loses against the query before it."
    return np.diff(attn_matrix, axis=0, prepend=0)


@register_attn_figure_multifunc(["received", "given"])
def mass(attn_matrix, save_dir):
    "Mean attention that each token receives as a key, and the largest that it gives as a query, as bars."
    bars(save_dir / "mass.received.svg", attn_matrix.mean(axis=0))
    bars(save_dir / "mass.given.svg", attn_matrix.max(axis=1))


def bars(path, values):
    "One bar a token, with the token as its tooltip."
    escape = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
    shapes = (
        f'<rect x="{10 * i}" y="{100 * (1 - value):.2f}" width="9" height="{100 * value:.2f}" fill="#4878cf">'
        f"<title>{token.translate(escape)} {value:.3f}</title></rect>"
        for i, (token, value) in enumerate(zip(current().tokens, values))
    )
    box = f'viewBox="0 0 {10 * len(values)} 100"'
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{"".join(shapes)}</svg>', encoding="utf-8")
