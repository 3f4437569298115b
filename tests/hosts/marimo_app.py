"""What the hosts show, as a marimo notebook."""

import marimo

app = marimo.App(width="full")


@app.cell
def _():
    import marimo as mo
    from shown import explore, told

    view = explore()
    shown = mo.ui.anywidget(view)
    shown
    return mo, shown, told, view


@app.cell
def _(mo):
    back = mo.ui.run_button(label="select in Python")
    back
    return (back,)


@app.cell
def _(back, mo, shown, told, view):
    shown.value  # so that this cell runs at every click
    if back.value:
        view.select(query=2)
    mo.Html(f'<pre class="told">{told(view)}</pre>')
    return


if __name__ == "__main__":
    app.run()
