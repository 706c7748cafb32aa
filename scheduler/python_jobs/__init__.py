"""Jobs in Python run in a process of their own: that process, and what it and the scheduler tell each other.

- `python -I -m scheduler.python_jobs REQUEST` runs one attempt: `__main__`, `loading`, `fields`, `invocation`,
  `report`.
- `attempt_result` is the file in which it leaves what the job said, for whoever watches the process when it ends.
- `python -I -m scheduler.python_jobs.inspection` reads what the classes of one file declare: `declarations`,
  `source`.
- `fork_server` forks such processes ready-made, `forked` is what one of them does, `fork_client` asks for them on the
  scheduler's side, `fork_messages` is what these say; `process_image` is what `/proc` shows of a forked process.

Code of users is imported in the processes of attempts and of inspections, and nowhere else.
"""
