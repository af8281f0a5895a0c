"""Satisfaction: NPS and CSAT, each with its number of answers and its 95 % interval."""

from collections.abc import Callable
from math import sqrt

from streams.counting.windows import WindowSums
from streams.events.measures import Measure
from streams.kpis.kpi import Kind, Kpi, count_of, ratio, share_of

_WINDOWS = ("7d", "30d", "launch")
_EXPORTED = ("30d",)
_Z = 1.959963984540054
"""The normal distribution's 97.5 % point: 2.5 % on either side are outside."""

_NPS_SOURCE = "Reichheld (2003), The One Number You Need to Grow: 9-10 promoters, 7-8 passives, 0-6 detractors"
_NPS_ERROR = "standard error of a difference of multinomial proportions: √((p + d - (p - d)²) ÷ n), 1.96 on either side"
_CSAT_SOURCE = "customer satisfaction score (CSAT), top two boxes: answers of 4 and 5 of 5 ÷ answers"
_CSAT_ERROR = "Wilson (1927) score interval, 95 %"

_promoters = count_of(Measure.PROMOTERS)
_detractors = count_of(Measure.DETRACTORS)
_nps_answers = count_of(Measure.PROMOTERS, Measure.PASSIVES, Measure.DETRACTORS)
_satisfied = count_of(Measure.SATISFIED)
_csat_answers = count_of(Measure.CSAT_ANSWERS)


def _nps(sums: WindowSums) -> float | None:
    return ratio(100 * (_promoters(sums) - _detractors(sums)), _nps_answers(sums))


def _nps_bound(side: int) -> Callable[[WindowSums], float | None]:
    """A formula: the lower (-1) or upper (1) end of the interval, within -100 and 100."""

    def bound(sums: WindowSums) -> float | None:
        answers = _nps_answers(sums)
        if not answers:
            return None
        promoters, detractors = _promoters(sums) / answers, _detractors(sums) / answers
        difference = promoters - detractors
        variance = max(0.0, promoters + detractors - difference**2)
        return max(-100.0, min(100.0, 100 * (difference + side * _Z * sqrt(variance / answers))))

    return bound


def _csat_bound(side: int) -> Callable[[WindowSums], float | None]:
    """A formula: the lower (-1) or upper (1) end of Wilson's interval."""

    def bound(sums: WindowSums) -> float | None:
        answers = _csat_answers(sums)
        if not answers:
            return None
        share, square = _satisfied(sums) / answers, _Z**2
        middle = share + square / (2 * answers)
        # No survey makes it negative; sums that no log gives must not stop a picture.
        half = _Z * sqrt(max(0.0, share * (1 - share) / answers + square / (4 * answers**2)))
        return max(0.0, min(1.0, (middle + side * half) / (1 + square / answers)))

    return bound


def _entry(
    name: str, title: str, formula: Callable[[WindowSums], float | None], text: str, explanation: str, source: str
) -> Kpi:
    nps = name.startswith("nps")
    return Kpi(
        name=name,
        title=title,
        unit="points from -100 to 100" if nps else "ratio",
        kind=Kind.SCORE if nps else Kind.RATIO,
        formula=formula,
        formula_text=text,
        reads=("survey",),
        windows=_WINDOWS,
        exported=_EXPORTED,
        denominator="nps_answers" if nps else "csat_answers",
        min_volume=50,
        explanation=explanation,
        source=source,
    )


def _answers(name: str, title: str, formula: Callable[[WindowSums], int], text: str) -> Kpi:
    return Kpi(
        name=name,
        title=title,
        unit="answers",
        kind=Kind.COUNT,
        formula=formula,
        formula_text=text,
        reads=("survey",),
        windows=_WINDOWS,
        exported=_EXPORTED,
        explanation="How many people answered: the denominator, and how far the score can be trusted.",
    )


KPIS = (
    _entry(
        "nps",
        "Net promoter score",
        _nps,
        "(promoters - detractors) ÷ answers × 100",
        "By how much those who recommend (9, 10) outweigh those who do not (0 to 6).",
        _NPS_SOURCE,
    ),
    _entry(
        "nps_low",
        "Lower bound of the net promoter score",
        _nps_bound(-1),
        "NPS - 1.96 × its standard error × 100, -100 at least",
        "The lower end of the 95 % interval: the true score lies below it in one of forty cases.",
        _NPS_ERROR,
    ),
    _entry(
        "nps_high",
        "Upper bound of the net promoter score",
        _nps_bound(1),
        "NPS + 1.96 × its standard error × 100, 100 at most",
        "The upper end of the 95 % interval: the true score lies above it in one of forty cases.",
        _NPS_ERROR,
    ),
    _answers("nps_answers", "Answers about recommending", _nps_answers, "promoters + passives + detractors"),
    _entry(
        "csat",
        "Customer satisfaction",
        share_of(_satisfied, _csat_answers),
        "satisfied ÷ answers",
        "The share of the answers that are satisfied (4 or 5 of 5).",
        _CSAT_SOURCE,
    ),
    _entry(
        "csat_low",
        "Lower bound of customer satisfaction",
        _csat_bound(-1),
        "lower end of Wilson's 95 % interval of satisfied ÷ answers",
        "The true share lies below it in one of forty cases.",
        _CSAT_ERROR,
    ),
    _entry(
        "csat_high",
        "Upper bound of customer satisfaction",
        _csat_bound(1),
        "upper end of Wilson's 95 % interval of satisfied ÷ answers",
        "The true share lies above it in one of forty cases.",
        _CSAT_ERROR,
    ),
    _answers("csat_answers", "Answers about satisfaction", _csat_answers, "answers of 1 to 5"),
)
