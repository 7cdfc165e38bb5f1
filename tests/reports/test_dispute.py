"""Which one is true: every sentence is backed by nodes of the graph, and outcomes alone decide what is said."""

import copy
import math
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from errorflow.reports.answers import answers
from errorflow.reports.backing import Backing
from errorflow.reports.document import dumps, loads
from errorflow.reports.html import render
from errorflow.reports.informative import against_bound, course

Document = dict[str, Any]
Sample = Callable[[str], Document]
LADDER = ("kernel-checked", "symbolic", "certified", "tested", "measured", "cited", "assumed")


class _Section(HTMLParser):
    """The section: identifiers and links of the page, and the sentences of its lists with the links below each."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.sentences: list[tuple[str, list[str]]] = []
        self.prose: list[str] = []
        self._inside, self._item, self._open = False, False, [""]
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        if tag == "section":
            self._inside = found.get("id") == "answer"
        if tag == "ul":
            self._item = self._inside and "answers" in (found.get("class") or "")
        if self._inside and self._item and tag == "li":
            self.sentences.append(("", []))
        if self._inside and self._item and tag == "a":
            self.sentences[-1][1].append((found["href"] or "")[1:])
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()
        if tag == "ul":
            self._item = False

    def handle_data(self, data: str) -> None:
        if self._inside and self._item and self._open[-1] in ("li", "sub", "sup"):
            self.sentences[-1] = (self.sentences[-1][0] + data, self.sentences[-1][1])
        elif self._inside and self._open[-1] == "p":
            self.prose.append(data)


@pytest.fixture
def dispute(sample: Sample) -> Document:
    return sample("dispute")


def answered(document: Document) -> Document:
    document["confrontation"]["answers"] = answers(document)
    return document


def texts(document: Document, about: str | None = None) -> list[str]:
    return [a["text"] for a in answers(document) if about in (None, a["about"])]


def unbacked(page: str) -> list[str]:
    """Sentences of the rendered section without a link, or with one that leads nowhere."""
    read = _Section(page)
    assert len(read.sentences) > 10
    return [text for text, links in read.sentences if not links or not set(links) <= set(read.ids)]


def test_every_printed_sentence_links_to_nodes_that_exist(dispute: Document) -> None:
    page = render(dispute)
    assert unbacked(page) == []
    printed = [" ".join(text.split()) for text, _ in _Section(page).sentences]
    assert len(printed) == len(dispute["confrontation"]["answers"])
    planted = page.replace('<ul class="answers lead">', '<ul class="answers lead"><li>Gradients are fine.</li>')
    assert unbacked(planted) == ["Gradients are fine."]


def test_the_section_itself_claims_nothing(dispute: Document) -> None:
    """Outside of the answers its paragraphs hold only data of the networks, its captions only names."""
    found = _Section(render(dispute)).prose
    assert not re.search(r"vanish|explod|true|right|holds|learn", " ".join(found))


def test_each_grade_is_the_weakest_own_grade_below_the_sentence(dispute: Document) -> None:
    own = {node["id"]: node["own"] for node in dispute["graph"]["nodes"]}
    for answer in dispute["confrontation"]["answers"]:
        reached, edges = set(answer["nodes"]), dispute["graph"]["edges"]
        while more := {b for a, b in edges if a in reached and b in own} - reached:
            reached |= more
        weakest = max((LADDER.index(own[name].split(" ")[0]) for name in reached if own[name]), default=0)
        assert LADDER.index(answer["grade"]) >= weakest
        shown = max(
            LADDER.index(n["grade"].split(" ")[0].rstrip(",")) for n in dispute["graph"]["nodes"] if n["id"] in reached
        )
        assert LADDER.index(answer["grade"]) <= shown


def test_the_grade_falls_with_what_lies_below(dispute: Document) -> None:
    before = next(a for a in answers(dispute) if a["about"] == "contractive")
    for node in dispute["graph"]["nodes"]:
        if node["id"] == "rule:norm of a product":
            node["own"] = "assumed"
    assert (before["grade"], next(a for a in answers(dispute) if a["text"] == before["text"])["grade"]) == (
        "cited",
        "assumed",
    )


@pytest.mark.parametrize("fault", ["unknown node", "no node", "better grade"])
def test_an_unbacked_sentence_is_refused(dispute: Document, fault: str) -> None:
    planted = dispute["confrontation"]["answers"][0]
    planted["nodes"] = {"unknown node": ["theorem:none"], "no node": []}.get(fault, planted["nodes"])
    planted["grade"] = "kernel-checked" if fault == "better grade" else planted["grade"]
    with pytest.raises(ValueError, match=r"confrontation\.answers\[0\]"):
        render(dispute)


def test_a_sentence_whose_node_is_missing_is_not_built(dispute: Document) -> None:
    gone = "contrast:contractive:verdict:state_jacobian:all_inputs"
    dispute["graph"]["nodes"] = [n for n in dispute["graph"]["nodes"] if n["id"] != gone]
    assert not any("a bound on it halves" in text for text in texts(dispute, "contractive"))
    assert not any("is met in “Contractive”" in text for text in texts(dispute))


def test_both_sides_hold_where_both_were_shown_and_every_network_is_listed(dispute: Document) -> None:
    first, total, past, defined, own, condition, open_, flow = texts(dispute, "dispute")
    assert first.startswith("They speak of different objects. In “Contractive”")
    assert "Schaefer-initialized" not in first
    assert (
        "it stays within a factor of two in “Contractive” (2 to 48 steps, white noise, standard deviation 1)" in total
    )
    assert not re.search(r"are right|undecided, mixed", total + past)
    for title in ("Contractive", "Schaefer-initialized", "Trained"):
        assert title in total
        assert title in past
    assert re.search(
        r"under 1 % of the norm of dy/dW in “Contractive” \(from d = \d+ on, white noise of standard", past
    )
    assert "E[y* dy/dW] is the part" in defined
    assert "whose hypotheses are met in the network of this report" in own
    assert condition.startswith("The condition of Pascanu et al., gamma ||W||_2 < 1, is met in “Contractive” (0.8)")
    assert not re.search("Hochreiter|Bengio", condition)
    assert open_.startswith("No bound for all inputs falls with the lag in ")
    assert flow.startswith(
        "One descent step on recall of the input 10 steps ago raises the error flow in “Contractive” and"
    )
    assert flow.endswith("in “Trained” its effect is undecided.")


def test_a_condition_is_named_only_where_its_number_meets_it(dispute: Document) -> None:
    """With the rate at 1 the spectral norm decides nothing, so that what did decide is named, without an author."""
    dispute["confrontation"]["networks"][0]["rate"] = [0.999, 1.0]
    told = [
        text
        for text in texts(dispute, "dispute")
        if "vanishes with the lag for all inputs" in text and "Contractive" in text
    ]
    assert len(told) == 1
    assert "condition of Pascanu" not in told[0]
    assert "whose hypotheses are met in “Contractive”" in told[0]
    found = next(a for a in answers(dispute) if a["text"] == told[0])
    assert "contrast:contractive:number:rate" not in found["nodes"]


def test_a_measurement_above_its_bound_supports_no_side(dispute: Document) -> None:
    record = dispute["confrontation"]["networks"][0]["informative"]
    record["log_bound"][3] = record["log_informative"][3] - 2
    told = texts(dispute, "dispute")
    assert not any("both hold" in text and "Contractive" in text for text in told)
    assert any("exceeds a proved bound beyond its error in “Contractive” (at d = 4," in text for text in told)
    assert "exceeds its bound at d = 4" in course(record).text


def test_slopes_that_are_all_positive_do_not_vanish(dispute: Document) -> None:
    network = next(n for n in dispute["confrontation"]["networks"] if n["id"] == "schaefer")
    verdict = next(v for v in network["verdicts"] if v["object"] == "total_gradient")
    reason = (
        "slopes from 0.005 to 0.02 nats per step over lags 9 to 47: between them a change of less than a factor of two"
    )
    verdict |= {"verdict": "undecided", "decided_by": None, "reason": reason, "rate_interval": [0.005, 0.02]}
    told = next(text for text in texts(dispute, "schaefer") if "total gradient dE/dW" in text)
    assert "does not vanish as the number of unfolded steps grows" in told
    assert "whether it stays or grows is undecided" in told
    assert "between them a change" not in told
    lead = next(text for text in texts(dispute, "dispute") if text.startswith("Measured: the total gradient"))
    assert "whether it stays or grows is undecided, in “Schaefer-initialized”" in lead
    verdict["rate_interval"] = [-0.001, 0.02]
    lead = next(text for text in texts(dispute, "dispute") if text.startswith("Measured: the total gradient"))
    assert "it is undecided in “Schaefer-initialized”" in lead


def test_the_law_on_the_sum_is_cited_only_while_it_holds(dispute: Document) -> None:
    law = dispute["confrontation"]["laws"][0]
    law |= {"id": "total_gradient:persists", "judges": []}
    cited = [a for a in answers(dispute) if law["node"] in a["nodes"] and a["about"] == "dispute"]
    assert len(cited) == 1
    law["outcome"] = "broken"
    assert not any(law["node"] in a["nodes"] for a in answers(dispute) if a["about"] == "dispute")


def test_the_analyzed_network_is_one_column_with_a_panel(dispute: Document) -> None:
    dispute["confrontation"]["networks"][2]["analyzed"] = True
    page = render(answered(dispute))
    table = page[page.index('<table class="versus"') :]
    table = table[: table.index("</table>")]
    heads = [re.sub(r"<.*", "", cell) for cell in re.findall(r'--at:\d">([^<]+)<span', table)]
    assert heads == ["This report’s network ", "Contractive ", "Schaefer-initialized "]
    assert table.count("not measured") == 0
    assert page.count("This report’s network: Trained</h4>") == 1
    assert unbacked(page) == []


def test_a_broken_law_says_so_in_its_row_and_in_the_answer(dispute: Document) -> None:
    law = next(law for law in dispute["confrontation"]["laws"] if law["id"] == "informative")
    law |= {"outcome": "broken", "slack": -0.25, "evidence": "measured"}
    page = render(answered(dispute))
    row = page[page.index('id="law-informative"') :]
    row = row[: row.index("</tr>")]
    assert "</svg>broken</span>" in row
    assert "−0.25" in row
    told = texts(dispute)
    assert "broken: “What two tasks differ in”." in texts(dispute, "laws")[0]
    assert not any("both hold" in text for text in told)
    doubts = [text for text in told if text.startswith("Not claimed: the law “What two tasks differ in”")]
    assert doubts, "what rests on the theorem that the law tests"
    assert all("-0.25 (nats) on nilpotent, n = 3, T = 7" in text for text in doubts)
    assert unbacked(page) == []


def test_an_undecided_network_is_never_said_to_vanish(dispute: Document) -> None:
    network = next(n for n in dispute["confrontation"]["networks"] if n["id"] == "trained")
    for verdict in network["verdicts"]:
        verdict |= {"verdict": "undecided", "decided_by": None, "reason": "gamma*spectral_norm(W) = 1.745, needs < 1"}
    network["informative"]["standard_error"] = [9.0] * len(network["informative"]["lags"])
    told = texts(dispute, "trained")
    assert len(told) >= 4
    for text in told:
        assert text.startswith(("Whether ", "No bound on it is claimed")) or "it is undecided whether" in text, text
    jacobian = told[0]
    assert "undecided" in jacobian
    assert "1.745, needs < 1" in jacobian
    page = render(answered(dispute))
    column = page[page.index('id="verdict-contrast-trained-verdict-state_jacobian-samples"') :]
    assert "1.745" in column[: column.index("</td>")]


def test_where_the_sum_vanishes_nobody_is_right_about_it(dispute: Document) -> None:
    for holder in (dispute, *dispute["confrontation"]["networks"]):
        for verdict in holder["verdicts"]:
            if verdict["object"] == "total_gradient":
                verdict["verdict"] = "vanishes"
    told = texts(dispute, "dispute")
    assert not any("does not vanish" in text or "both hold" in text for text in told)
    assert "steps grows: it vanishes in " in told[0]


def test_without_a_published_sentence_nobody_is_named(dispute: Document) -> None:
    dispute["claims"] = []
    assert not any(re.search("Schaefer, U|Hochreiter|Bengio", text) for text in texts(dispute, "dispute"))


@pytest.mark.parametrize(
    ("informative", "error", "word", "lag"),
    [
        ([0.0, -4.5, -9.0], [0.1] * 3, "stays", None),
        ([0.0, -4.7, -9.0], [0.1] * 3, "fades", 20),
        ([0.0, -5.0, -4.0], [0.1] * 3, "stays", None),
        ([0.0, -9.0, -5.0], [0.6] * 3, "undecided", None),
        ([0.0, -9.0, "-Infinity"], [0.1, 0.1, 0.0], "fades", 10),
        ([0.0, -9.0, "NaN"], [0.1] * 3, "undecided", None),
        ([0.0, -9.0, -9.0], ["NaN"] * 3, "undecided", None),
        ([0.0, 0.0, 0.0], ["NaN"] * 3, "undecided", None),
        ([0.0, -9.0, -9.0], ["Infinity"] * 3, "undecided", None),
        ([0.0, -9.0, "-Infinity"], [0.1, 0.1, "NaN"], "undecided", None),
    ],
)
def test_the_task_informative_gradient_fades_only_beyond_its_error(
    informative: list[Any], error: list[Any], word: str, lag: int | None
) -> None:
    record = {"lags": [1, 10, 20], "log_total": [0.0] * 3, "log_informative": informative, "standard_error": error,
              "samples": 9, "horizon": 30}  # fmt: skip
    if word == "stays" and informative[-1] == -9.0:
        record["log_total"] = [0.0, 0.0, -6.0]
    found = course(record)
    assert (found.word, found.lag) == (word, lag)
    assert ("is under 1 %" in found.text) == (word == "fades")
    assert ("no standard error is known" in found.text) == (error[-1] in ("NaN", "Infinity"))


def test_a_measurement_above_its_bound_is_said(dispute: Document) -> None:
    record = dispute["confrontation"]["networks"][0]["informative"]
    assert "is not exceeded at any of the 11 lags" in against_bound(record)
    printed = float(re.findall(r"[\d.e-]+(?=\.$)", against_bound(record))[0])
    assert printed >= math.exp(record["log_bound"][-1]), "rounded up"
    record["log_bound"][3] = record["log_informative"][3] - 2
    assert "At d = 4 the measured norm exceeds the bound" in against_bound(record)
    record["standard_error"][3] = "NaN"
    assert "is undecided at d = 4" in against_bound(record)


def test_the_page_is_one_well_formed_page_of_equal_bytes(dispute: Document) -> None:
    page = render(copy.deepcopy(dispute))
    assert render(loads(dumps(dispute))) == page
    ids = _Section(page).ids
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    order = re.findall(r'<section id="([a-z]+)"', page)
    assert order[:3] == ["verdict", "answer", "profile"]
    assert not re.search(r"gradients vanish|verified", page, re.IGNORECASE)


def test_a_closure_ends_in_a_cycle() -> None:
    node = {"kind": "rule", "label": "", "grade": "symbolic", "own": "symbolic"}
    graph = {"nodes": [node | {"id": "a"}, node | {"id": "b"}], "edges": [["a", "b"], ["b", "a"], ["b", "gone"]]}
    assert Backing(graph).closure(["a"]) == {"a", "b"}
