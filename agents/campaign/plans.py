"""What the catalogue plans, worked out once an entry."""

from streams.counting.plan import Plan, plan_of
from streams.events.campaigns import Campaign


class Plans:
    """The plan of each campaign: the same object while the catalogue says the same."""

    def __init__(self) -> None:
        self._plans: dict[str, tuple[Campaign, Plan]] = {}

    def of(self, name: str, told: Campaign | None) -> Plan | None:
        """The plan that an entry makes; None where the catalogue has none."""
        if told is None:
            self._plans.pop(name, None)
            return None
        known = self._plans.get(name)
        if known is None or known[0] is not told:
            known = self._plans[name] = told, plan_of(told)
        return known[1]
