from __future__ import annotations

import selectors

from scheduler.logs.collection.output_watch import OutputWatch
from tests.support.output import HandWritten


def test_growth_is_heard_of_also_where_the_folder_comes_later(home: HandWritten) -> None:
    """Nothing is made by who watches; the folder of a day and the file in it are noticed when they come."""
    selector = selectors.DefaultSelector()
    watch = OutputWatch(selector)
    assert watch.works
    run = home.begin()
    collector = home.collector()
    collector.turn()
    collector.dirty.clear()
    watch.update(collector)
    collector.dirty.clear()
    folder = home.path(run).parent
    assert not folder.exists()
    assert not folder.parent.exists()
    for made in (folder.parent, folder):
        made.mkdir()
        assert selector.select(10)
        watch.update(collector)
        collector.dirty.clear()
    home.put(run, b"hello\n")
    assert selector.select(10)
    watch.update(collector)
    assert collector.dirty == {(run, 1)}
    collector.turn()
    assert home.printed(run) == ["hello"]
    home.put(run, b"more\n", "stderr")
    assert selector.select(10)
    watch.update(collector)
    assert collector.dirty == {(run, 1)}
    watch.close()
    collector.close()
    selector.close()
