"""The check `labels`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.check import Check, View
from gate.checks.labels import MOST_FINDINGS
from gate.evidence import Found, Kind
from gate.formats.values import FORMATS, unexpanded
from tests.checks.made import AT, Made, mistake, rule, single

COMMIT = "7c0bb30f1162a3324ed274d6af318e96f4f26cc0"


def with_labels(**labels: str) -> Made:
    """Make an image for one platform with labels."""
    return single(Labels=labels)


GOOD = {
    "any": ["x", "Order service", "ÄÖÜ", "100 %", "5% off, 7% more", "a $5 coffee", "user@host"],
    "email": ["platform@acme.example", "a.b+c@sub.acme.example", "o'neil@acme.example", "a@1.acme2", "a@127.0.0.1x"],
    "mailbox": ["platform@acme.example", "Acme Platform <platform@acme.example>", "Ädä L. <a@b.example>"],
    "url": ["https://github.com/acme/app", "http://acme.example", "https://a.example:8443/x?y=z#t", "https://[2001:db8::1]/",
            "https://acme.example/%C3%A4", "https://localhost/x", "HTTPS://A.B/", "hTTp://Acme.Example/X"],
    "semver": ["1.4.2", "1.4.2-rc.1", "1.4.2+build.5", "1.4.2-rc.1+5"],
    "semver-v": ["v1.4.2", "v1.4.2+5"],
    "calver": ["2026.11", "2026-11-24"],
    "git-commit": [COMMIT, COMMIT[:7], COMMIT[:12]],
    "git-commit-full": [COMMIT, "0" * 64],
    "rfc3339": ["2026-11-20T09:14:27Z", "2026-11-20T09:14:27.123456789+01:00", "2016-12-31T23:59:60Z", "2017-01-01T00:59:60.5+01:00", "2015-06-30T16:59:60-07:00",
                "9999-12-31T23:59:59Z", "2024-02-29T00:00:00Z"],
    "digest": ["sha256:" + "0" * 64, "sha512:" + "a" * 128],
    "spdx": ["Apache-2.0", "MIT OR Apache-2.0", "(MIT AND BSD-3-Clause) OR GPL-2.0-only WITH Classpath-exception-2.0",
             "LicenseRef-Acme", "DocumentRef-a:LicenseRef-b", "MIT OR (DocumentRef-spdx-tool-1.2:LicenseRef-b AND MIT)"],
}  # fmt: skip
BAD = {
    "any": [],
    "email": ["a@127.0.0.1", "a@acme.1", "platform", "@acme.example", "a@b", "root@localhost", "a b@acme.example", "a@acme.example\n", " a@acme.example",
              "A <a@acme.example>", "a@-acme.example", "a@acme..example", ".a@acme.example", "a..b@acme.example",
              "a@acme.exämple", "a@b@acme.example", "x" * 65 + "@acme.example", "a@" + "b." * 130 + "example", "mailto:a@b.example"],
    "mailbox": ["<a@b.example>", "A a@b.example", "A <a@b>", "A <a@b.example> x", "A\n<a@b.example>", "A\u202e <a@b.example>",
                "A <a@b.example>\n"],
    "url": ["github.com/acme/app", "ftp://acme.example", "https://", "https:///x", "https://user:pw@acme.example/",
            "https://user@acme.example/", "https://acme.example/a b", "https://acme.example\n", "HTTPS://user@acme.example",
            "https://acme.example:0/", "https://acme.example:65536/", "https://acme.example:/", "https://acme.example/%C",
            "https://-a.example/", "https://a_b.example/", "https://[::g]/", "https://[1.2.3.4]/", "javascript:alert(1)",
            "https://acme.example/\u202e", "https://exämple.org", "https://acme.example/" + "x" * 2100],
    "semver": ["1", "1.4", "v1.4.2", "01.4.2", "1.4.2\n", "1.4.2 ", "１.4.2", "1.4.2-", "latest"],
    "semver-v": ["1.4.2", "v1.4", "V1.4.2"],
    "calver": ["1.4.2", "2026.13", "2026-02-30"],
    "git-commit": ["1234567", "20261124", COMMIT[:6], COMMIT.upper(), COMMIT[:20], "main"],
    "git-commit-full": [COMMIT[:7], COMMIT[:39], COMMIT.upper(), COMMIT + "\n", "g" * 40],
    "rfc3339": ["2026-11-20", "2026-11-20 09:14:27Z", "2026-11-20T09:14:27", "2026-13-20T09:14:27Z", "2026-02-30T09:14:27Z",
                "2026-11-20T24:14:27Z", "2026-11-20T09:60:27Z", "2026-11-20T09:14:27z", "2026-11-20T09:14:27+0100",
                "2026-11-20T09:14:27Z\n", "20261120T091427Z", "2026-11-20T09:14:60Z", "2026-11-20T23:59:60Z", "2016-12-31T23:59:60+01:00", "9999-12-31T23:59:60Z",
                "0001-01-01T00:00:60+01:00", "2026-11-20T09:14:61Z", "0000-01-01T00:00:00Z"],
    "digest": ["0" * 64, "sha256:" + "0" * 63, "sha256:" + "A" * 64, "md5:" + "0" * 32, "sha256:" + "0" * 64 + "\n"],
    "spdx": ["DocumentRef-a", "DocumentRef-a:MIT", "DocumentRef-:LicenseRef-b", "DocumentRef-a:DocumentRef-a:LicenseRef-b", "a:LicenseRef-b", "Apache 2", "Apache-2", "MIT OR", "(MIT", "MIT MIT", "proprietary", "MIT\n", " MIT", "MIT\tOR\tBSD-3-Clause",
             "(" * 50 + "MIT" + ")" * 50],
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_a_value_of_the_right_format_is_fine(name: str) -> None:
    """Each format takes what it is named for."""
    check = rule(f"check: labels, require: {{it: {name}}}")
    assert [value for value in GOOD[name] if with_labels(it=value).codes(check)] == []


@pytest.mark.parametrize("name", BAD)
def test_a_value_of_another_format_is_invalid(name: str) -> None:
    """Formats are over the whole raw value (S29)."""
    check = rule(f"check: labels, require: {{it: {name}}}")
    assert [value for value in BAD[name] if with_labels(it=value).codes(check) != ["label-invalid"]] == []


def test_every_format_is_tested_and_its_example_is_right() -> None:
    """No format without negatives."""
    assert list(GOOD) == list(BAD) == list(FORMATS)
    assert all(each.holds(each.example) for each in FORMATS.values())


def test_the_finding_says_what_was_expected_and_what_is_there() -> None:
    """Label, expectation with an example, value, and a key for waivers."""
    [finding] = with_labels(maintainer="Ada").findings(rule("check: labels, require: {maintainer: email}"))
    assert finding.what == "the label maintainer is not an e-mail address, such as platform@acme.example"
    assert (finding.expected, finding.got) == ("an e-mail address, such as platform@acme.example", "Ada")
    assert finding.about.keys == (("label", "maintainer"),)


@pytest.mark.parametrize(
    ("value", "got"),
    [
        ("", "nothing"),
        (" ", "only blanks"),
        ("\n\t", "only blanks"),
        ("\u2003", "only blanks"),
        *(
            (text, "only characters that cannot be seen")
            for text in ("\u200b", "\u2800", "\u3164", "\u200b \ufeff", "\ufe0f\u034f", "\u2060")
        ),
    ],
)
@pytest.mark.parametrize("asked", ["any", "email", "{regex: '.*'}", "{glob: '**'}"])
def test_an_empty_value_violates_whatever_was_asked(value: str, got: str, asked: str) -> None:
    """A label that says nothing is no label."""
    [finding] = with_labels(it=value).findings(rule(f"check: labels, require: {{it: {asked}}}"))
    assert (finding.reason.code, finding.got) == ("label-empty", got)


@pytest.mark.parametrize(
    "value",
    ["${VERSION}", "v${VERSION}-x", "${VERSION:-none set}", "$VERSION", "$(git rev-parse HEAD)", "%VERSION%", "%date%", "{{version}}",
     "{{ .Version }}", "@PROJECT_VERSION@", "https://acme.example/${REPO}", "https://acme.example/%REPO%", "x" * 5000 + "${LATE}"],
)  # fmt: skip
@pytest.mark.parametrize("asked", ["any", "url", "{regex: '.*'}"])
def test_a_variable_that_nobody_replaced_violates_whatever_was_asked(value: str, asked: str) -> None:
    """The template is not the value."""
    assert with_labels(it=value).codes(rule(f"check: labels, require: {{it: {asked}}}")) == ["label-unexpanded"]


@pytest.mark.parametrize(
    "value", ["100%", "10% to 20%", "{a}", "a@b", "$5", "https://acme.example/%C3%A4%20%AB", "C$ and D$", "{ {x} }"]
)
def test_honest_text_is_not_taken_for_a_variable(value: str) -> None:
    """Percent signs, encoded characters, addresses."""
    assert unexpanded(value) is None


def test_a_missing_label_is_a_violation() -> None:
    """It says how to set it."""
    [finding] = with_labels().findings(rule("check: labels, require: {maintainer: email}"))
    assert finding.reason.code == "label-missing"
    assert (finding.what, finding.got) == ("the label maintainer is missing", "no label")
    assert "LABEL KEY=" in finding.fix


@pytest.mark.parametrize(
    ("there", "hint"), [("Maintainer", "(it has Maintainer)"), ("maintaner", "(it has maintaner)"), ("x", "missing")]
)
def test_a_similar_key_is_named_and_does_not_count(there: str, hint: str) -> None:
    """Keys are compared exactly."""
    [finding] = single(Labels={there: "a@acme.example"}).findings(rule("check: labels, require: {maintainer: email}"))
    assert finding.reason.code == "label-missing"
    assert finding.what.endswith(hint)


@pytest.mark.parametrize(
    ("there", "hint"),
    [
        ("org.opencontainers.image.vendor", "is missing"),
        ("org.opencontainers.image.versions", "(it has org.opencontainers.image.versions)"),
        ("org.opencontainer.image.version", "(it has org.opencontainer.image.version)"),
    ],
)
def test_a_key_that_only_begins_alike_is_not_named(there: str, hint: str) -> None:
    """All labels of OCI begin alike."""
    check = rule("check: labels, require: {org.opencontainers.image.version: any}")
    [finding] = single(Labels={there: "1"}).findings(check)
    assert finding.what.endswith(hint)


@pytest.mark.parametrize("odd", ["linux/amd64", "linux/arm64", "linux/s390x"])
def test_every_platform_is_judged(odd: str) -> None:
    """One platform without the label is enough, wherever it stands."""
    platforms = ["linux/amd64", "linux/arm64", "linux/s390x"]
    made = Made({name: {} if name == odd else {"Labels": {"version": "1.4.2"}} for name in platforms})
    check = rule("check: labels, require: {version: semver}")
    codes = {
        str(view.platform and view.platform.platform): check.judge(view, AT).findings for view in made.views(check)
    }
    assert [name for name, findings in codes.items() if findings] == [odd]


@pytest.mark.parametrize(
    ("condition", "good", "bad"),
    [
        ("{one-of: [a, b]}", ["a", "b"], ["A", "c", "a ", "a, b"]),
        ("{one-of: [1.10, no]}", ["1.10", "no"], ["1.1", "false"]),
        (
            "{glob: 'https://github.com/acme/*'}",
            ["https://github.com/acme/app"],
            ["https://github.com/acme/a/b", "xhttps://github.com/acme/a"],
        ),
        ("{regex: '[a-z]+'}", ["abc"], ["Abc", "abc\n", "ab1"]),
        ("{format: url, glob: '**/app'}", ["https://a.example/app"], ["x/app", "https://a.example/b"]),
        ("{format: semver, one-of: [1.4.2, v1]}", ["1.4.2"], ["v1", "1.4.3"]),
    ],
)
def test_conditions_on_the_value_all_have_to_hold(condition: str, good: list[str], bad: list[str]) -> None:
    """Each one alone, and two together."""
    check = rule(f"check: labels, require: {{it: {condition}}}")
    assert [value for value in good if with_labels(it=value).codes(check)] == []
    assert [value for value in bad if set(with_labels(it=value).codes(check)) != {"label-invalid"}] == []


def test_two_labels_that_have_to_be_equal() -> None:
    """Equal, different, and the other one missing."""
    check = rule("check: labels, require: {version: {same-as-label: v2}}")
    assert with_labels(version="1", v2="1").codes(check) == []
    [finding] = with_labels(version="1", v2="2").findings(check)
    assert (finding.reason.code, finding.expected, finding.got) == ("label-differs", "v2 = 1", "2")
    [finding] = with_labels(version="1").findings(check)
    assert (finding.reason.code, finding.got) == ("label-differs", "no label")


def test_a_forbidden_label() -> None:
    """By glob over the key, in any spelling."""
    check = rule("check: labels, forbid: ['com.acme.internal.*', debug]")
    found = with_labels(**{"com.acme.internal.x": "1", "Debug": "1", "com.acme.public": "1"}).findings(check)
    assert [(finding.reason.code, finding.got) for finding in found] == [
        ("label-forbidden", "Debug"),
        ("label-forbidden", "com.acme.internal.x"),
    ]
    assert found[1].expected == "no label like com.acme.internal.*"


def test_a_deprecated_label_names_its_successor() -> None:
    """The old key violates, with the new one or without it."""
    check = rule("check: labels, deprecated: {maintainer: org.opencontainers.image.authors}")
    assert with_labels(x="1").codes(check) == []
    [finding] = with_labels(maintainer="a").findings(check)
    assert (finding.reason.code, finding.expected) == ("label-deprecated", "org.opencontainers.image.authors")
    assert finding.fix == "Use org.opencontainers.image.authors instead of maintainer."


def annotated(
    label: str | None, manifest: str | None = None, index: str | None = None, member: str | None = None
) -> Made:
    """Make an image with the key `it` in up to four places."""
    places = [{"it": value} if value is not None else {} for value in (label, manifest, index, member)]
    return Made(
        {"linux/amd64": {"Labels": places[0]}},
        annotations=places[1],
        index_annotations=places[2],
        member_annotations=places[3],
    )


@pytest.mark.parametrize("source", ["config", "annotations", "both"])
@pytest.mark.parametrize(
    "places", [("1", "2", None, None), ("1", None, "2", None), ("1", None, None, "2"), (None, "1", "2", None)]
)
def test_places_that_disagree_are_a_finding(source: str, places: tuple[str | None, ...]) -> None:
    """Whichever of them the rule reads (S14)."""
    check = rule(f"check: labels, require: {{it: any}}, read-from: {source}")
    found = annotated(*places).findings(check)
    [finding] = [finding for finding in found if finding.reason.code == "label-places-disagree"]
    assert finding.what == "it is not the same in all places"
    assert "annotation" in finding.got


def test_a_place_that_the_rule_does_not_ask_about_may_differ() -> None:
    """Only required labels are compared."""
    assert annotated("1", "2").codes(rule("check: labels, forbid: [x]")) == []


@pytest.mark.parametrize(
    ("source", "places", "codes"),
    [
        ("config", ("1", None, None, None), []),
        ("config", (None, "1", "1", "1"), ["label-missing"]),
        ("annotations", (None, "1", None, None), []),
        ("annotations", (None, None, "1", None), []),
        ("annotations", (None, None, None, "1"), []),
        ("annotations", ("1", None, None, None), ["label-missing"]),
        ("both", ("1", "1", None, None), []),
        ("both", ("1", None, None, None), ["label-missing"]),
        ("both", (None, "1", None, None), ["label-missing"]),
        ("both", (None, None, None, None), ["label-missing"]),
    ],
)
def test_where_labels_are_read(source: str, places: tuple[str | None, ...], codes: list[str]) -> None:
    """An annotation is no label, unless the rule says so."""
    assert annotated(*places).codes(rule(f"check: labels, require: {{it: any}}, read-from: {source}")) == codes


def test_a_platform_that_could_not_be_read_is_undecided() -> None:
    """Nothing known is nothing satisfied."""
    check = rule("check: labels, require: {it: any}")
    [view] = with_labels(it="1").views(check)
    assert view.platform is not None
    unread = type(view.platform)(view.platform.platform, view.platform.digest, None, None)
    for platform in (None, unread):
        judgement = check.judge(View(view.subject, platform, (), view.evidence, view.book), AT)
        assert [undecided.reason.code for undecided in judgement.undecided] == ["labels-unknown"]
        assert judgement.findings == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("check: labels", "the rule asks for nothing"),
        ("check: labels, require: {}", "require"),
        ("check: labels, require: {it: emial}", "there is no format 'emial', did you mean email?"),
        ("check: labels, require: {it: zzzz}", "write one of any, email"),
        ("check: labels, require: {it: {}}", "say what the value must be"),
        ("check: labels, require: {it: {one-of: []}}", "one-of"),
        ("check: labels, require: {it: {one-of: ['']}}", "an empty value never counts"),
        ("check: labels, require: {it: {regex: '('}}", "not a regular expression"),
        ("check: labels, require: {it: {same-as-label: it}}", "always the same as itself"),
        ("check: labels, require: {it: {same-as-label: ' '}}", "this is no key of a label"),
        ("check: labels, require: {' it': any}", "this is no key of a label"),
        ("check: labels, require: {it: any}, forbid: ['i*']", "requires this label and forbids it"),
        ("check: labels, require: {it: any}, deprecated: {it: new}", "requires this label and forbids it"),
        ("check: labels, require: {it: any}, read-from: manifest", "read-from"),
    ],
)
def test_a_rule_that_could_not_work_is_a_mistake(text: str, message: str) -> None:
    """Nothing is silently ignored."""
    assert message in mistake(text)


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ("require: {never: any}", ["label-missing"]),
        ("require: {it: {one-of: [never]}}", ["label-invalid"]),
        ("require: {it: {regex: never}}", ["label-invalid"]),
        ("require: {it: {glob: never}}", ["label-invalid"]),
        ("require: {it: {format: digest}}", ["label-invalid"]),
        ("require: {it: {same-as-label: never}}", ["label-differs"]),
        ("forbid: ['**']", ["label-forbidden"]),
        ("deprecated: {it: never}", ["label-deprecated"]),
        ("require: {it: any}, read-from: annotations", ["label-missing"]),
    ],
)
def test_each_option_is_looked_at(options: str, codes: list[str]) -> None:
    """Set to what can never hold, each option fails."""
    assert with_labels(it="1").codes(rule(f"check: labels, {options}")) == codes


def test_hundreds_of_forbidden_labels_are_counted() -> None:
    """The report stays readable, and the rest still violates."""
    made = single(Labels={f"x{number:06}": "1" for number in range(900)})
    found = made.findings(rule("check: labels, forbid: ['x*']"))
    assert len(found) == MOST_FINDINGS + 1
    assert found[-1].what == f"{900 - MOST_FINDINGS} more labels are forbidden or deprecated"


def test_hostile_text_is_escaped_and_cut() -> None:
    """In keys and values."""
    made = single(Labels={"it": "\x1b]0;x\x07" + "y" * 1_000_000, "\u202ekey\n" + "k" * 100_000: "v"})
    for finding in made.findings(rule("check: labels, require: {it: email}, forbid: ['*key**']")):
        text = finding.what + finding.got + finding.expected + str(finding.about)
        assert text.isprintable()
        assert len(text) < 2000


def test_a_credential_in_a_label_is_never_shown() -> None:
    """Its kind and length are (S43)."""
    secret = "https://ada:" + "hunter2" + "@acme.example/app"
    [finding] = with_labels(it=secret).findings(rule("check: labels, require: {it: url}"))
    assert finding.got == f"({len(secret)} characters with a password in a URL)"
    assert "hunter2" not in repr(finding)


KEYS = ["a", "b", "c"]
VALUES = st.sampled_from(["", "1.4.2", "x", "${X}", "a@acme.example"])
CONDITIONS = ["any", "email", "semver", "{regex: '.'}", "{one-of: [x, 1.4.2]}"]


@given(
    labels=st.dictionaries(st.sampled_from(KEYS), VALUES),
    asked=st.dictionaries(st.sampled_from(KEYS), st.sampled_from(CONDITIONS), min_size=1),
    data=st.data(),
)
def test_order_never_matters_and_asking_for_more_never_satisfies(
    labels: dict[str, str], asked: dict[str, str], data: st.DataObject
) -> None:
    """Any order of labels and requirements gives the same findings; fewer requirements give a part of them."""
    order = data.draw(st.permutations(list(asked)))
    shuffled = dict(data.draw(st.permutations(list(labels.items()))))
    found = with_labels(**labels).findings(requiring({key: asked[key] for key in asked}))
    assert with_labels(**shuffled).findings(requiring({key: asked[key] for key in order})) == found
    fewer = requiring({key: asked[key] for key in order[:1]})
    assert set(with_labels(**labels).findings(fewer)) <= set(found)


def requiring(asked: dict[str, str]) -> Check:
    """Make a rule that requires labels."""
    return rule("check: labels, require: {" + ", ".join(f"{key}: {value}" for key, value in asked.items()) + "}")


def test_an_index_that_cannot_be_read_is_undecided() -> None:
    """What it says about the labels is not known."""
    check = rule("check: labels, require: {it: any}")
    [view] = with_labels(it="1").views(check)
    broken = replace(view.subject, content=b"{}")
    judgement = check.judge(View(broken, view.platform, view.images, view.evidence, view.book), AT)
    assert [undecided.reason.code for undecided in judgement.undecided] == ["labels-unknown"]


def test_a_single_manifest_has_labels_and_annotations() -> None:
    """Without an index there is nothing else to compare."""
    check = rule("check: labels, require: {it: any}")
    [view] = with_labels(it="1").views(check)
    [manifest] = [fact for ask, fact in view.evidence.answers.items() if ask.kind is Kind.MANIFEST]
    assert isinstance(manifest, Found)
    alone = replace(view.subject, content=manifest.content, media_type=manifest.media_type)
    assert check.judge(View(alone, view.platform, view.images, view.evidence, view.book), AT).findings == ()


@pytest.mark.parametrize(("value", "hint"), [("1.4.2 ", "blanks or line ends"), ('"1.4.2"', "quotation marks")])
def test_slips_of_the_build_are_named(value: str, hint: str) -> None:
    """Blanks and quotation marks that became part of the value."""
    [finding] = with_labels(it=value).findings(rule("check: labels, require: {it: semver}"))
    assert hint in finding.fix


@pytest.mark.parametrize(
    "text", ["check: labels, forbid: [x]", "check: tag, deny: [x]", "check: image, user: non-root"]
)
def test_nothing_is_asked_for_beyond_the_platforms(text: str) -> None:
    """No rule about labels, tags or configuration costs a request of its own."""
    made = with_labels()
    check = rule(text)
    [view] = made.views(check)
    assert check.needs(view.subject, view.book) == frozenset()
