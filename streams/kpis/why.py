"""Why a KPI has no value in a window, in a sentence."""

from streams.counting.windows import WindowSums
from streams.kpis.kpi import Kpi
from streams.kpis.registry import KPI_BY_NAME


def why(kpi: Kpi, sums: WindowSums) -> str:
    """What is missing, asked of a KPI whose formula has no value for these sums: the first need that is not met, else
    what there is nothing of to divide by."""
    for need in kpi.needs:
        if missing := need(sums):
            return missing
    if not kpi.denominator:
        return "nothing of it was counted in this window"
    divisor = KPI_BY_NAME[kpi.denominator]
    value = divisor.formula(sums)
    if value is None or value == {}:
        return why(divisor, sums)
    return f"{divisor.title.lower()} is not above 0 in this window, so there is nothing to divide by"
