"""The lock of `scrubjay.file_lock`, for the journal and the database."""

from ..file_lock import FileLock, is_locked

__all__ = ["FileLock", "is_locked"]
