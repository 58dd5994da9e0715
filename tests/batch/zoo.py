"""Notebooks of every kind, as lists of cells: what a kernel can be asked to do."""

from __future__ import annotations

import contextlib
import json
import os
import re
from pathlib import Path
from typing import Any

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError

ZOO: dict[str, list[str]] = {
    "rich": [
        "import pandas as pd\nfrom IPython.display import HTML, JSON, SVG, Latex, Markdown, Math, display",
        "pd.DataFrame({'a': [1, 2.5], 'é': ['ü', None]}, index=['x', '日本'])",
        "display(HTML('<b>x</b>'), Markdown('*é*'), Latex('$x$'), Math('x^2'), metadata={'m': 1})\ndisplay(JSON({'a': [1]}))",
        "class Both:\n    def _repr_html_(self): return '<i>h</i>'\n    def _repr_mimebundle_(self, include=None, exclude=None):\n"
        "        return {'text/plain': 'p', 'application/x-own+json': {'k': (1, 2)}}, {'application/x-own+json': {'s': 1}}\n"
        "    def __repr__(self): return 'both'\ndisplay(Both())\nBoth()",
        "display({'text/html': 'raw', 'text/plain': 'r'}, raw=True)",
        "h = display('first', display_id='one')\nprint('between')",
        "g = display('second', display_id=True)\nprint(type(g.display_id).__name__)",
        "h.update('updated from a later cell')\ng.update(HTML('<u>new</u>'))\ndisplay('again', display_id='one')",
        "h.update(pd.Series([1, 2], name='s'))",
        "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('kept')",
        "print('waits')\nclear_output(wait=True)\ndisplay('after')\nprint('last')",
        "print('only')\nclear_output(wait=True)",
        "None", "1;", "_", "x = 5\nx, [x] * 3", "'a' * 100_000", "list(range(2000))",
        "from IPython.display import Image\nImage(data=bytes.fromhex('89504e470d0a1a0a0000000d49484452'), format='png')",
        "class Bad:\n    def _repr_html_(self): raise ValueError('in a repr')\n    def __repr__(self): return 'bad'\nBad()",
        "get_ipython().display_formatter.formatters['text/html'].for_type(int, lambda n: f'<b>{n}</b>')\n7",
    ],
    "streams": [
        "import logging, os, subprocess, sys, time, warnings",
        "print('a')\nprint('b', file=sys.stderr)\nprint('c')",
        "print('one', end='')\ndisplay('two')\nprint('three')",
        "sys.stdout.write('no newline')",
        "print('\\x1b[31mred\\x1b[0m \\r over', 'ünïcode 😀', '\\0')",
        "print('slow 1', flush=True)\ntime.sleep(0.3)\nprint('slow 2')",
        "os.write(1, 'descriptor 1 é\\n'.encode())\ntime.sleep(0.1)",
        "os.write(2, b'descriptor 2\\n')\ntime.sleep(0.1)",
        "subprocess.run(['sh', '-c', 'echo child out; echo child err >&2'])\ntime.sleep(0.1)",
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.puts(b'from C')\nlibc.fflush(None)\ntime.sleep(0.1)",
        "warnings.warn('once')\nwarnings.warn('old', DeprecationWarning)",
        "def shout():\n    warnings.warn('in a function')\nshout()\nshout()",
        "logging.warning('root')\nlogging.getLogger('x').error('named')\nlogging.info('silent')",
        "for n in range(300):\n    print(n, 'x' * 20)",
        "import threading\nt = threading.Thread(target=lambda: print('from a thread'))\nt.start()\nt.join()",
        "!echo magic $((1 + 1))", "x = !printf 'a\\nb'\nx", "%%bash\necho in bash\necho on stderr >&2",
        "print(sys.stdout.isatty(), sys.stdout.encoding)",
        "os.write(1, ('é' * 400).encode())\ntime.sleep(0.1)",
    ],
    "errors": [
        "1/0", "def f(n):\n    return g(n)\ndef g(n):\n    return {}[n]\nf('key')",
        "print('before')\nraise ValueError('ünï\\nsecond line')",
        "try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise RuntimeError('chained') from e",
        "raise ExceptionGroup('several', [ValueError(1), TypeError(2)])",
        "for", "    x = 1\n  y = 2", "undefined_name", "import no_such_module", "assert 1 == 2, 'words'",
        "import pandas as pd\npd.DataFrame({'a': [1]})['b']", "%no_such_magic", "!exit 3", "%%bash\nexit 3",
        "input('name? ')", "import getpass\ngetpass.getpass()", "raise KeyboardInterrupt", "import sys\nsys.exit('bye')",
        "class E(Exception):\n    def __str__(self): raise ValueError('no words')\nraise E()",
        "class R:\n    def __repr__(self): raise ValueError('no repr')\nR()", "print('still here')",
        "1\n2\n3/0\n4", "display(1)\n1/0", "await 1", "%debug 1",
    ],
    "language": [
        "import asyncio\nawait asyncio.sleep(0.01)\nprint('awaited')", "async def f():\n    return 3\nawait f()",
        "task = asyncio.create_task(f())\nawait asyncio.sleep(0)\ntask.done()",
        "async with asyncio.timeout(1):\n    print('in time')", "import asyncio\nasyncio.get_running_loop().is_running()",
        "asyncio.run(f())", "%who int",
        "%load_ext autoreload\n%autoreload 2", "%env X_Y=1", "import os\nos.environ['X_Y']", "%matplotlib inline",
        "%%capture out\nprint('captured')\ndisplay(1)", "out.stdout, len(out.outputs)", "%precision 3\n", "3.14159265",
        "%xmode Plain", "1/0", "%xmode Context", "?len", "len?", "In[1], Out[2]", "_2, __", "__name__, __doc__",
        "import sys\n'' in sys.path, sys.argv[1], sys.modules['__main__'].__name__",
        "%config InlineBackend.figure_format",
        "get_ipython().__class__.__name__", "'x' in dir()", "x = 1\ndef g():\n    return x\nx = 2\ng()",
        "%reset -f", "try:\n    task\nexcept NameError as e:\n    print(e)", "@property\ndef p(self): ...",
        "from __future__ import annotations", "print(f'{1+1=}')", "...", "#comment only", "%%html\n<p>é</p>",
        "%%writefile made.py\nVALUE = 42", "import made\nmade.VALUE",
        "import jsonschema\n[jsonschema.FormatChecker().conforms(t, 'iri') for t in ('http://a.eu/é', 'a b')]",
        "import rfc3987_syntax as r\nr.is_valid_syntax('iri', 'http://a.eu/é'), len(dir(r)) > 9",
        "open('made.txt', 'w').write('x')", "import os\nsorted(p for p in os.listdir() if p.startswith('made.t'))",
    ],
    "figures": [
        "import matplotlib.pyplot as plt\nimport numpy as np\nimport seaborn as sns\nimport pandas as pd",
        "plt.plot([1, 2, 3])", "fig, axes = plt.subplots(1, 2, figsize=(4, 2))\naxes[0].bar(['a', 'b'], [1, 2]);", "fig",
        "plt.figure()\nplt.plot([3, 1])\nplt.show()\nprint('after show')", "plt.close('all')\nplt.gcf().number",
        "sns.set_theme()\nsns.lineplot(x=[1, 2], y=[2, 1])", "pd.Series([1, 3, 2]).plot()",
        "%config InlineBackend.figure_formats = ['svg']\nplt.rcParams['svg.hashsalt'] = 'x'",
        "import matplotlib\nmatplotlib.get_backend(), plt.rcParams['figure.dpi']", "matplotlib.use('agg')\nplt.plot([1])\nplt.show()",
        "import statsmodels.api as sm\nX = sm.add_constant(np.arange(10.))\nr = sm.OLS(np.sin(np.arange(10.)), X).fit()\nr.params",
        "r.summary().tables[1]", "rng = np.random.default_rng(1)\nrng.normal(size=3), np.random.RandomState(0).rand(2)",
        "import duckdb\nduckdb.sql('SELECT 1 AS a, sum(range) AS s FROM range(1000)').df()",
        "a = np.random.default_rng(0).normal(size=(300, 300))\nround(float(np.linalg.inv(a @ a.T + 300 * np.eye(300)).sum()), 9)",
        "import multiprocessing\nwith multiprocessing.get_context('fork').Pool(2) as pool:\n    print(pool.map(abs, [-1, 2]))",
        "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as pool:\n    print(list(pool.map(abs, [-3])))",
    ],
}  # fmt: skip
#: Cells of which the notebook runs no further.
FATAL = {
    "exits": "import os\nprint('seen', flush=True)\nos._exit(3)",
    "segmentation fault": "import ctypes\nctypes.string_at(0)",
    "killed": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "aborts": "import os\nos.abort()",
}


def write(path: Path, cells: list[str], tags: dict[int, str] | None = None) -> Path:
    """Write a notebook of code cells."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(cells)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    for position, tag in (tags or {}).items():
        notebook.cells[position].metadata["tags"] = [tag]
    nbformat.write(notebook, path)
    return path


def run(path: Path, engine: str | None, **options: Any) -> nbformat.NotebookNode:
    """Run a notebook with papermill in a folder of its own; a cell's error is part of the result."""
    folder = path.parent / f"{path.stem}-{engine}"
    folder.mkdir(exist_ok=True)
    # ipykernel leaves file descriptors alone where it sees pytest.
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    with contextlib.suppress(PapermillExecutionError):
        papermill.execute_notebook(
            str(path), str(folder / "out.ipynb"), engine_name=engine, progress_bar=False, cwd=str(folder), **options
        )
    return nbformat.read(folder / "out.ipynb", as_version=4)


def cleaned(notebook: nbformat.NotebookNode) -> list[dict[str, Any]]:
    """The cells without what differs from run to run: process ids, addresses, times, where a stream was cut."""
    for cell in notebook.cells:
        whole: list[Any] = []
        for output in cell.get("outputs", []):
            if whole and output.output_type == "stream" and whole[-1].get("name") == output.name:
                whole[-1].text += output.text
            else:
                whole.append(output)
        cell.outputs = whole
    text = json.dumps([{k: v for k, v in cell.items() if k not in ("metadata", "id")} for cell in notebook.cells])
    text = re.sub(r"ipykernel_\d+", "ipykernel_N", text)
    text = re.sub(r"0x[0-9a-f]{6,}", "0xN", text)
    return list(json.loads(text))
