import asyncio

from scrubjay.agent.states import StateLocks, WrittenOrder


def test_readers_wait_for_the_last_writer_and_writers_for_all_readers_since() -> None:
    order = WrittenOrder()
    assert order.add(1, "notes", reads=True) == []
    assert order.add(2, "notes", reads=True) == []
    assert order.add(3, "notes", reads=False) == [1, 2]
    assert order.add(4, "notes", reads=True) == [3]
    assert order.add(5, "mail", reads=False) == []
    assert order.add(6, "notes", reads=False) == [3, 4]
    assert order.add(7, "notes", reads=False) == [6]


async def hold(locks: StateLocks, log: list[str], name: str, reads: bool, seconds: float = 0.0) -> None:
    async with locks.held("notes", reads):
        log.append(f"+{name}")
        await asyncio.sleep(seconds)
        log.append(f"-{name}")


async def test_readers_share_and_writers_do_not() -> None:
    locks, log = StateLocks(), list[str]()
    kinds = {"r1": True, "r2": True, "w1": False, "w2": False, "r3": True}
    await asyncio.gather(*(hold(locks, log, name, reads) for name, reads in kinds.items()))
    assert log == ["+r1", "+r2", "-r1", "-r2", "+w1", "-w1", "+w2", "-w2", "+r3", "-r3"]


async def test_a_waiting_writer_is_not_overtaken_by_readers() -> None:
    locks, log = StateLocks(), list[str]()
    await asyncio.gather(
        hold(locks, log, "r1", True, 0.01), hold(locks, log, "w", False), hold(locks, log, "r2", True)
    )
    assert log == ["+r1", "-r1", "+w", "-w", "+r2", "-r2"]


async def test_one_who_gives_up_waiting_lets_the_others_on() -> None:
    locks, log = StateLocks(), list[str]()
    reader = asyncio.create_task(hold(locks, log, "r1", True, 0.02))
    await asyncio.sleep(0)
    writer = asyncio.create_task(hold(locks, log, "w", False))
    await asyncio.sleep(0)
    late = asyncio.create_task(hold(locks, log, "r2", True))
    await asyncio.sleep(0)
    writer.cancel()
    await asyncio.gather(reader, late)
    assert log == ["+r1", "+r2", "-r2", "-r1"]
    await asyncio.wait_for(hold(locks, log, "w2", False), 1)


async def test_one_who_gives_up_in_the_moment_it_gets_the_lock_hands_it_on() -> None:
    locks, log = StateLocks(), list[str]()
    first = asyncio.create_task(hold(locks, log, "w1", False))
    await asyncio.sleep(0)
    second = asyncio.create_task(hold(locks, log, "w2", False))
    await asyncio.sleep(0)
    await asyncio.wait([first])
    second.cancel()
    await asyncio.wait([second])
    await asyncio.wait_for(hold(locks, log, "w3", False), 1)
