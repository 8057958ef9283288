"""The sum of a run in the words of the other parts."""


def pytest_terminal_summary(terminalreporter):
    def count(*kinds):
        return sum(len(terminalreporter.stats.get(kind, [])) for kind in kinds)

    terminalreporter.write_line(f"{count('passed')} passed, {count('failed', 'error')} failed")
