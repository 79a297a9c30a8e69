"""Passwords, in the system's keyring and nowhere else: not in settings, plans, logs or the journal."""

from .errors import ToolFailed

SERVICE = "scrubjay"
"""The name under which the keyring keeps all of them."""


class SecretMissing(ToolFailed):
    """The keyring has no such password, or there is no keyring; the message says how to put it there."""


def secret(name: str) -> str:
    """The password kept under `name`, such as "me@dav.example.org". Raises SecretMissing."""
    import keyring
    from keyring.errors import KeyringError

    try:
        found = keyring.get_password(SERVICE, name)
    except KeyringError as error:
        raise SecretMissing(
            f"The system's keyring cannot be used ({error or type(error).__name__}), so there is no "
            f"password for {name}. Install one, such as GNOME Keyring or KWallet, and unlock it."
        ) from error
    if not found:
        raise SecretMissing(
            f"There is no password for {name} in the system's keyring. Put it there with: "
            f"keyring set {SERVICE} {name}"
        )
    return found


def store_secret(name: str, value: str) -> None:
    """Keep a password under `name`. Raises SecretMissing when there is no keyring to keep it in."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, name, value)
    except KeyringError as error:
        raise SecretMissing(f"The system's keyring did not take the password: {error}") from error


def account_name(user: str, host: str) -> str:
    """The name under which the password of `user` on the server `host` is kept."""
    return user if "@" in user and user.endswith(f"@{host}") else f"{user}@{host}"
