"""The page in a real browser: narrow, dark, printed, with the keyboard, and without errors."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from errorflow.reports.html import render

pytestmark = pytest.mark.peer("chromium")

SAMPLES = ("elman", "gru", "exploding")
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--hide-scrollbars",
)  # fmt: skip
HIDDEN = """
    return [...document.querySelectorAll('details > :not(summary)')]
        .filter(e => !e.checkVisibility({contentVisibilityAuto: true}) || e.getBoundingClientRect().height === 0)
        .map(e => e.outerHTML.slice(0, 80))
"""
Show = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    for option in OPTIONS:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.set_script_timeout(240)  # axe reads the whole of the shipped report
    yield driver
    driver.quit()


@pytest.fixture
def show(browser: Any, sample: Callable[[str], dict[str, Any]], tmp_path: Path) -> Show:
    """Open the page of a sample in a window of some width, color scheme and medium."""

    def shown(
        name: str, *, width: int = 1280, scheme: str = "light", media: str = "screen", unfold: bool = True
    ) -> Any:
        page = tmp_path / f"{name}.html"
        page.write_text(render(sample(name)), "utf-8")
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
        browser.get(page.as_uri())
        if unfold:
            browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
        browser.execute_async_script("document.fonts.ready.then(arguments[0])")
        return browser

    return shown


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("unfold", [False, True], ids=["folded", "unfolded"])
@pytest.mark.parametrize("width", [320, 390, 800, 1280])
def test_the_page_never_scrolls_sideways(show: Show, name: str, width: int, *, unfold: bool) -> None:
    driver = show(name, width=width, unfold=unfold)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_figures_follow_the_color_scheme(show: Show, name: str, scheme: str) -> None:
    driver = show(name, scheme=scheme)
    ink, paper, label = driver.execute_script("""
        const body = getComputedStyle(document.body)
        const label = document.querySelector('svg[role=img] use[href^="#g-"]').parentElement
        return [body.color, body.backgroundColor, getComputedStyle(label).fill]
    """)

    def brightness(color: str) -> float:
        return sum(int(part) for part in color[4:-1].split(","))

    assert abs(brightness(ink) - brightness(paper)) > 450
    assert (brightness(paper) > brightness(ink)) == (scheme == "light")
    assert label == ink


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_is_requested_and_nothing_is_complained_about(show: Show, name: str) -> None:
    driver = show(name)
    assert driver.get_log("browser") == []
    resources = driver.execute_script("return performance.getEntriesByType('resource').map(r => r.name)")
    assert [resource for resource in resources if not resource.startswith("data:")] == []
    assert driver.execute_script("return [...document.fonts].map(f => [f.family.replaceAll('\"', ''), f.status])") == [
        ["Page Math", "loaded"]
    ]


@pytest.mark.parametrize("name", SAMPLES)
def test_print_shows_what_is_folded_on_the_screen(show: Show, name: str) -> None:
    assert show(name, unfold=False).execute_script(HIDDEN) != []
    assert show(name, media="print", unfold=False).execute_script(HIDDEN) == []


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("width", [390, 1280])
def test_no_label_of_a_figure_is_cut(show: Show, name: str, width: int) -> None:
    driver = show(name, width=width)
    cut = driver.execute_script("""
        return [...document.querySelectorAll('svg[role=img]')].filter(s => s.checkVisibility()).flatMap(svg => {
            const frame = svg.getBoundingClientRect()
            return [...svg.querySelectorAll('use[href^="#g-"]')].map(u => u.getBoundingClientRect())
                .filter(r => r.width && (r.left < frame.left - 1 || r.right > frame.right + 1
                                         || r.top < frame.top - 1 || r.bottom > frame.bottom + 1))
                .map(r => svg.id + ' ' + r.left + ' ' + r.top)
        })
    """)
    assert cut == []
    drawings = "return [...document.querySelectorAll('svg[role=img]')].filter(s => s.checkVisibility()).length"
    assert driver.execute_script(drawings) == {"elman": 6, "gru": 8, "exploding": 6}[name]


def test_the_keyboard_reaches_the_skip_link_first_and_shows_where_it_is(show: Show) -> None:
    from selenium.webdriver.common.keys import Keys

    driver = show("elman", unfold=False)
    driver.find_element("tag name", "body").send_keys(Keys.TAB)
    focused = driver.switch_to.active_element
    assert focused.get_attribute("class") == "skip"
    assert focused.rect["y"] >= 0
    driver.find_element("tag name", "body").send_keys(Keys.TAB)
    style = "return getComputedStyle(document.activeElement).outlineStyle"
    assert driver.execute_script(style) == "solid"


@pytest.mark.parametrize("width", [320, 390, 800, 1280])
def test_the_networks_side_by_side_never_scroll_the_page(show: Show, width: int) -> None:
    driver = show("dispute", width=width)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert driver.get_log("browser") == []


def test_on_a_phone_each_network_has_a_card_with_its_verdict_on_every_object(show: Show) -> None:
    driver = show("dispute", width=390)
    cells = driver.execute_script("""
        return [...document.querySelectorAll('.versus thead th, .versus td')].filter(e => e.style.getPropertyValue('--at'))
            .map(e => [e.getBoundingClientRect().top, e.tagName, e.style.getPropertyValue('--at')]).sort((a, b) => a[0] - b[0])
    """)
    assert [(tag, at) for _, tag, at in cells] == [
        (tag, str(network)) for network in range(1, 5) for tag in ("TH", *["TD"] * 5)
    ]


def test_a_link_into_a_folded_part_opens_it(show: Show) -> None:
    driver = show("gru", unfold=False)
    driver.execute_script("location.hash = '#constant-spectral_norm-W_n'")
    row = "return document.getElementById('constant-spectral_norm-W_n').checkVisibility({contentVisibilityAuto: true})"
    assert driver.execute_script(row)


def test_the_shipped_report_fits_a_phone_and_prints_whole(show: Show) -> None:
    driver = show("report", width=390)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 390
    assert driver.get_log("browser") == []
    assert show("report", media="print", unfold=False).execute_script(HIDDEN) == []


@pytest.mark.peer("axe")
@pytest.mark.parametrize(
    ("name", "scheme", "width"),
    [("report", "light", 390), ("report", "dark", 1280), ("dispute", "dark", 390), ("dispute", "light", 1280)]
    + [(name, scheme, width) for name in SAMPLES for scheme in ("light", "dark") for width in (390, 1280)],
)
def test_axe_finds_no_violation(show: Show, name: str, scheme: str, width: int) -> None:
    driver = show(name, scheme=scheme, width=width)
    driver.execute_script(AXE.read_text("utf-8"))
    found = driver.execute_async_script("axe.run(document).then(r => arguments[0](r.violations))")
    assert [(violation["id"], violation["nodes"][0]["html"][:120]) for violation in found] == []
