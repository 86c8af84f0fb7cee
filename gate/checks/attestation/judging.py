"""Judging what signers attested: type, age and content of each statement, and the worst of several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from gate.checks.attestation import reasons
from gate.checks.attestation.conditions import ProvenanceConditions, SbomConditions, SummaryConditions, unmet_fields
from gate.errors import MalformedData
from gate.evidence import Look
from gate.formats.predicates import SBOM_TYPES, stated_time
from gate.formats.slsa import PROVENANCE_TYPES, SUMMARY_TYPE
from gate.printable import clip
from gate.scan_reasons import TIME_IN_FUTURE
from gate.scanned import MOST_SKEW
from gate.scanner import time_of
from gate.signer import Attester, Candidate, Counts, Refused, Unchecked, Vouching

if TYPE_CHECKING:
    from datetime import datetime

    from gate.check import View
    from gate.checks.attestation import Attestation
    from gate.checks.attestation.search import Embedded, Hung
    from gate.formats.statement import Statement
    from gate.option import SignerName
    from gate.signer import Signer

__all__ = ["Judging"]

#: A signature of cosign 3 is an envelope too.
_SIGNATURE_TYPE = "https://sigstore.dev/cosign/sign/v1"
_MOST_SENTENCES = 5
_MOST_TEXT = 200

#: What is judged further down came nearer: it is told first.
_NEAR = (reasons.DISAGREES, reasons.UNMET, reasons.STALE, reasons.PREDICATE_MALFORMED)


@dataclass(frozen=True, slots=True)
class Judging:
    """Judges all attestations of one platform's image for one rule."""

    rule: Attestation
    view: View
    at: datetime
    hung: tuple[Hung, ...]
    embedded: Embedded | None

    def vouchings(self, signers: Mapping[SignerName, Signer]) -> dict[SignerName, Vouching]:
        """Give what the search of every signer came to."""
        found = {name: self._search(signer) for name, signer in signers.items()}
        if not self.rule.takes_one:
            found = self._worst(found)
        return {name: replace(one, candidates=_nearest_first(one.candidates)) for name, one in found.items()}

    def _search(self, signer: Signer) -> Vouching:
        candidates: list[Candidate] = []
        unread = []
        if isinstance(signer, Attester):
            candidates += self._envelopes(signer)
            unread += [fact for one in self.hung if one.storages & signer.seals() for fact in one.attached.unread]
        elif self.embedded is None:
            detail = f"a signer of the kind {signer.kind} signs images, not attestations"
            look = Look(f"signer {signer.kind}", "not asked")
            candidates.append(Candidate(look, None, Unchecked(reasons.CANNOT_ATTEST, detail)))
        if self.embedded is not None:
            more = self._statements(signer, self.embedded)
            candidates += more.candidates
            unread += [*more.unread]
        return Vouching(tuple(candidates), tuple(dict.fromkeys(unread)))

    def _envelopes(self, signer: Attester) -> Iterator[Candidate]:
        for one in self.hung:
            if not one.storages & signer.seals():
                continue
            for parcel in one.attached.parcels:
                sealed = signer.verify_envelope(parcel, one.subject, self.at)
                candidate = sealed.candidate
                if isinstance(candidate.result, Counts) and sealed.statement is not None:
                    result = self._said(sealed.statement, sealed.signed_at, candidate.result)
                    candidate = replace(candidate, result=result)
                yield candidate
            for aside in one.attached.aside:  # nobody verified these: they are told, and are no attestation
                told = _other_type(aside.predicate_type).nearest
                yield Candidate(aside.where, None, Refused(reasons.MISSING, f"passed over: {told}"))
            for junk in one.attached.junk:
                yield Candidate(junk.where, None, Refused(junk.reason, junk.detail))

    def _statements(self, signer: Signer, embedded: Embedded) -> Vouching:
        """Take BuildKit's statements for the word of whoever signed the index, if this signer did."""
        signed = signer.verify(self.view.subject, self.view.evidence, self.at)
        by, caveat = next(
            ((one.by, one.result.caveat) for one in signed.candidates if isinstance(one.result, Counts)), (None, "")
        )
        junk = [Candidate(one.where, None, Refused(one.reason, one.detail)) for one in embedded.junk]
        if by is None and (signed.unread or any(isinstance(one.result, Unchecked) for one in signed.candidates)):
            # Whether the index is signed is not known, so neither is whether its statements count.
            unchecked = [one for one in signed.candidates if isinstance(one.result, Unchecked)]
            return Vouching((*unchecked, *junk), (*signed.unread, *embedded.unread))
        if by is None:
            unsigned = [
                Candidate(
                    one.where, None, Refused(reasons.MISSING, "ignored: unsigned (the signer has not signed the index)")
                )
                for one in embedded.statements
            ]
            return Vouching((*unsigned, *junk), embedded.unread)
        counts = Counts("stored by BuildKit in the index that this signer signed", caveat)
        found = [Candidate(one.where, by, self._said(one.statement, None, counts)) for one in embedded.statements]
        return Vouching((*found, *junk), embedded.unread)

    def _said(self, statement: Statement, signed_at: datetime | None, counts: Counts) -> Counts | Refused | Unchecked:
        """Judge what an attestation says that a signer vouches for; the numbers are those of the check."""
        kind = statement.predicate_type
        if kind not in self.rule.uris:  # 1
            return _other_type(kind)
        aged = self._aged(statement, signed_at)  # 2
        if aged is not None:
            return aged
        try:
            unmet = [*self._unmet(statement)]  # 3
        except MalformedData as error:
            if error.code == "predicate-version":
                return Unchecked(reasons.PREDICATE_UNSUPPORTED, str(error))
            return Refused(reasons.PREDICATE_MALFORMED, str(error))
        if unmet:
            more = f", and {len(unmet) - _MOST_SENTENCES} more" if len(unmet) > _MOST_SENTENCES else ""
            return Refused(reasons.UNMET, "; ".join(unmet[:_MOST_SENTENCES]) + more)
        time = f", at {signed_at:%Y-%m-%dT%H:%M:%SZ}" if signed_at is not None else ""
        return replace(counts, detail=f"{kind}: {counts.detail}{time}")

    def _aged(self, statement: Statement, signed_at: datetime | None) -> Refused | Unchecked | None:
        rule = self.rule
        time, whose = signed_at, "signed"
        if rule.time == "stated":
            time, whose = (
                time_of(stated_time(statement.predicate_type, statement.predicate)),
                "made, as it says itself,",
            )
        if time is not None and time - self.at > MOST_SKEW:
            return Unchecked(TIME_IN_FUTURE, f"it was {whose} at {time:%Y-%m-%dT%H:%M:%SZ}, which is still to come")
        if rule.max_age is None:
            return None
        if time is None:
            said = "the predicate holds no time" if rule.time == "stated" else "no log and no timestamp proves its time"
            return Unchecked(reasons.UNDATED, said)
        age = self.at - time
        if age > rule.max_age.length:
            over = _length(age - rule.max_age.length)
            return Refused(
                reasons.STALE, f"it was {whose} at {time:%Y-%m-%dT%H:%M:%SZ}, older than {rule.max_age} by {over}"
            )
        return None

    def _unmet(self, statement: Statement) -> Iterator[str]:
        """Say what is not as asked; a predicate of a known kind has to be one even if nothing is asked of it."""
        rule, kind = self.rule, statement.predicate_type
        if kind in PROVENANCE_TYPES:
            yield from (rule.provenance or ProvenanceConditions()).unmet(statement)
        elif kind in SBOM_TYPES:
            yield from (rule.sbom or SbomConditions()).unmet(statement)
        elif kind == SUMMARY_TYPE:
            yield from (rule.summary or SummaryConditions()).unmet(statement)
        if rule.fields:
            yield from unmet_fields(rule.fields, statement.predicate)

    def _worst(self, found: dict[SignerName, Vouching]) -> dict[SignerName, Vouching]:
        """Let nothing count beside an attestation that is as trusted and new and says otherwise (S4)."""
        bad = next(
            (
                (one.where, one.result.nearest)
                for vouching in found.values()
                for one in vouching.candidates
                if isinstance(one.result, Refused) and one.result.reason in {reasons.UNMET, reasons.PREDICATE_MALFORMED}
            ),
            None,
        )
        unread = next((fact for vouching in found.values() for fact in vouching.unread), None)

        def worse(result: Counts | Refused | Unchecked) -> Counts | Refused | Unchecked:
            if not isinstance(result, Counts):
                return result
            if bad is not None:
                return Refused(reasons.DISAGREES, f"it counts by itself, but {bad[0].where} says otherwise: {bad[1]}")
            if unread is not None:
                detail = f"it counts by itself; what else there is was not read: {unread.look.where}: {unread.detail}"
                return Unchecked(reasons.NOT_READ, detail)
            return result

        return {
            name: replace(
                vouching, candidates=tuple(replace(one, result=worse(one.result)) for one in vouching.candidates)
            )
            for name, vouching in found.items()
        }


def _nearest_first(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    def distance(one: Candidate) -> int:
        if not isinstance(one.result, Refused):
            return 0
        reason = one.result.reason
        return _NEAR.index(reason) if reason in _NEAR else len(_NEAR) + (reason is reasons.MISSING)

    return tuple(sorted(dict.fromkeys(candidates), key=distance))


def _other_type(predicate_type: str) -> Refused:
    if predicate_type == _SIGNATURE_TYPE:
        return Refused(reasons.MISSING, "it is the signature of the image, and no attestation")
    return Refused(reasons.OTHER_TYPE, f"it is an attestation of the type {clip(predicate_type, _MOST_TEXT)}")


def _length(length: timedelta) -> str:
    days, rest = length.days, length.seconds
    if days:
        return "1 day" if days == 1 else f"{days} days"
    return f"{max(rest // 60, 1)} min"
