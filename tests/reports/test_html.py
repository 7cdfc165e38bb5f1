"""The page: self-contained, well-formed, escaped, and saying what it may say."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from errorflow.reports.document import dumps, formula, loads
from errorflow.reports.html import render
from errorflow.reports.outline import families

Document = dict[str, Any]
Sample = Callable[[str], Document]
BLOCKS = {
    "p", "div", "dl", "dt", "dd", "li", "td", "th", "tr", "table", "caption", "summary", "h2", "h3", "h4", "figcaption",
}  # fmt: skip
VOID = {"meta", "link", "br", "wbr", "hr", "img", "input"}


class _Page(HTMLParser):
    """A page with its elements, checked for balance while it is read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == [], "elements left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"an attribute twice on {tag}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in BLOCKS:  # a block starts on a line of its own
            self.text.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} closed out of order"
        if tag in BLOCKS:
            self.text.append("\n")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    def values(self, attribute: str) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get(attribute)) is not None]


def _words(page: str) -> str:
    return " ".join("".join(_Page(page).text).split())


def test_the_page_is_well_formed_and_small(document: Document) -> None:
    page = render(document)
    read = _Page(page)
    assert page.startswith("<!doctype html>")
    assert ("html", {"lang": "en"}) in read.elements
    assert len(page.encode()) < 400_000


def test_the_shipped_report_is_a_page_of_bearable_weight(sample: Sample) -> None:
    """It holds every theorem with its proof, and the confrontation with each of its laws and its networks."""
    page = render(sample("report"))
    _Page(page)
    assert len(page.encode()) < 1_160_000


def test_what_is_measured_beside_the_profile_adds_little_to_the_weight(sample: Sample) -> None:
    document = sample("elman")
    whole = len(render(document).encode())
    del document["truncation"], document["gradient_norms"], document["lag_shares"]["parameters"]
    document["spectrum"] |= {"exponents": [], "law": None, "standard_error": []}
    assert whole - len(render(document).encode()) < 70_000


def test_identifiers_are_unique_and_links_resolve(document: Document) -> None:
    read = _Page(render(document))
    identifiers = read.values("id")
    assert len(identifiers) == len(set(identifiers))
    for target in read.values("href"):
        assert target == "data:," or target[1:] in identifiers, f"{target} leads nowhere"
    for name in ("aria-labelledby", "aria-describedby"):
        assert set(" ".join(read.values(name)).split()) <= set(identifiers)


def test_nothing_is_loaded_and_nothing_runs(document: Document) -> None:
    page = render(document)
    read = _Page(page)
    assert not re.search(r"https?://|@import|javascript:", page)
    assert {tag for tag, _ in read.elements}.isdisjoint({"script", "iframe", "object", "embed", "img", "base", "form"})
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert read.values("src") == []
    assert all(source.startswith("data:font/") for source in re.findall(r"url\(([^)#]+)\)", page))
    policy = next(a["content"] for tag, a in read.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:;")


def test_runs_of_glyphs_are_kept_once_and_no_line_ends_beside_a_block(sample: Sample) -> None:
    page = render(sample("elman"))
    drawn = re.sub(r'<svg class="glyphs".*?</svg>', "", page)
    runs = re.findall(r'(?:<use href="#g-[^>]*/>){2,}', drawn)
    assert runs
    assert len(runs) == len(set(runs))
    kept, used = re.findall(r'<g id="(run\d+)">', page), re.findall(r'<use href="#(run\d+)"/>', drawn)
    assert set(kept) == set(used)
    assert all(used.count(name) > 1 for name in kept)
    assert not re.search(r"</?(?:li|td|tr)(?: [^<>]*)?>\n", page)


def test_equal_documents_give_equal_pages(document: Document) -> None:
    page = render(document)
    assert render(document) == page
    assert render(loads(dumps(document))) == page


def test_headings_descend_one_level_at_a_time(document: Document) -> None:
    levels = [int(tag[1]) for tag, _ in _Page(render(document)).elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_landmarks_and_skip_link(document: Document) -> None:
    read = _Page(render(document))
    tags = [tag for tag, _ in read.elements]
    assert [tags.count(tag) for tag in ("header", "nav", "main", "footer")] == [1, 1, 1, 1]
    first_link = next(attributes for tag, attributes in read.elements if tag == "a")
    assert first_link == {"class": "skip", "href": "#main"}
    for tag, attributes in read.elements:
        if tag == "table":
            assert attributes.get("role") in (None, "table")
        if attributes.get("class") == "scroll":
            assert attributes.get("tabindex") == "0"
            assert attributes.get("aria-label")


def test_sections_stand_in_order_and_only_with_data(sample: Sample) -> None:
    page = render(sample("elman"))
    order = ["verdict", "profile", "shares", "truncation", "claims", "theorems", "refutations", "facts"]
    order += ["cell", "hierarchy", "constants", "graph", "spectrum", "sources", "reproduce"]
    assert re.findall(r'<section id="([a-z]+)"', page) == order
    assert re.findall(r'<li><a href="#([a-z]+)"', page) == order
    document = sample("elman")
    document["systems"] = [
        {"title": "A system", "status": "holds", "at": 3, "where": formula("x"), "notes": ["a", "b"]}
    ]
    document["experiments"] = [{"claim": "an experiment", "result": {"W": [[2, 4], [-1, -2]]}}]
    document["theorems"] = document["refutations"] = document["claims"] = document["facts"] = []
    document["constants"], document["graph"] = {}, {"nodes": [], "edges": []}
    del document["hierarchy"], document["truncation"]  # as in a document of an earlier version
    document["gradient_norms"] = None
    sections = re.findall(r'<section id="([a-z]+)"', render(document))
    assert sections == ["verdict", "profile", "shares", "systems", "cell", "spectrum", "experiments", "reproduce"]


SCRIPT = "<script>alert(1)</script>"


def _everywhere(value: Any, text: str) -> Any:
    """The document with every free text replaced."""
    if isinstance(value, dict):
        return {key: _everywhere(item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [_everywhere(item, text) for item in value]
    return text if isinstance(value, str) and " " in value and "<math" not in value else value


@pytest.mark.parametrize(
    "text", [SCRIPT, '"><img src=x onerror=alert(1)>', "</style><svg onload=x>", "{{ 7 * 7 }} $x$"]
)
def test_text_of_strangers_stays_text(sample: Sample, text: str) -> None:
    document = sample("elman")
    fixed = {"schema_version": 1, "lag_shares": document["lag_shares"], "spectrum": document["spectrum"]}
    document["network"] |= {"layer": text, "cell": text, "activation": text, "source": text}
    document["systems"] = [{text: text, "title": text}]
    for key in ("sentence", "reason", "place", "version", "judged_by"):
        document["claims"][1][key] = text
    document["claims"][1]["source"] |= {"citation": text, "place": text, "version": text}
    for key in ("id", "title", "claim", "claimant", "version", "what", "truth", "theorem", "snippet"):
        document["refutations"][0][key] = text
    document["refutations"][0]["example"] = {text: formula("W")}
    document["refutations"][0]["premises"][0]["words"] = text
    document["theorems"][0]["given"][0] |= {"name": text, "statement": text}
    document["theorems"][0]["steps"][0] |= {"lemma": text, "rule": text}
    document["constants"][text] = document["constants"].pop("spectral_norm(W)")
    document["eigenvalues"] = {text: document["eigenvalues"]["W"]}
    document["bounds"][0] |= {"id": text, "title": text, "norm": text}
    document["theorems"][0] |= {"id": text, "title": text, "rests_on": [text], "weakest": [text, "source:pascanu2013"]}
    document["graph"]["nodes"][1] |= {"id": text, "label": text}
    document["jacobian"]["blocks"][0]["row"] = text
    document["provenance"]["versions"][text] = text
    for key in ("lag_shares", "truncation", "gradient_norms"):
        document[key]["parameter"] = text
    document["lag_shares"]["parameters"][text] = document["lag_shares"]["parameters"].pop("b")
    document["spectrum"]["law"]["slopes"] = document["spectrum"]["method"] = text
    document["hierarchy"][0] |= {"block": text, "links": []}
    document["hierarchy"][0]["rows"][0]["id"] = text
    for verdict in document["verdicts"]:
        verdict |= {"reason": text, "norm": text, "decided_by": text, "given": [text]}
    page = render(document)
    read = _Page(page)
    assert fixed["schema_version"] == 1
    assert {tag for tag, _ in read.elements}.isdisjoint({"script", "img"})
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert "".join(read.text).count(text) > 25
    assert "49" not in page.split("<body>")[1] or text != "{{ 7 * 7 }}"


def test_a_formula_that_the_sieve_refuses_is_shown_as_its_text(sample: Sample) -> None:
    document = sample("elman")
    hostile = {"text": "W < W", "latex": "W", "mathml": "<math><mtext><script>alert(1)</script></mtext></math>"}
    for place in (document["bounds"][0], document["theorems"][0]):
        place["statement"] = hostile
    document["jacobian"]["product"] = document["notation"][0]["symbol"] = hostile
    page = render(document)
    assert "<script" not in page
    assert page.count("<code>W &lt; W</code>") >= 4


def test_undecided_is_a_verdict_with_its_hypothesis(sample: Sample) -> None:
    words = _words(render(sample("gru")))
    assert "undecided for all inputs, 2-norm" in words
    assert "If the activation is tanh: The block bound needs a rate < 1 and has 1.745; the margin is −0.745." in words
    assert "raises on the samples" in words
    assert "per unit learning rate" in words


def test_rates_come_with_what_they_mean(sample: Sample) -> None:
    words = _words(render(sample("elman")))
    assert "−0.1508 nats per step half-life 4.596 steps under 1 % at lag 31" in words
    assert "Decided by Diagonal scaling." in words
    assert "Decided by the measured slope." in words
    assert "0.81 to 0.83" in words
    words = _words(render(sample("exploding")))
    assert "0.31 nats per step between 0.29 and 0.33 doubles in 2.236 steps" in words


def test_verdicts_that_do_not_decide_are_folded(sample: Sample) -> None:
    page = render(sample("elman"))
    folded = page.index("Other scopes and norms (1)")
    assert page.index("Q4") < folded < page.index('<section id="profile"')


def test_scopes_with_equal_numbers_share_a_row(sample: Sample) -> None:
    document = sample("elman")
    document["bounds"] += [b | {"scope": "trajectory"} for b in document["bounds"]]
    page = render(document)
    assert page.count('<tr role="row" id="bound-') == 6
    assert "for all inputs and on this trajectory" in page


def test_two_sentences_are_never_printed(document: Document) -> None:
    words = _words(render(document)).lower()
    assert "verified" not in words
    assert "gradients vanish" not in words


def test_hypotheses_say_whether_they_are_met_and_by_how_much(sample: Sample) -> None:
    words = _words(render(sample("gru")))
    assert "1.745 < 1 −0.745 not met" in words
    assert "1 ≤ 1 0 met" in words


def test_gates_stand_side_by_side(sample: Sample) -> None:
    words = _words(render(sample("gru")))
    assert "Constant W_nWn W_rWr W_zWz" in words, "the name for screen readers, then the symbol"


def test_brackets_stand_against_the_threshold_with_their_evidence(sample: Sample) -> None:
    words = _words(render(sample("elman")))
    assert "the state Jacobian vanishes for all inputs" in words
    assert re.search(r"0\.75 1\.125 undecided certified", words)
    page = render(sample("gru"))
    assert page.count('id="figure-brackets-') == 3
    section = page[page.index('<section id="hierarchy"') : page.index('<section id="constants"')]
    assert "no 1/γ belongs to this block" in section
    assert "vanishes for all inputs" not in section
    assert '<b class="measured">' in section


@pytest.mark.parametrize(
    ("least", "said", "unsaid"),
    [
        (0.0, "lies above, it grows for some slopes", "negative"),
        (-0.1, "as some slopes are negative", "alone decides neither"),
        (
            0.01,
            "alone decides neither",
            "grows for some slopes",
        ),  # the masks of the joint spectral radius are no slopes
    ],
)
def test_what_the_brackets_decide_depends_on_the_least_slope(
    sample: Sample, least: float, said: str, unsaid: str
) -> None:
    document = sample("elman")
    document["hierarchy"][0]["slopes"]["lower"] = least
    page = render(document)
    words = _words(page[page.index('<section id="hierarchy"') : page.index('<section id="constants"')])
    assert said in words
    assert unsaid not in words
    assert "the state Jacobian vanishes for all inputs" in words


def test_blocks_beyond_the_fourth_are_named(sample: Sample) -> None:
    document = sample("gru")
    document["hierarchy"] = [block | {"block": f"W_{at}"} for at, block in enumerate(2 * document["hierarchy"])]
    assert "The blocks W_4, W_5 are in the JSON document." in _words(render(document))


def test_long_matrices_have_a_letter_and_are_written_out_on_the_cards(sample: Sample) -> None:
    page = render(sample("gru"))
    assert "The matrix <math><mi>M</mi></math>" in page
    example = 2  # of the refutation
    assert page.count("<mtable>") == sum(t["applies"] for t in sample("gru")["theorems"]) + example


def test_two_bounds_of_one_id_have_one_anchor(sample: Sample) -> None:
    page = render(sample("gru"))
    assert page.count('id="bound-block_spectral_norm"') == 1


def test_a_lone_surrogate_does_not_stop_the_page(sample: Sample) -> None:
    document = sample("elman")
    document["network"]["source"] = "weights\ud800.npz"
    render(document).encode("utf-8")


def _chain(length: int) -> Document:
    keys = ("id", "kind", "label", "grade", "own")
    rows = [(f"n{i}", "theorem", f"step {i}", "tested", "tested") for i in range(length)]
    nodes = [dict(zip(keys, row, strict=True)) for row in rows]
    return {"nodes": nodes, "edges": [[f"n{i}", f"n{i + 1}"] for i in range(length - 1)]}


@pytest.mark.parametrize("closed", [False, True], ids=["chain", "cycle"])
def test_long_chains_and_cycles_are_listed_completely(sample: Sample, *, closed: bool) -> None:
    graph = _chain(3000)
    if closed:
        graph["edges"].append(["n2999", "n0"])
    events = [event for family in families(graph) for event in family.events]
    assert {node["id"] for event, node, again in events if event == "item" and not again} == {
        n["id"] for n in graph["nodes"]
    }
    document = sample("elman")
    document["graph"] = graph
    _Page(render(document))


def test_the_graph_links_to_cards_and_rows(sample: Sample) -> None:
    page = render(sample("elman"))
    tree = page[page.index('<ul class="tree">') :]
    assert '<a href="#theorem-pascanu_spectral_norm">Vanishing from the spectral norm</a>' in tree
    assert '<a href="#bound-diagonal_scaling_norm">Diagonal scaling</a>' in tree
    assert '<a href="#verdict-state_jacobian-all_inputs">' in tree
    assert "on its own: symbolic" in tree
    assert '<a href="#node-rule-norm-of-a-product">norm of a product</a>' in page, "from the card"
    assert '<li id="node-rule-norm-of-a-product">' in tree
    assert "that rest on nothing but their own check are not listed (2)" in page


def test_a_document_that_does_not_fit_is_refused(sample: Sample) -> None:
    document = sample("elman")
    del document["verdicts"]
    with pytest.raises(ValueError, match="lacks the key 'verdicts'"):
        render(document)


def test_a_condition_is_introduced_by_one_if(sample: Sample) -> None:
    document = sample("elman")
    document["verdicts"][0] |= {"given": ["if activation tanh: not recorded"], "decided_by": "joint_spectral_radius"}
    page = render(document)
    assert "If activation tanh: not recorded: " in page
    assert "If if" not in page
    assert "Decided by the joint spectral radius." in page
