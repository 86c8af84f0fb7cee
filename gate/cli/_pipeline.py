"""The pipeline job that `gate init` writes, for the system that the repository is built with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["JOBS", "PAGES", "Job", "found_systems"]


class Job(NamedTuple):
    """One job: where it goes, what it says (`@IMAGE@`, `@RULES@`, `@WAIVERS@` stand for values), what is left to do."""

    path: str
    text: str
    then: str


_GITHUB: Final = """\
# Judges what was pushed, in a job of its own. The gate's documentation has complete workflows (docs/ci/github.md).
name: gate
on:
  push:
    tags: ["*"]
permissions: {}
jobs:
  gate:
    runs-on: ubuntu-24.04
    permissions:
      contents: read # the rules
      packages: read # the image
    outputs:
      verdict: ${{ steps.gate.outputs.verdict }}
      image: ${{ steps.gate.outputs.image }}
    steps:
      - uses: actions/checkout@0000000000000000000000000000000000000000 # a commit that you have looked at
        with: {persist-credentials: false}
      - id: gate
        uses: acme/image-gate@0000000000000000000000000000000000000000 # likewise, and where your copy of the gate is
        with:
          image: @IMAGE@:${{ github.ref_name }}
          rules: @RULES@
          waivers: @WAIVERS@
          wait: 2m
"""

_GITLAB: Final = """\
# Judges what was pushed. The example with promotion and deployment is in the gate's documentation (docs/ci/gitlab.md).
gate:
  stage: test
  image: python:3.13 # better: pinned by digest
  needs: [{job: build, artifacts: false}] # the job that pushes; its files decide nothing here
  rules:
    - if: $CI_COMMIT_TAG
  variables:
    GATE_SOURCE: https://gitlab.example.com/security/image-gate.git # where your copy of the gate is
    GATE_COMMIT: 0000000000000000000000000000000000000000 # the commit of it that you have looked at
    GATE_IMAGE: @IMAGE@:$CI_COMMIT_TAG
    GATE_RULES: @RULES@
    GATE_WAIVERS: @WAIVERS@
    GATE_WAIT: 2m
  script:
    - gate=$(mktemp -d)
    - git -C "$gate" init --quiet
    - git -C "$gate" fetch --quiet --depth 1 "$GATE_SOURCE" "$GATE_COMMIT"
    - git -C "$gate" checkout --quiet "$GATE_COMMIT"
    - bash "$gate/scripts/ci/gitlab.sh"
  artifacts:
    when: always
    paths: [gate.json, gate-junit.xml, gate-code-quality.json]
    reports: {dotenv: gate.env, junit: gate-junit.xml, codequality: gate-code-quality.json}
"""

#: The jobs that can be written, by the name that --ci has for their system.
JOBS: Final[Mapping[str, Job]] = {
    "github": Job(
        ".github/workflows/gate.yml", _GITHUB, "put the commits that you have looked at in place of the zeros"
    ),
    "gitlab": Job(
        ".gitlab/gate.yml",
        _GITLAB,
        "say where your copy of the gate is, and add to .gitlab-ci.yml: include: [{local: .gitlab/gate.yml}]",
    ),
}

#: What lies in a repository that is built with a system.
_TRACES: Final = {
    "github": (".github",),
    "gitlab": (".gitlab-ci.yml",),
    "azure": ("azure-pipelines.yml", ".azure-pipelines"),
    "jenkins": ("Jenkinsfile",),
    "circleci": (".circleci",),
    "tekton": (".tekton",),
    "buildkite": (".buildkite",),
}

#: Systems that have a page with a step to copy, where no file can be written beside the others.
PAGES: Final = ("azure", "jenkins", "circleci", "tekton", "buildkite")


def found_systems(folder: Path) -> tuple[str, ...]:
    """Give the systems that a repository seems to be built with."""
    return tuple(name for name, traces in _TRACES.items() if any((folder / trace).exists() for trace in traces))
