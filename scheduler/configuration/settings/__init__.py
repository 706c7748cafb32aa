"""The settings of a job as people see them: their names, how their values are shown, where those come from."""
