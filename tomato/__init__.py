"""The wiring of the site: settings, servers, Redis. What a timer is and what a room is, the apps know."""


class CannotStart(Exception):
    """A reason not to start, as one sentence for the operator: what is wrong, and what to do about it."""
