"""From a request to an answer: plan language, planner, executor, joiner, policy, session, events."""
