"""One platform has one name (containerd/platforms, database.go)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import InvalidReference
from gate.oci.platform import Platform


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/x86_64", "linux/amd64"),
        ("Linux/x86-64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/amd64/v3", "linux/amd64/v3"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"),
        ("linux/arm64/v8.0", "linux/arm64"),
        ("linux/arm64/v9", "linux/arm64/v9"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/i386", "linux/386"),
        ("macos/arm64", "darwin/arm64"),
    ],
)
def test_other_names_of_a_platform_are_folded(text: str, normal: str) -> None:
    """The normal form reads back as itself."""
    assert str(Platform.parse(text)) == normal
    assert Platform.parse(normal) == Platform.parse(text)


@pytest.mark.parametrize(
    "text", ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux/amd64\n", "linux/ämd64", "linux//v7"]
)
def test_what_is_no_platform_is_refused(text: str) -> None:
    """Says how one is written."""
    with pytest.raises(InvalidReference, match="write os/architecture"):
        Platform.parse(text)


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=4), st.text(max_size=4))
def test_normalising_again_changes_nothing(os: str, architecture: str, variant: str, version: str) -> None:
    """Whatever an image says about itself."""
    once = Platform.normalised(os, architecture, variant, version)
    assert Platform.normalised(once.os, once.architecture, once.variant, once.os_version) == once
