"""What the fork server's processes run before they are asked for anything: see `forked.rehearse`."""


class Rehearsal:
    """A job that does nothing."""

    name = "rehearsal"

    async def run(self, ctx: object) -> None:
        """Do nothing."""
