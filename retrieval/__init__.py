"""Which of many tools could serve a request."""
