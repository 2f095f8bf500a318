"""What a user sees and does on a page under test."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest


def opened(app: AppTest, page: str, **state: str) -> AppTest:
    """Open a page by its address."""
    app.run()
    app.switch_page(f"views/{page}.py")
    for name, value in state.items():
        app.query_params[name] = value
    return checked(app.run())


def click(app: AppTest, label: str) -> AppTest:
    """Click the button with this label."""
    (button,) = [each for each in app.button if each.label == label]
    return checked(button.click().run())


def checked(app: AppTest) -> AppTest:
    """No page may show a traceback."""
    assert not app.exception, [(each.message, each.stack_trace) for each in app.exception]
    return app


def labels(app: AppTest) -> list[str]:
    """The labels of all buttons that can be clicked."""
    return [each.label for each in app.button if not each.disabled]


def text(app: AppTest) -> str:
    """Everything that is said, as it reads."""
    said: list[Any] = [*app.title, *app.subheader, *app.caption, *app.markdown, *app.error, *app.warning, *app.info]
    said += [*app.metric, *app.code, *app.success, *app.text]
    return "\n".join(str(each.value) for each in said).replace("\\", "").replace("\u2060", "")


def labelled(elements: Any, label: str) -> Any:
    """The element of its kind that has this label."""
    (element,) = [each for each in elements if each.label == label]
    return element
