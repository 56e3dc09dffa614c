"""The one exception type whose message is meant for a person."""


class ColorlibError(Exception):
    """Something a user can put right: the message names the thing and the remedy.

    Commands print the message without a traceback and exit with 1.
    """
