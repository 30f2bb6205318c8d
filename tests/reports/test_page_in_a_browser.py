"""Report pages in a real browser: drawn, hovered over, toggled, dark, narrow and on paper."""

from __future__ import annotations

import shutil

import pytest

from tfticket.experiments.reporting import write_report

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(20, 23, 28)"

pytest.importorskip("plotly", reason="plotly draws the plots")
driver = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no chromium on the PATH")


@pytest.fixture(scope="module")
def browser():
    with driver.sync_playwright() as started:
        found = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def show(browser, written_run, tmp_path):
    """Opens a page of two runs; what it complains of or asks the network for fails the test."""
    roots = [written_run("a", layers=30, layer="a_long_name_of_a_block/layer")]
    roots += [written_run("b", rounds=1, settings={"seed": 3})]
    write_report(roots, tmp_path / "page.html")
    complaints, requests, contexts = [], [], []

    def open_page(width=1200, scheme="light"):
        view = {"width": width, "height": 900}
        context = browser.new_context(viewport=view, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto((tmp_path / "page.html").as_uri())
        page.wait_for_function("document.documentElement.dataset.ready")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
    assert set(requests) == {(tmp_path / "page.html").as_uri()}


def first_plot(page):
    page.wait_for_selector(".plot .scatterlayer .point")
    return page.locator("figure").first


def drawn_everywhere(page):
    """Scrolls to every plot, so that each is drawn."""
    plots = page.locator(".plot")
    for number in range(plots.count()):
        plots.nth(number).scroll_into_view_if_needed()
        plots.nth(number).locator("svg").first.wait_for()
    return plots.count()


def test_every_plot_is_drawn(show):
    page = show()
    assert drawn_everywhere(page) >= 12
    assert page.locator("#trouble").is_hidden()


def test_hovering_shows_a_value(show):
    page = show()
    point = first_plot(page).locator(".scatterlayer .point").nth(1)
    point.hover(force=True)
    page.wait_for_selector(".hoverlayer .hovertext")
    said = page.locator(".hoverlayer .hovertext").first.text_content()
    assert "test accuracy 0.7950 ± 0.0071" in said or "test accuracy 0.8950 ± 0.0071" in said


def test_the_legend_hides_a_line_and_shows_it_again_by_keyboard(show):
    page = show()
    figure = first_plot(page)
    lines = figure.locator(".scatterlayer .trace:has(.point)")
    button, count = figure.locator(".legend button").first, lines.count()
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "false"
    assert lines.count() == count - 1
    page.keyboard.press("Enter")
    assert lines.count() == count


def test_colours_follow_the_system_and_the_switch(show):
    page = show(scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    axis = "getComputedStyle(document.querySelector('.plot .xtick text')).fill"
    first_plot(page)
    assert page.evaluate(ground) == DARK
    dark = page.evaluate(axis)
    page.click("#theme")
    assert page.evaluate(ground) == LIGHT
    assert page.evaluate(axis) != dark
    page.reload()
    page.wait_for_function("document.documentElement.dataset.ready")
    assert page.evaluate(ground) == LIGHT  # it is remembered


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_is_wider_than_a_narrow_screen(show, width):
    page = show(width)
    drawn_everywhere(page)
    for summary in page.locator("figure summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = "e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.table')"
    name = "e => `${e.tagName} ${e.getAttribute('class')}`"
    assert (
        page.evaluate(f"[...document.querySelectorAll('body *')].filter({wide}).map({name})") == []
    )


def test_on_paper_it_is_light_and_whole(show):
    page = show(scheme="dark")
    seen = """() => { window.seen = null; addEventListener("beforeprint", () => {
        const plots = [...document.querySelectorAll(".plot")];
        window.seen = [document.documentElement.dataset.theme,
                       plots.every((plot) => plot.querySelector("svg"))]; }); }"""
    page.evaluate(seen)
    assert page.pdf(format="A4").startswith(b"%PDF")
    assert page.evaluate("window.seen") == ["light", True]
    assert page.evaluate("document.documentElement.dataset.theme") is None
